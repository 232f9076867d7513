/**
 * `--background`: starts the same command again in a session of its own and returns when its mount answers, or says
 * why it does not.
 *
 * The child's standard error goes through this process, so that whoever waits for the end of our output does not wait
 * for the daemon.
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

/** Tells the child what it is; its value says whether its log is for a person. */
const VARIABLE = 'CONFIGMAPFS_BACKGROUND';

export type BackgroundRole = { readonly readyFd: number; readonly isTerminal: boolean };

/** What this process is when another one waits for its mount; undefined otherwise. Its children do not inherit it. */
export function takeBackgroundRole(env: NodeJS.ProcessEnv): BackgroundRole | undefined {
	const value = env[VARIABLE];
	if (value === undefined) return undefined;
	delete env[VARIABLE];
	return { readyFd: READY_FD, isTerminal: value === 'terminal' };
}

export interface BackgroundOptions {
	/** Arguments of `mount`, `--background` among them. */
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

/** Returns the exit status: 0 when the mount answers, else the child's. Errors: INTERNAL when there is no child. */
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
	// In a session of its own it hears nothing of the terminal's Ctrl-C.
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
			reject(new ConfigMapFsError('INTERNAL', `Cannot start a background process: ${errorText(error)}`));
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
