/**
 * `configmapfs run` as a child process on a machine of the test's own: what its application and the program itself
 * write, signals, an edited manifest, and the end.
 *
 *     const run = startRun(machine, ROOT_WAY, new ManifestFile(map, pod), { command: ['env'] });
 *     await run.waitForOutput('KEY=value');
 *     expect(await run.stop()).toEqual({ code: 143, signal: null });
 *
 * Call `stopRuns` in afterEach or afterAll; it kills only processes that this file started.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { demotion, type Machine } from './machine.js';
import { DIST, type ExitStatus, type LogLine, type RunResult, runCommand } from './mount-process.js';
import type { NamespaceWay } from './namespace-child.js';
import type { ManifestFile } from './pod-manifest.js';
import { until, WAIT_MS, within } from './until.js';

const PROGRAM = join(DIST, 'main.js');

export interface RunOptions {
	/** Flags, and the workload, before `--`. */
	readonly args?: readonly string[];
	/** After `--`; without it the container's own command runs. */
	readonly command?: readonly string[];
	readonly env?: Readonly<Record<string, string>>;
	/** Default: the root directory. */
	readonly cwd?: string;
	/** Give it a pipe as standard input; else it has none. */
	readonly stdin?: boolean;
}

const running = new Set<RunProcess>();

export class RunProcess {
	readonly child: ChildProcess;
	readonly manifest: ManifestFile;
	/** Resolves when it has ended and everything that it wrote was read. */
	readonly ended: Promise<ExitStatus>;
	readonly #machine: Machine;
	readonly #way: NamespaceWay;
	#stdout = '';
	#stderr = '';

	constructor(machine: Machine, way: NamespaceWay, manifest: ManifestFile, child: ChildProcess) {
		this.#machine = machine;
		this.#way = way;
		this.manifest = manifest;
		this.child = child;
		running.add(this);
		child.stdin?.on('error', () => {});
		child.stdout?.setEncoding('utf8').on('data', (text: string) => {
			this.#stdout += text;
		});
		child.stderr?.setEncoding('utf8').on('data', (text: string) => {
			this.#stderr += text;
		});
		this.ended = new Promise((resolve, reject) => {
			child.on('error', reject);
			child.on('close', (code, signal) => resolve({ code, signal }));
		});
	}

	get pid(): number {
		return this.child.pid ?? 0;
	}

	/** The standard output of the application, including its restarts. */
	get stdout(): string {
		return this.#stdout;
	}

	/** The standard error of the program and of the application. */
	get stderr(): string {
		return this.#stderr;
	}

	get stdin(): Writable {
		if (this.child.stdin === null) throw new Error('started without { stdin: true }');
		return this.child.stdin;
	}

