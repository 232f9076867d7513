/**
 * A volume on one driver, without sources and flags: the test writes each payload and waits until the volume has changed.
 * The parent's side of volume-child.mjs.
 */

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { DriverCase } from './drivers.js';
import { DIST } from './mount-process.js';
import type { OraclePayload } from './oracle.js';
import { detachBelow } from './temporary.js';
import { WAIT_MS, within } from './until.js';

const SCRIPT = fileURLToPath(new URL('./volume-child.mjs', import.meta.url));
const started = new Set<VolumeChild>();

export class VolumeChild {
	readonly directory: string;
	readonly #child;
	readonly #answers: ((line: string) => void)[] = [];
	#errors = '';
	#servers: readonly number[] = [];

	private constructor(directory: string, config: object) {
		this.directory = directory;
		this.#child = spawn(process.execPath, [SCRIPT, JSON.stringify({ ...config, directory, dist: DIST })], {
			stdio: ['pipe', 'pipe', 'pipe'],
		});
		this.#child.stdin.on('error', () => {});
		this.#child.stderr.on('data', (chunk: Buffer) => {
			this.#errors += chunk.toString();
		});
		createInterface({ input: this.#child.stdout }).on('line', (line) => this.#answers.shift()?.(line));
		this.#child.on('exit', () => {
			for (const answer of this.#answers.splice(0)) answer(JSON.stringify({ error: `it ended:\n${this.#errors}` }));
		});
	}

	static async start(
		driver: DriverCase,
		options: { readonly snapshotGraceMs?: number; readonly history?: number } = {},
	): Promise<VolumeChild> {
		const child = new VolumeChild(driver.directory(), { driver: driver.name, ...options });
		started.add(child);
		await child.#next('start', WAIT_MS);
		child.#servers = childrenOf(child.#child.pid ?? 0);
		return child;
	}

	get pid(): number {
		return this.#child.pid ?? 0;
	}

	/** The standard error of the process. */
	get stderr(): string {
		return this.#errors;
	}

	async write(payload: OraclePayload): Promise<void> {
		const files = Object.fromEntries(
			Object.entries(payload).map(([path, { bytes, mode }]) => [path, { base64: bytes.toString('base64'), mode }]),
		);
		await this.#request({ do: 'write', files });
	}

	/** Writes up to `count` numbered generations, for at most `forMs`. Returns the number of generations. */
	async flip(
		count: number,
		options: { readonly keys: number; readonly everyMs: number; readonly forMs?: number },
	): Promise<number> {
		const answer = await this.#request({ do: 'flip', count, ...options });
		return (answer as { count: number }).count;
	}

	async upcalls(): Promise<Readonly<Record<string, number>>> {
		return (await this.#request({ do: 'upcalls' })) as Record<string, number>;
	}

	async stop(): Promise<void> {
		if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
		const ended = new Promise<void>((resolve) => this.#child.on('exit', () => resolve()));
		this.#child.stdin.end();
		try {
			await within(WAIT_MS, 'the end of the volume process', ended);
		} catch {
			this.#child.kill('SIGKILL');
			for (const pid of this.#servers) {
				try {
					process.kill(pid, 'SIGKILL');
				} catch {
					// The server has ended with its daemon.
				}
			}
			detachBelow(this.directory);
		}
	}

	async #request(command: object, ms = WAIT_MS): Promise<unknown> {
		const answer = this.#next(JSON.stringify(command).slice(0, 200), ms);
		this.#child.stdin.write(`${JSON.stringify(command)}\n`);
		return await answer;
	}

	async #next(what: string, ms: number): Promise<unknown> {
		const line = await within(ms, what, new Promise<string>((resolve) => this.#answers.push(resolve)));
		const { answer, error } = JSON.parse(line) as { answer?: unknown; error?: string };
		if (error !== undefined) throw new Error(`${what}: ${error}`);
		return answer;
	}
}

/** Call it in afterEach, before `removeTemporaries`. */
export async function stopVolumes(): Promise<void> {
	const all = [...started];
	started.clear();
	await Promise.all(all.map((child) => child.stop()));
}

function childrenOf(pid: number): readonly number[] {
	try {
		return readdirSync(`/proc/${pid}/task`)
			.flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' '))
			.filter((child) => child !== '')
			.map(Number);
	} catch {
		return [];
	}
}
