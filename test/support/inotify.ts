/** Watches in a separate process, fixtures/inotify.py: their events in order, without those that readers cause. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SNAPSHOT_NAME } from './tree-snapshot.js';
import { until, WAIT_MS, within } from './until.js';

const SCRIPT = fileURLToPath(new URL('../fixtures/inotify.py', import.meta.url));
export const PYTHON = '/usr/bin/python3';
export const WITHOUT_PYTHON = existsSync(PYTHON) ? undefined : 'needs the package python3';

export interface Watch {
	readonly path: string;
	/** Whether to follow a link at the end of the path. Default: true. */
	readonly follow?: boolean;
}

interface Event {
	readonly watch: number;
	readonly name: string;
	readonly flags: readonly string[];
	readonly cookie: number;
}

/** Events that reads cause, including those of the writer. */
const READING = ['OPEN', 'ACCESS', 'CLOSE_NOWRITE'];
const running = new Set<ChildProcess>();

function isReading({ flags }: Event): boolean {
	return flags.some((flag) => READING.includes(flag));
}

function textsOf(events: readonly Event[], known: readonly string[]): readonly string[] {
	const generations = [...known];
	return events.map(({ name, flags }) => {
		const text = flags.filter((flag) => flag !== 'ISDIR').join(',');
		if (!SNAPSHOT_NAME.test(name)) return `${name} ${text}`.trim();
		if (!generations.includes(name)) generations.push(name);
		return `<${generations.indexOf(name) + 1}> ${text}`;
	});
}

/** The command line of inotify.py. */
export function inotifyCommand(watches: readonly Watch[]): readonly string[] {
	return [PYTHON, SCRIPT, JSON.stringify(watches.map(({ path, follow }) => ({ path, follow: follow ?? true })))];
}

/** The same texts as `Inotify.events`, from the output of another inotify.py with one watch. */
export function printedEvents(output: string, known: readonly string[] = []): readonly string[] {
	const messages = output
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => JSON.parse(line) as Event | { ready: true });
	return textsOf(
		messages.filter((message): message is Event => !('ready' in message)).filter((event) => !isReading(event)),
		known,
	);
}

export class Inotify {
	readonly #child: ChildProcess;
	readonly #events: Event[] = [];
	readonly #closed: Promise<void>;
	#ready = false;
	#errors = '';

	private constructor(watches: readonly Watch[]) {
		const [file = '', ...args] = inotifyCommand(watches);
		this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
		running.add(this.#child);
		this.#child.stderr?.on('data', (chunk: Buffer) => {
			this.#errors += chunk.toString();
		});
		if (this.#child.stdout === null) throw new Error('a child with pipes');
		createInterface({ input: this.#child.stdout }).on('line', (line) => {
			const message = JSON.parse(line) as Event | { ready: true };
			if ('ready' in message) this.#ready = true;
			else if (!isReading(message)) this.#events.push(message);
		});
		this.#closed = new Promise((resolve) => this.#child.on('close', () => resolve()));
	}

	/** Resolves once all watches are set. */
	static async start(watches: readonly Watch[]): Promise<Inotify> {
		const inotify = new Inotify(watches);
		await until(
			() => inotify.#ready || (inotify.#errors !== '' && inotify.#child.exitCode !== null),
			() => `watches\n${inotify.#errors}`,
		);
		if (!inotify.#ready) throw new Error(inotify.#errors);
		return inotify;
	}

	/**
	 * The events of one watch so far, such as "..data_tmp CREATE". Names of snapshot directories are replaced by numbers in
	 * the order of their first appearance; those in `known` come first.
	 */
	events(watch = 0, known: readonly string[] = []): readonly string[] {
		return textsOf(
			this.#events.filter((event) => event.watch === watch),
			known,
		);
	}

	/** The cookies of renames, in order. */
	cookies(watch = 0): readonly number[] {
		return this.#events.filter((event) => event.watch === watch && event.cookie !== 0).map(({ cookie }) => cookie);
	}

	async waitFor(fits: () => boolean, what: string): Promise<void> {
		await until(fits, () => `${what}; received:\n${this.#events.map((event) => JSON.stringify(event)).join('\n')}`);
	}

	/** Ends the watcher. All queued events have been received when this resolves. */
	async stop(): Promise<void> {
		this.#child.stdin?.end();
		await within(WAIT_MS, 'the end of the watcher', this.#closed);
		running.delete(this.#child);
	}
}

/** Call it in afterEach. */
export function stopWatchers(): void {
	for (const child of running) child.kill('SIGKILL');
	running.clear();
}
