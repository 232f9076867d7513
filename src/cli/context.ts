/** What a command has besides its flags. */

import { tmpdir } from 'node:os';
import type { RuntimeEnvironment } from '../drivers/runtime-directory.js';

export interface CliContext {
	/** Arguments after the command's name. */
	readonly args: readonly string[];
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
}

/** Where daemons of this user keep their files. */
export function runtimeEnvironment(env: NodeJS.ProcessEnv): RuntimeEnvironment {
	return { uid: process.getuid?.() ?? 0, xdgRuntimeDirectory: env.XDG_RUNTIME_DIR, temporary: tmpdir() };
}
