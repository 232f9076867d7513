/** Starts a command as an application, with fixtures/app-run.mjs: the compiled classes, without mounts. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixture } from './fixture-process.js';
import { DIST, type ExitStatus, type LogLine } from './mount-process.js';
import { temporaryDirectory } from './temporary.js';
import { until, WAIT_MS, within } from './until.js';

export interface AppOptions {
	readonly env?: Readonly<Record<string, string>>;
	readonly cwd?: string;
	readonly credentials?: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] };
	readonly stdin?: 'inherit' | 'ignore';
	/** Unit: milliseconds. */
	readonly graceMs?: number;
	/** SIGUSR2 restarts it. */
	readonly restart?: boolean;
	/** The command is `unshare -m …`; at its end, all processes in that mount namespace are killed. */
	readonly members?: boolean;
	/** Do not restore the terminal's settings at the end. */
	readonly keepTerminal?: boolean;
	/** Length of an additional environment variable. Unit: bytes. */
	readonly padding?: number;
	/** A file for its log. */
	readonly log?: string;
}

const running = new Set<ChildProcess>();

/** The arguments that start `command` as an application. */
export function runWords(command: readonly string[], options: AppOptions = {}): readonly string[] {
	return [process.execPath, fixture('app-run.mjs'), DIST, JSON.stringify(options), ...command];
}

/** The same as a command line for a shell. */
export function runLine(command: readonly string[], options: AppOptions = {}): string {
	return runWords(command, options)
		.map((word) => `'${word.replaceAll("'", "'\\''")}'`)
		.join(' ');
}

export class AppRun {
	readonly #child: ChildProcess;
	readonly #log = join(temporaryDirectory('log', 0o777), 'log');
	readonly ended: Promise<ExitStatus>;
	#output = '';

	constructor(command: readonly string[], options: AppOptions = {}) {
		const [file = '', ...args] = runWords(command, { ...options, log: this.#log });
		// In a new session, so that it has no access to the terminal of the test run.
		this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
		running.add(this.#child);
		for (const stream of [this.#child.stdout, this.#child.stderr]) {
			stream?.on('data', (chunk: Buffer) => {
				this.#output += chunk.toString();
			});
		}
		this.#child.stdin?.on('error', () => {});
		this.ended = new Promise((resolve) => {
			this.#child.on('exit', (code, signal) => {
				running.delete(this.#child);
				resolve({ code, signal });
			});
		});
	}

	/** Process id of the program that runs the application. */
	get pid(): number {
		return this.#child.pid ?? 0;
	}

	/** Output of the program and of the application. */
	get output(): string {
		return this.#output;
	}

	get log(): readonly LogLine[] {
		return existsSync(this.#log) ? linesOf(this.#log).map((line) => JSON.parse(line) as LogLine) : [];
	}

	/** Process id of the application at its `number`th start. */
	async started(number = 1): Promise<number> {
		return await until(
			() => this.log.filter(({ msg }) => msg === 'started')[number - 1]?.pid as number | undefined,
			() => `start ${number} of the application: ${this.#output}`,
		);
	}

	kill(signal: NodeJS.Signals): void {
		process.kill(this.pid, signal);
	}

	async end(ms = WAIT_MS): Promise<ExitStatus> {
		return await within(ms, 'the end of the application', this.ended);
	}
}

export function linesOf(path: string): readonly string[] {
	return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
}

/** Call it in afterEach. */
export function stopApps(): void {
	for (const child of running) child.kill('SIGKILL');
	running.clear();
}
