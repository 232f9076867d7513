/**
 * `--background`: starts the same command again in a session of its own, and returns once its mount is ready or has
 * failed.
 *
 * The standard error of the child is copied by this process. A process that reads our output to its end then does not
 * wait for the daemon.
 */

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { ConfigMapFsError, EXIT_STATUS, errorText } from '../../base/errors.js';
import { setInheritable } from '../../native/libc.js';
import { SafeOutput } from '../../native/safe-output.js';
import { announceReady } from './readiness.js';

const MAIN = fileURLToPath(new URL('../../main.js', import.meta.url));
const READY_FD = 3;

/** Marks the environment of the child. The value is `terminal` if standard error is a terminal, else `pipe`. */
const VARIABLE = 'CONFIGMAPFS_BACKGROUND';

export type BackgroundRole = { readonly readyFd: number; readonly isTerminal: boolean };

/** The role of a background process; undefined in the foreground. Removes the mark, so that children do not inherit it. */
export function takeBackgroundRole(env: NodeJS.ProcessEnv): BackgroundRole | undefined {
	const value = env[VARIABLE];
	if (value === undefined) return undefined;
	delete env[VARIABLE];
	return { readyFd: READY_FD, isTerminal: value === 'terminal' };
}

export interface BackgroundOptions {
	/** Arguments of `mount`, including `--background`. */
	readonly args: readonly string[];
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
	/** Whether a source is standard input. */
	readonly readsStdin: boolean;
	/** Sources that are open descriptors of this process (`/dev/fd/63`). */
	readonly inherited: readonly number[];
	/** `--ready-fd` of this process. */
	readonly readyFd: number | undefined;
}

/** Returns 0 once the mount is ready, else the exit status of the child. Errors: INTERNAL if it cannot be started. */
export async function startInBackground(options: BackgroundOptions): Promise<number> {
	const output = new SafeOutput(2);
	for (const fd of options.inherited) setInheritable(fd, true);
	const child = spawn(process.execPath, ['--no-warnings', MAIN, 'mount', ...options.args], {
		cwd: options.cwd,
		detached: true,
		env: { ...options.env, [VARIABLE]: isatty(2) ? 'terminal' : 'pipe' },
		stdio: [options.readsStdin ? 'inherit' : 'ignore', 'ignore', 'pipe', 'pipe'],
	});
	const errors = child.stderr;
	const ready = child.stdio[READY_FD] as Readable;
	errors?.on('data', (chunk: Buffer) => output.write(chunk.toString()));
	// The child has a session of its own, so the terminal's Ctrl-C does not reach it.
	let signalled: NodeJS.Signals | undefined;
	const onSignal = (signal: NodeJS.Signals) => {
		signalled = signal;
		child.kill(signal);
	};
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
	return await new Promise<number>((resolve, reject) => {
		ready.once('data', () => {
			announceReady({ readyFd: options.readyFd, notifySocket: undefined });
			errors?.destroy();
			ready.destroy();
			child.unref();
			resolve(0);
		});
		child.once('error', (error) => {
			reject(new ConfigMapFsError('INTERNAL', `cannot start a background process: ${errorText(error)}`));
		});
		child.once('close', (status, signal) => {
			const ending = signal ?? signalled;
			if (ending !== undefined) resolve(128 + constants.signals[ending]);
			else resolve(status === null || status === 0 ? EXIT_STATUS.DRIVER_DIED : status);
		});
	}).finally(() => {
		for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.removeListener(signal, onSignal);
	});
}
