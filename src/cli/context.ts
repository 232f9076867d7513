/** What a command has besides its flags. */

import { tmpdir } from 'node:os';
import type { RuntimeEnvironment } from '../mounts/runtime-directory.js';
import { rangeOf, readIdMap } from '../native/id-map.js';

export interface CliContext {
	/** Arguments after the command's name. */
	readonly args: readonly string[];
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
}

/** Where daemons of this user keep their files. */
export function runtimeEnvironment(env: NodeJS.ProcessEnv): RuntimeEnvironment {
	return { uid: uidOutside(), xdgRuntimeDirectory: env.XDG_RUNTIME_DIR, temporary: tmpdir() };
}

/** The user as the machine knows him: whoever is root in a user namespace of his own has another number outside. */
function uidOutside(): number {
	const own = process.getuid?.() ?? 0;
	const range = rangeOf(own, readIdMap('uid'));
	return range === undefined ? own : range.outside + own - range.inside;
}
