/**
 * The namespaces of `run` below the program: a test says what is mounted where, and looks at it as an application does.
 * The parent's side of namespace-child.mjs.
 *
 * As root the process is started in a mount namespace that stands for the machine, with mounts that are shared as
 * systemd's are, so that what leaks would be seen there, and what others mount in the meantime is not.
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

/** As whom the namespaces are made. */
export interface NamespaceWay {
	readonly name: string;
	/** Why it cannot be tested here. */
	readonly missing: string | undefined;
	/** Needs root; undefined: as who runs the tests. */
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
	return canUnshare(ordinary) ? undefined : 'no user here may make a user namespace';
}

export interface NamespaceOptions {
	/** Shell commands as root on the machine of the test's own, before the start; `$1` is a new directory. */
	readonly prepare?: string;
	/** What the last command of the machine becomes; the program's command line follows. */
	readonly through?: readonly string[];
	readonly mapRoot?: boolean;
	readonly mayReexec?: boolean;
	readonly cwd?: string;
	readonly env?: Readonly<Record<string, string>>;
	readonly args?: readonly string[];
	/** Reuses the runtime directory of another. */
	readonly runtime?: string;
	/** The file that is its descriptor 3. */
	readonly third?: string;
}

export interface PlannedMount {
	/** Below the stage, or absolute on the machine. */
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
	/** Absolute, as the child knows it. */
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

	/** Errors: what the child says when it has no namespace, with its `code`. */
	static async start(way: NamespaceWay, options: NamespaceOptions = {}): Promise<NamespaceChild> {
		const child = new NamespaceChild(way, options);
		child.stage = (await child.#next('start')) as string;
		return child;
	}

	/** The process with the namespaces; its parent is the machine's. */
	get pid(): number {
		const machinePid = this.#child.pid ?? 0;
		return isRoot ? (childrenOf(machinePid)[0] ?? 0) : machinePid;
	}

	/**
	 * The machine's mount table, as a process sees it that has nothing to do with this one: before the start, now, or
	 * after the end. Without those of other tests, which end when their directories are removed. Needs root.
	 */
	machineMounts(when: 'before' | 'now' | 'after'): readonly string[] {
		const path = when === 'now' ? `/proc/${this.#child.pid}/mountinfo` : join(this.#machine, when);
		return linesWithoutOthers(readFileSync(path, 'utf8'), escaped(this.runtime));
	}

	/** Where the test finds a path of the machine. */
	onMachine(path: string): string {
		return isRoot ? `/proc/${this.#child.pid}/root${path}` : path;
	}

	/** Writes files on the stage. */
	async files(files: Readonly<Record<string, string>>): Promise<void> {
		await this.#ask({ do: 'files', files });
	}

	/** Shows files as a volume of the kernel driver, at `volume` on the stage. */
	async volume(files: Readonly<Record<string, string>>): Promise<void> {
		await this.#ask({ do: 'volume', files });
	}

	async build(...plan: readonly PlannedMount[]): Promise<Built> {
		return (await this.#ask({ do: 'build', plan: plan.map((one) => ({ readOnly: true, ...one })) })) as Built;
	}

	/** Runs a program to its end as the application. */
	async run(...command: readonly string[]): Promise<Output> {
		return (await this.#ask({ do: 'run', command })) as Output;
	}

	/** Runs a program to its end where the daemon is. */
	async runOutside(...command: readonly string[]): Promise<Output> {
		return (await this.#ask({ do: 'run', command, isOutside: true })) as Output;
	}

	/** Starts a program as the application, and returns its id when it has said something. */
	async launch(...command: readonly string[]): Promise<number> {
		return (await this.#ask({ do: 'start', command })) as number;
	}

	async members(): Promise<readonly number[]> {
		return (await this.#ask({ do: 'members' })) as number[];
	}

	/** SIGKILL for every program that is still in the application's namespace. */
	async killMembers(): Promise<void> {
		for (const pid of await this.members()) killProcess(pid);
	}

	/** A file as the daemon sees it. */
	async look(path: string): Promise<string> {
		return (await this.#ask({ do: 'look', path })) as string;
	}

	/** Throws within the application's namespace. */
	async fail(): Promise<void> {
		await this.#ask({ do: 'fail' });
	}

	async self(): Promise<{
		readonly pid: number;
		readonly cwd: string;
		readonly args: readonly string[];
		readonly env: Readonly<Record<string, string>>;
	}> {
		return (await this.#ask({ do: 'self' })) as Awaited<ReturnType<NamespaceChild['self']>>;
	}

	/** Closes both namespaces; the process stays. */
	async close(): Promise<void> {
		await this.#ask({ do: 'close' });
	}

	/** The ordinary end. Errors: with what it complained about, when it ended badly or not at all. */
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

	/** SIGKILL, and waits for the end of it and of the machine. */
	async kill(): Promise<void> {
		started.delete(this);
		const { pid } = this;
		if (pid > 1) killProcess(pid);
		await until(() => this.#child.exitCode !== null || this.#child.signalCode !== null, 'the end after SIGKILL');
	}

	async #ask(command: object): Promise<unknown> {
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

/** /dev/fuse as distributions have it; the rest of the machine is as it is. */
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

/** Belongs into afterEach, before `removeTemporaries`. */
export async function stopNamespaces(): Promise<void> {
	await Promise.all(
		[...started].map(async (child) => {
			try {
				// Without an application there is nobody.
				await child.killMembers().catch(() => {});
				await child.stop();
			} catch {
				await child.kill();
			}
		}),
	);
}
