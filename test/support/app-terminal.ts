/** A shell on a pseudo terminal, with fixtures/app-terminal.py: a test types text and waits for output. */

import { FixtureProcess, fixture } from './fixture-process.js';
import { PYTHON } from './inotify.js';
import { until } from './until.js';

export class Terminal {
	readonly #process: FixtureProcess;
	#shown = '';
	/** The offset in the output after the last match of `waitFor`. */
	#seen = 0;

	/** Resolves once the shell waits for a command. `prefix` precedes the command that starts the terminal. */
	static async open(prefix: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Terminal> {
		const terminal = new Terminal(prefix, env);
		await terminal.waitFor(/\$ $/);
		return terminal;
	}

	private constructor(prefix: readonly string[], env: Readonly<Record<string, string>>) {
		this.#process = new FixtureProcess([...prefix, PYTHON, fixture('app-terminal.py')], env);
	}

	/** The complete output so far. */
	get shown(): string {
		for (const line of this.#process.takeAll()) this.#shown += JSON.parse(line) as string;
		return this.#shown;
	}

	/** Types the text unchanged; "\x03" is Ctrl-C, "\x1a" Ctrl-Z, "\x1c" Ctrl-\. */
	type(text: string): void {
		this.#process.send(JSON.stringify({ type: 'text', text }));
	}

	resize(rows: number): void {
		this.#process.send(JSON.stringify({ type: 'size', rows }));
	}

	/** Waits for a match in the output after the previous match, and returns it. */
	async waitFor(pattern: RegExp): Promise<RegExpExecArray> {
		const found = await until(
			() => pattern.exec(this.shown.slice(this.#seen)) ?? undefined,
			() => `${pattern} on the terminal after ${JSON.stringify(this.#shown.slice(this.#seen))}`,
		);
		this.#seen += found.index + found[0].length;
		return found;
	}

	/** Types a command line and waits for a match in its output. */
	async enter(line: string, pattern: RegExp): Promise<RegExpExecArray> {
		this.type(`${line}\n`);
		return await this.waitFor(pattern);
	}

	/** Hangs up the terminal, like the close button of a terminal window. */
	close(): void {
		this.#process.finish();
	}
}
