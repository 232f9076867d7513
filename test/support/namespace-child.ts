/**
 * The namespaces of `run` without the program: a test defines mounts and inspects them as an application does. The
 * parent's side of namespace-child.mjs.
 *
 * As root, the process starts in a mount namespace that simulates the machine. Its mounts are shared, as under systemd, so
 * that a leaked mount is visible there; mounts that other programs make in the meantime are not.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { killProcess } from '../../src/native/proc.js';
import { escaped, FORGET_VOLUMES, linesWithoutOthers } from './mount-lines.js';
import { canUnshare, DIST, type User, unprivilegedUser } from './mount-process.js';
import { temporaryDirectory, tmpfsDirectory } from './temporary.js';
import { until, WAIT_MS, within } from './until.js';

const SCRIPT = fileURLToPath(new URL('./namespace-child.mjs', import.meta.url));
const isRoot = process.getuid?.() === 0;
const ordinary = unprivilegedUser();
const started = new Set<NamespaceChild>();

/** The user who creates the namespaces. */
export interface NamespaceWay {
	readonly name: string;
	/** The reason why it cannot be tested on this machine. */
	readonly missing: string | undefined;
	/** Needs root; undefined: the user of the tests. */
	readonly user: User | undefined;
}

export const ROOT_WAY: NamespaceWay = {
	name: 'as root',
	missing: isRoot ? undefined : 'this is not root',
	user: undefined,
};

export const USER_WAY: NamespaceWay = {
	name: 'as an ordinary user',
	missing: whyNoUser(),
	user: isRoot ? ordinary : undefined,
};

function whyNoUser(): string | undefined {
	if (isRoot && ordinary === undefined) return 'no other user can read this checkout';
	return canUnshare(ordinary) ? undefined : 'user namespaces are disabled on this machine';
}

export interface NamespaceOptions {
	/** Shell commands that root runs on the simulated machine before the start; `$1` is a new directory. */
	readonly prepare?: string;
	/** A command that starts the program: its arguments precede the program's command line. */
	readonly through?: readonly string[];
	readonly mapRoot?: boolean;
	readonly mayReexec?: boolean;
	readonly cwd?: string;
	readonly env?: Readonly<Record<string, string>>;
	readonly args?: readonly string[];
	/** Uses the runtime directory of another child. */
	readonly runtime?: string;
	/** The file that is opened as descriptor 3. */
	readonly third?: string;
}

export interface PlannedMount {
	/** Relative to the stage, or absolute on the machine. */
	readonly source: string;
	readonly target: string;
	readonly readOnly?: boolean;
	readonly recursive?: boolean;
}

export interface Built {
	readonly copyOnWrite: readonly string[];
	readonly unreachable: readonly string[];
	/** Unit: microseconds. */
	readonly us: number;
}

export interface Output {
	readonly status: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export class NamespaceChild {
	readonly runtime: string;
	/** Absolute path within the child. */
	stage = '';
	readonly #machine = temporaryDirectory('machine');
	readonly #child: ChildProcess;
	readonly #answers: ((line: string) => void)[] = [];
	#hasClosed = false;
	#errors = '';

	private constructor(way: NamespaceWay, options: NamespaceOptions) {
		this.runtime = options.runtime ?? tmpfsDirectory('runtime', 0o777);
		const uid = way.user?.uid ?? process.getuid?.() ?? 0;
		const config = {
			dist: DIST,
			mapRoot: options.mapRoot ?? false,
			mayReexec: options.mayReexec ?? true,
			runtime: { uid, xdgRuntimeDirectory: this.runtime, temporary: this.runtime },
		};
		const program = [process.execPath, SCRIPT, JSON.stringify(config), ...(options.args ?? [])];
		const [file = '', ...args] = isRoot ? [...machine(this.#machine, way, options), ...program] : program;
		const third = openSync(options.third ?? '/dev/null', 'r');
		this.#child = spawn(file, args, {
			stdio: ['pipe', 'pipe', 'pipe', third],
			env: { ...process.env, ...options.env },
			cwd: options.cwd ?? '/',
		});
		closeSync(third);
		started.add(this);
		this.#child.stdin?.on('error', () => {});
		this.#child.stderr?.on('data', (chunk: Buffer) => {
			this.#errors += chunk.toString();
		});
		createInterface({ input: this.#child.stdout as Readable }).on('line', (line) => this.#answers.shift()?.(line));
		this.#child.on('close', () => {
			this.#hasClosed = true;
			for (const answer of this.#answers.splice(0)) answer(JSON.stringify({ error: this.#ended }));
		});
	}

