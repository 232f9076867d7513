/** The surroundings of a command. */

import { tmpdir } from 'node:os';
import type { Logger } from '../base/log.js';
import type { InputEnvironment } from '../inputs/input-environment.js';
import type { RuntimeEnvironment } from '../mounts/runtime-directory.js';
import { rangeOf, readIdMap } from '../native/id-map.js';

export interface CliContext {
	/** Arguments after the command's name. */
	readonly args: readonly string[];
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
}

/** What the sources of a command need of its process. */
export function inputEnvironment({ cwd, env }: CliContext, log: Logger): InputEnvironment {
	return { cwd, env, stdin: () => process.stdin, log };
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
