/**
 * `--background`: starts the same command again in a session of its own and returns when its mount answers, or says
 * why it does not.
 */

import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));
const READY_FD = 3;

/** Returns the exit status: 0 when the mount answers, else the child's. */
export async function startInBackground(context: {
	readonly args: readonly string[];
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
}): Promise<number> {
	const args = context.args.filter((arg) => arg !== '-b' && arg !== '--background' && arg !== '--background=true');
	const child = spawn(process.execPath, ['--no-warnings', MAIN, 'mount', ...args, `--ready-fd=${READY_FD}`], {
		cwd: context.cwd,
		detached: true,
		env: { ...context.env, CONFIGMAPFS_BACKGROUND: '1' },
		stdio: ['inherit', 'ignore', 'pipe', 'pipe'],
	});
	child.stderr?.pipe(process.stderr, { end: false });
	const ready = child.stdio[READY_FD] as Readable;
	return await new Promise<number>((resolve) => {
		ready.once('data', () => {
			child.stderr?.destroy();
			ready.destroy();
			child.unref();
			resolve(0);
		});
		child.once('exit', (status) => resolve(status ?? 70));
	});
}