	/** The log so far, without lines of the application. */
	get log(): readonly LogLine[] {
		return logOf(this.#stderr);
	}

	/** Waits until the application has written this text. */
	async waitForOutput(wanted: string | RegExp, ms = WAIT_MS): Promise<string> {
		const isThere = () => (typeof wanted === 'string' ? this.#stdout.includes(wanted) : wanted.test(this.#stdout));
		await until(
			() => isThere() || this.#checkRunning(wanted),
			() => `${wanted} in the output; ${this.#output()}`,
			ms,
		);
		return this.#stdout;
	}

	/** Waits for the first line of the log that contains this text. */
	async waitForLog(wanted: string | RegExp, ms = WAIT_MS): Promise<LogLine> {
		const fits = ({ msg = '' }: LogLine) => (typeof wanted === 'string' ? msg.includes(wanted) : wanted.test(msg));
		return await until(
			() => this.log.find(fits) ?? this.#checkRunning(wanted),
			() => `${wanted} in the log; ${this.#output()}`,
			ms,
		);
	}

	/** Waits for the main process of the application: the child in another mount namespace. */
	async application(): Promise<number> {
		return await until(
			() => applicationOf(this.pid) ?? this.#checkRunning('application'),
			() => `an application; ${this.#output()}`,
			WAIT_MS,
		);
	}

	/** Runs a program to its end in the application's namespaces, as `kubectl exec` does. */
	async exec(...command: readonly string[]): Promise<RunResult> {
		const enter = ['nsenter', '-t', String(await this.application()), '-m'];
		const { user } = this.#way;
		// Only its owner may enter a user namespace.
		const prefix =
			user === undefined && process.getuid?.() === 0
				? [...enter, '--']
				: [
						...(user === undefined ? [] : ['setpriv', ...demotion(user), '--']),
						...enter,
						'-U',
						'--preserve-credentials',
						'--',
					];
		const [file = '', ...args] = [...prefix, ...command];
		return await runCommand(file, args, { cwd: '/' });
	}

	signal(signal: NodeJS.Signals): void {
		this.child.kill(signal);
	}

	/** Waits for the end. Errors: with what it wrote, at the deadline. */
	async end(ms = WAIT_MS): Promise<RunResult> {
		try {
			const status = await within(ms, 'the end of a run', this.ended);
			running.delete(this);
			return { ...status, stdout: this.#stdout, stderr: this.#stderr };
		} catch (error) {
			throw new Error(`${error}; ${this.#output()}`);
		}
	}

	/** Sends the signal and waits for the end. */
	async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ExitStatus> {
		this.signal(signal);
		const { code, signal: by } = await this.end();
		return { code, signal: by };
	}

	/** Kills the program and all of its descendants with SIGKILL. */
	kill(): void {
		running.delete(this);
		if (this.child.exitCode !== null || this.child.signalCode !== null) return;
		for (const pid of [this.pid, ...descendantsOf(this.pid)]) killOne(pid);
	}

	/** The files that it left on the machine. */
	get left(): readonly string[] {
		return this.#machine.left();
	}

	#checkRunning(wanted: string | RegExp): undefined {
		const { exitCode, signalCode } = this.child;
		if (exitCode === null && signalCode === null) return undefined;
		throw new Error(`it ended with ${exitCode ?? signalCode} before ${wanted}; ${this.#output()}`);
	}

	#output(): string {
		return `it wrote:\n${this.#stdout}\nand on standard error:\n${this.#stderr}`;
	}
}

/** Starts it without waiting for anything. */
export function startRun(
	machine: Machine,
	way: NamespaceWay,
	manifest: ManifestFile,
	options: RunOptions = {},
): RunProcess {
	const { args = [], command, env, cwd = '/', stdin = false } = options;
	const words = [
		'run',
		'--log-format',
		'json',
		'-f',
		manifest.path,
		...args,
		...(command === undefined ? [] : ['--', ...command]),
	];
	// Entering a mount namespace leads to its root directory.
	const [file = '', ...rest] = [...machine.prefix(way.user), 'env', '-C', cwd, process.execPath, PROGRAM, ...words];
	const child = spawn(file, rest, {
		stdio: [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
		env: { ...process.env, HOME: '/', XDG_RUNTIME_DIR: machine.runtime, ...env },
	});
	return new RunProcess(machine, way, manifest, child);
}

/** The lines of a log that are JSON. */
export function logOf(stderr: string): readonly LogLine[] {
	return stderr.split('\n').flatMap((line) => {
		try {
			return line.startsWith('{') ? [JSON.parse(line) as LogLine] : [];
		} catch {
			return [];
		}
	});
}

/** Kills what still runs. */
export function stopRuns(): void {
	for (const run of running) run.kill();
}

function applicationOf(pid: number): number | undefined {
	const own = mountNamespace(pid);
	return childrenOf(pid).find((child) => {
		const namespace = mountNamespace(child);
		return namespace !== undefined && own !== undefined && namespace !== own && isExecuted(child);
	});
}

/** Between fork and exec a child is still the program, and then setpriv. */
function isExecuted(pid: number): boolean {
	try {
		return !/^[^\0]*(?:\/node|setpriv)\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
	} catch {
		return false;
	}
}

function mountNamespace(pid: number): string | undefined {
	try {
		return readlinkSync(`/proc/${pid}/ns/mnt`);
	} catch {
		return undefined;
	}
}

function childrenOf(pid: number): readonly number[] {
	try {
		return readdirSync(`/proc/${pid}/task`)
			.flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '))
			.filter((child) => child !== '')
			.map(Number);
	} catch {
		return [];
	}
}

function descendantsOf(pid: number): readonly number[] {
	return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

function killOne(pid: number): void {
	try {
		if (pid > 1) process.kill(pid, 'SIGKILL');
	} catch {
		// It has ended already.
	}
}
