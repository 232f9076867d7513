/** The surroundings of a command. */

import { tmpdir } from 'node:os';
import type { RuntimeEnvironment } from '../mounts/runtime-directory.js';
import { rangeOf, readIdMap } from '../native/id-map.js';

export interface CliContext {
	/** Arguments after the command's name. */
	readonly args: readonly string[];
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
}

/** Environment of the runtime directories of this user's daemons. */
export function runtimeEnvironment(env: NodeJS.ProcessEnv): RuntimeEnvironment {
	return { uid: uidOutside(), xdgRuntimeDirectory: env.XDG_RUNTIME_DIR, temporary: tmpdir() };
}

/** The uid outside of the user namespace: root in its own user namespace is another user outside. */
function uidOutside(): number {
	const own = process.getuid?.() ?? 0;
	const range = rangeOf(own, readIdMap('uid'));
	return range === undefined ? own : range.outside + own - range.inside;
}
