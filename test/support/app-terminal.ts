/** A person at a terminal, by fixtures/app-terminal.py: types, and waits for what is shown. */

import { FixtureProcess, fixture } from './fixture-process.js';
import { PYTHON } from './inotify.js';
import { until } from './until.js';

export class Terminal {
	readonly #process: FixtureProcess;
	#shown = '';
	/** Where the search for what is shown next begins. */
	#seen = 0;

	/** Resolves when the shell waits for a command. `prefix` are words that start the terminal somewhere else. */
	static async open(prefix: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Terminal> {
		const terminal = new Terminal(prefix, env);
		await terminal.waitFor(/\$ $/);
		return terminal;
	}

	private constructor(prefix: readonly string[], env: Readonly<Record<string, string>>) {
		this.#process = new FixtureProcess([...prefix, PYTHON, fixture('app-terminal.py')], env);
	}

	/** What was shown so far, in one. */
	get shown(): string {
		for (const line of this.#process.takeAll()) this.#shown += JSON.parse(line) as string;
		return this.#shown;
	}

	/** Typed as it is; "\x03" is Ctrl-C, "\x1a" Ctrl-Z, "\x1c" Ctrl-\. */
	type(text: string): void {
		this.#process.tell(JSON.stringify({ type: 'text', text }));
	}

	resize(rows: number): void {
		this.#process.tell(JSON.stringify({ type: 'size', rows }));
	}

	/** Waits for something that was not waited for before, and returns it with its groups. */
	async waitFor(pattern: RegExp): Promise<RegExpExecArray> {
		const found = await until(
			() => pattern.exec(this.shown.slice(this.#seen)) ?? undefined,
			() => `${pattern} on the terminal after ${JSON.stringify(this.#shown.slice(this.#seen))}`,
		);
		this.#seen += found.index + found[0].length;
		return found;
	}

	/** Types a command line and waits for what it shows first. */
	async enter(line: string, pattern: RegExp): Promise<RegExpExecArray> {
		this.type(`${line}\n`);
		return await this.waitFor(pattern);
	}

	/** Ends the session, as the window's close button does. */
	close(): void {
		this.#process.finish();
	}
}
