/** A program, such as one of test/fixtures, that a test talks to in lines of text. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { WAIT_MS, within } from './until.js';

const running = new Set<ChildProcess>();

export function fixture(name: string): string {
	return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}

export class FixtureProcess {
	readonly #child: ChildProcess;
	readonly #lines: string[] = [];
	#wake: () => void = () => {};
	#ended = false;
	#errors = '';

	constructor(command: readonly string[], env: Readonly<Record<string, string>> = {}) {
		this.#child = spawn(command[0] ?? '', command.slice(1), {
			stdio: ['pipe', 'pipe', 'pipe'],
			env: { ...process.env, ...env },
		});
		running.add(this.#child);
		this.#child.stdin?.on('error', () => {});
		this.#child.stderr?.on('data', (chunk: Buffer) => {
			this.#errors += chunk.toString();
		});
		if (this.#child.stdout === null) throw new Error('a child with pipes');
		createInterface({ input: this.#child.stdout }).on('line', (line) => {
			this.#lines.push(line);
			this.#wake();
		});
		const end = () => {
			this.#ended = true;
			running.delete(this.#child);
			this.#wake();
		};
		this.#child.on('close', end);
		this.#child.on('error', end);
	}

	/** The lines that `line` has not returned yet. */
	get pending(): readonly string[] {
		return this.#lines;
	}

	/** Removes and returns all pending lines. */
	takeAll(): readonly string[] {
		return this.#lines.splice(0);
	}

	/** Waits for the next line. Errors: at the deadline, or if the program ends without one; with its standard error. */
	async line(ms = WAIT_MS): Promise<string> {
		const wait = async () => {
			while (this.#lines.length === 0 && !this.#ended) {
				await new Promise<void>((resolve) => {
					this.#wake = resolve;
				});
			}
			const line = this.#lines.shift();
			if (line === undefined) throw new Error(`it ended: ${this.#errors}`);
			return line;
		};
		try {
			return await within(ms, 'a line', wait());
		} catch (error) {
			throw new Error(`${this.#child.spawnargs.join(' ')}: ${error}\n${this.#errors}`);
		}
	}

	/** The next line, as JSON. */
	async json(ms?: number): Promise<unknown> {
		return JSON.parse(await this.line(ms));
	}

	send(line: string): void {
		this.#child.stdin?.write(`${line}\n`);
	}

	get hasEnded(): boolean {
		return this.#ended;
	}

	kill(signal: NodeJS.Signals): void {
		this.#child.kill(signal);
	}

	/** Closes its standard input, which ends every program of test/fixtures. */
	finish(): void {
		this.#child.stdin?.end();
	}
}

/** Call it in afterEach, before the mounts are removed. */
export function stopFixtures(): void {
	for (const child of running) child.kill('SIGKILL');
	running.clear();
}