	/** Errors: the child's error with its `code`, if it cannot create the namespaces. */
	static async start(way: NamespaceWay, options: NamespaceOptions = {}): Promise<NamespaceChild> {
		const child = new NamespaceChild(way, options);
		child.stage = (await child.#next('start')) as string;
		return child;
	}

	/** Id of the process with the namespaces; its parent is the process of the machine. */
	get pid(): number {
		const machinePid = this.#child.pid ?? 0;
		return isRoot ? (childrenOf(machinePid)[0] ?? 0) : machinePid;
	}

	/**
	 * The machine's mount table, as unrelated processes see it: before the start, now, or after the end. Without mounts of
	 * other tests, which disappear with their directories. Needs root.
	 */
	machineMounts(when: 'before' | 'now' | 'after'): readonly string[] {
		const path = when === 'now' ? `/proc/${this.#child.pid}/mountinfo` : join(this.#machine, when);
		return linesWithoutOthers(readFileSync(path, 'utf8'), escaped(this.runtime));
	}

	/** The path by which the test process accesses a path of the machine. */
	onMachine(path: string): string {
		return isRoot ? `/proc/${this.#child.pid}/root${path}` : path;
	}

	/** Writes files on the stage. */
	async files(files: Readonly<Record<string, string>>): Promise<void> {
		await this.#request({ do: 'files', files });
	}

	/** Shows files as a volume of the kernel driver, at `volume` on the stage. */
	async volume(files: Readonly<Record<string, string>>): Promise<void> {
		await this.#request({ do: 'volume', files });
	}

	async build(...plan: readonly PlannedMount[]): Promise<Built> {
		return (await this.#request({ do: 'build', plan: plan.map((mount) => ({ readOnly: true, ...mount })) })) as Built;
	}

	/** Runs a program to its end as the application. */
	async run(...command: readonly string[]): Promise<Output> {
		return (await this.#request({ do: 'run', command })) as Output;
	}

	/** Runs a program to its end in the daemon's namespace. */
	async runOutside(...command: readonly string[]): Promise<Output> {
		return (await this.#request({ do: 'run', command, isOutside: true })) as Output;
	}

	/** Starts a program as the application, and returns its process id after its first output. */
	async launch(...command: readonly string[]): Promise<number> {
		return (await this.#request({ do: 'start', command })) as number;
	}

	async members(): Promise<readonly number[]> {
		return (await this.#request({ do: 'members' })) as number[];
	}

	/** Kills all processes in the application's namespace. */
	async killMembers(): Promise<void> {
		for (const pid of await this.members()) killProcess(pid);
	}

	/** Reads a file in the daemon's namespace. */
	async read(path: string): Promise<string> {
		return (await this.#request({ do: 'read', path })) as string;
	}

	/** Throws an error within the application's namespace. */
	async fail(): Promise<void> {
		await this.#request({ do: 'fail' });
	}

	async self(): Promise<{
		readonly pid: number;
		readonly cwd: string;
		readonly args: readonly string[];
		readonly env: Readonly<Record<string, string>>;
	}> {
		return (await this.#request({ do: 'self' })) as Awaited<ReturnType<NamespaceChild['self']>>;
	}

	/** Closes both namespaces; the process keeps running. */
	async close(): Promise<void> {
		await this.#request({ do: 'close' });
	}

	/** Ends the process normally. Errors: with its standard error, if it fails or does not end. */
	async stop(): Promise<void> {
		started.delete(this);
		if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
		const ended = new Promise<number | null>((resolve) => this.#child.on('exit', resolve));
		this.#child.stdin?.end();
		try {
			const status = await within(WAIT_MS, 'the end of the process with namespaces', ended);
			if (status !== 0) throw new Error(`it ended with status ${status}:\n${this.#errors}`);
		} catch (error) {
			await this.kill();
			throw error;
		}
	}

	/** Kills the process, and waits for its end and that of the machine. */
	async kill(): Promise<void> {
		started.delete(this);
		const { pid } = this;
		if (pid > 1) killProcess(pid);
		await until(() => this.#child.exitCode !== null || this.#child.signalCode !== null, 'the end after SIGKILL');
	}

	async #request(command: object): Promise<unknown> {
		const answer = this.#next(JSON.stringify(command).slice(0, 200));
		this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
		return await answer;
	}

	get #ended(): string {
		return `it ended:\n${this.#errors}`;
	}

	async #next(what: string): Promise<unknown> {
		if (this.#hasClosed) throw new Error(this.#ended);
		const line = await within(WAIT_MS, what, new Promise<string>((resolve) => this.#answers.push(resolve)));
		const { answer, error, code } = JSON.parse(line) as { answer?: unknown; error?: string; code?: string };
		if (error !== undefined) throw Object.assign(new Error(error), { code });
		return answer;
	}
}

/** Replaces /dev/fuse by one of mode 0666, as in common distributions; all other files are those of the real machine. */
const MACHINE = `d=$1; shift
${FORGET_VOLUMES}
mount --make-rshared /
mount -t tmpfs -o mode=755 machine "$d"
mknod -m 666 "$d/fuse" c 10 229; chmod 666 "$d/fuse"; mount --bind "$d/fuse" /dev/fuse
umount -l "$d"
set -- "$d" "$@"
eval "$PREPARE"
unset PREPARE
shift
cat /proc/self/mountinfo >"$d/before"
status=0; "$@" || status=$?
cat /proc/self/mountinfo >"$d/after"
exit $status`;

function machine(directory: string, way: NamespaceWay, options: NamespaceOptions): readonly string[] {
	const { user } = way;
	const demote =
		user === undefined ? [] : ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--'];
	return [
		...['env', `PREPARE=${options.prepare ?? ''}`],
		...['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', MACHINE, 'sh', directory],
		...(options.through ?? []),
		...demote,
	];
}

function childrenOf(pid: number): readonly number[] {
	try {
		return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
			.split(' ')
			.filter((child) => child !== '')
			.map(Number);
	} catch {
		return [];
	}
}

/** Call it in afterEach, before `removeTemporaries`. */
export async function stopNamespaces(): Promise<void> {
	await Promise.all(
		[...started].map(async (child) => {
			try {
				// Without an application there are no members.
				await child.killMembers().catch(() => {});
				await child.stop();
			} catch {
				await child.kill();
			}
		}),
	);
}
