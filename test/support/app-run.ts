/** A command started as an application, by fixtures/app-run.mjs, with the compiled classes and no mounts. */

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
	/** The command is `unshare -m …`: what is left in that namespace is ended with it. */
	readonly members?: boolean;
	/** What the application did to the terminal stays. */
	readonly keepTerminal?: boolean;
	/** Length of a variable that is added to the environment. Unit: bytes. */
	readonly padding?: number;
	/** A file for its log. */
	readonly log?: string;
}

const running = new Set<ChildProcess>();

/** The words that start `command` as an application, for a shell or for spawn. */
export function runWords(command: readonly string[], options: AppOptions = {}): readonly string[] {
	return [process.execPath, fixture('app-run.mjs'), DIST, JSON.stringify(options), ...command];
}

/** The same as a line for a shell. */
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
		// In a session of its own, so that no terminal of who runs the tests has a part in it.
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

	/** Of the program that runs the application. */
	get pid(): number {
		return this.#child.pid ?? 0;
	}

	/** What both of them wrote. */
	get output(): string {
		return this.#output;
	}

	get log(): readonly LogLine[] {
		return existsSync(this.#log) ? linesOf(this.#log).map((line) => JSON.parse(line) as LogLine) : [];
	}

	/** Process id of the application, the `number`th that was started. */
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

/** Belongs into afterEach. */
export function stopApps(): void {
	for (const child of running) child.kill('SIGKILL');
	running.clear();
}
