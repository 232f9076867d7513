/**
 * The program as a child process: `startMount` returns a mount that is ready, `runProgram` the result of a finished run.
 * Call `stopAll` in afterEach; it ends only processes that this file started.
 *
 *     const mount = await startMount(directory, ['-f', manifest]);
 *     await mount.waitForLog((line) => line.event === 'published');
 *     expect(await mount.stop()).toEqual({ code: 0, signal: null });
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { FORGET_VOLUMES } from './mount-lines.js';
import { detachBelow, temporaryDirectory } from './temporary.js';
import { until, WAIT_MS } from './until.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The compiled program: CONFIGMAPFS_DIST, else what `npm run build` made. */
export const DIST = process.env.CONFIGMAPFS_DIST ?? join(ROOT, 'dist');
const PROGRAM = join(DIST, 'main.js');

/** How long a mount may take to become ready, and a process to end. Unit: milliseconds. */
const READY_MS = WAIT_MS;
const END_MS = WAIT_MS;

export interface ProcessOptions {
	/** Run as this user; needs root. See `unprivilegedUser`. */
	readonly user?: User;
	/** Run in a new user and mount namespace, as its root (`unshare -Urm`). */
	readonly unshare?: boolean;
	readonly env?: Readonly<Record<string, string>>;
	readonly cwd?: string;
	/** Give the child a pipe as standard input; else it has none. */
	readonly stdin?: boolean;
}

export interface User {
	readonly uid: number;
	readonly gid: number;
}

export interface ExitStatus {
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
}

/** One line of the log, as JSON. */
export interface LogLine {
	readonly level?: string;
	readonly msg?: string;
	/** Type of the event that the line is about. */
	readonly event?: string;
	readonly [field: string]: unknown;
}

const running = new Set<MountProcess>();
const children = new Set<ChildProcess>();

export class MountProcess {
	/** The mount point. */
	readonly dir: string;
	readonly child: ChildProcess;
	readonly ended: Promise<ExitStatus>;
	#errors = '';
	#servers: readonly number[] = [];
	readonly #options: ProcessOptions;

	constructor(dir: string, child: ChildProcess, options: ProcessOptions) {
		this.#options = options;
		this.dir = dir;
		this.child = child;
		child.stderr?.on('data', (chunk: Buffer) => {
			this.#errors += chunk.toString();
		});
		this.ended = new Promise((resolve) => {
			child.on('exit', (code, signal) => resolve({ code, signal }));
		});
	}

	/** The daemon's process id. */
	get pid(): number {
		return this.child.pid ?? 0;
	}

	/** Its standard error so far. */
	get stderr(): string {
		return this.#errors;
	}

	get stdin(): Writable {
		if (this.child.stdin === null) throw new Error('started without { stdin: true }');
		return this.child.stdin;
	}

	/** The server process, also after the end of the daemon; undefined without FUSE. */
	serverPid(): number | undefined {
		const servers = serverPids(this.pid);
		if (servers.length > 0) this.#servers = servers;
		return this.#servers[0];
	}

	/** The log so far, without lines that are not JSON. */
	logLines(): readonly LogLine[] {
		return this.#errors.split('\n').flatMap((line) => {
			try {
				return line.startsWith('{') ? [JSON.parse(line) as LogLine] : [];
			} catch {
				return [];
			}
		});
	}

	/** Waits for the first line that fits; skips the first `after` lines. */
	async waitForLog(fits: (line: LogLine) => boolean, options: { after?: number; ms?: number } = {}): Promise<LogLine> {
		return await until(
			() =>
				this.logLines()
					.slice(options.after ?? 0)
					.find(fits),
			() => `a line of the log that fits ${fits}; it has:\n${this.#errors}`,
			options.ms ?? END_MS,
		);
	}

	/**
	 * Runs a command to its end in the mount namespace of the mount, as the user of the mount or as `options.user`.
	 */
	async run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
		const user = options.user ?? this.#options.user;
		const elsewhere = this.#isElsewhere();
		const demote = user === undefined ? [] : ['setpriv', ...privileges(user)];
		const enter = ['nsenter', '-t', String(this.pid), '-m'];
		// Only its owner may enter a user namespace; a plain mount namespace needs root.
		const both = [...demote, ...enter, '-U', '--preserve-credentials', '--'];
		const prefix = this.#options.unshare === true ? both : [...enter, '--', ...demote];
		const [file = '', ...rest] = [...(elsewhere ? prefix : []), command, ...args];
		const { user: _, ...plain } = options;
		return await runCommand(file, rest, elsewhere || user === undefined ? plain : { ...plain, user });
	}

	#isElsewhere(): boolean {
		return readlinkSync(`/proc/${this.pid}/ns/mnt`) !== readlinkSync('/proc/self/ns/mnt');
	}

	/**
	 * How many generations of any ConfigMap, or of one named "namespace/name", were published after the mount was ready.
	 * The log says so a moment after readers see it; after `stop` the number is final.
	 */
	flips(configMap?: string): number {
		const lines = this.logLines();
		const mounted = lines.findIndex((line) => line.event === 'mounted');
		return lines.filter(
			(line, at) =>
				at > mounted && line.event === 'published' && (configMap === undefined || line.configMap === configMap),
		).length;
	}

	/** Sends the signal and waits for the end. Errors: if it does not end; then it is killed. */
	async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ExitStatus> {
		if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
		const status = await Promise.race([this.ended, after(END_MS)]);
		if (status === undefined) {
			this.kill();
			throw new Error(`it did not end within ${END_MS} ms after ${signal}:\n${this.#errors}`);
		}
		running.delete(this);
		return status;
	}

	/** Kills daemon and server with SIGKILL, and detaches the mount. */
	kill(): void {
		this.serverPid();
		if (this.child.exitCode === null && this.child.signalCode === null) killOne(this.pid);
		for (const pid of this.#servers.filter(isServer)) killOne(pid);
		if (this.dir !== '') detachBelow(this.dir);
		running.delete(this);
	}
}

/** Starts `configmapfs mount DIR ...args` and waits until it is ready. Errors: with its standard error. */
export async function startMount(
	dir: string,
	args: readonly string[],
	options: ProcessOptions & { readonly readyMs?: number } = {},
): Promise<MountProcess> {
	const { mount, ready } = launchMount(dir, args, options);
	const readyMs = options.readyMs ?? READY_MS;
	const outcome = await Promise.race([ready, mount.ended, after(readyMs)]);
	if (outcome === 'ready') {
		mount.serverPid();
		return mount;
	}
	mount.kill();
	const what = outcome === undefined ? `not ready after ${readyMs} ms` : `ended with ${JSON.stringify(outcome)}`;
	throw new Error(`mount ${dir} ${args.join(' ')}: ${what}\n${mount.stderr}`);
}

/** Starts a mount without waiting until it is ready. `ready` stays pending if that never happens. */
export function launchMount(
	dir: string,
	args: readonly string[],
	options: ProcessOptions = {},
): { readonly mount: MountProcess; readonly ready: Promise<'ready'> } {
	const child = launch(['mount', dir, '--log-format', 'json', '--ready-fd', '3', ...args], options, 'pipe');
	child.stdout?.resume();
	const mount = new MountProcess(dir, child, options);
	running.add(mount);
	const ready = new Promise<'ready'>((resolve) => {
		let text = '';
		(child.stdio[3] as Readable).on('data', (chunk: Buffer) => {
			text += chunk.toString();
			if (text.includes('READY=1\n')) resolve('ready');
		});
	});
	return { mount, ready };
}

export interface RunOptions extends ProcessOptions {
	readonly input?: string;
	/** After this long it is killed, and that is an error. Unit: milliseconds. */
	readonly ms?: number;
}

export interface RunResult extends ExitStatus {
	readonly stdout: string;
	readonly stderr: string;
}

/** Runs the program with any arguments to its end. */
export async function runProgram(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
	const child = launch(args, { ...options, stdin: options.input !== undefined }, 'ignore');
	return await collect(child, args.join(' '), options);
}

/** Runs another program to its end. A test uses it where its own process must not touch a mount. */
export async function runCommand(
	command: string,
	args: readonly string[],
	options: RunOptions = {},
): Promise<RunResult> {
	const child = spawn(command, args, {
		stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
		env: { ...process.env, ...options.env },
		...(options.cwd === undefined ? {} : { cwd: options.cwd }),
		...options.user,
	});
	return await collect(child, `${command} ${args.join(' ')}`, options);
}

async function collect(
	child: ChildProcess,
	what: string,
	options: { readonly input?: string; readonly ms?: number },
): Promise<RunResult> {
	children.add(child);
	let stdout = '';
	let stderr = '';
	child.stdout?.setEncoding('utf8').on('data', (text: string) => {
		stdout += text;
	});
	child.stderr?.setEncoding('utf8').on('data', (text: string) => {
		stderr += text;
	});
	child.stdin?.on('error', () => {});
	child.stdin?.end(options.input);
	const closed = new Promise<ExitStatus>((resolve, reject) => {
		child.on('error', reject);
		child.on('close', (code, signal) => resolve({ code, signal }));
	});
	const ms = options.ms ?? WAIT_MS;
	const status = await Promise.race([closed, after(ms)]);
	children.delete(child);
	if (status !== undefined) return { ...status, stdout, stderr };
	for (const pid of [child.pid ?? 0, ...serverPids(child.pid ?? 0)]) killOne(pid);
	throw new Error(`${what}: not ended after ${ms} ms\n${stderr}`);
}

function launch(args: readonly string[], options: ProcessOptions, third: 'pipe' | 'ignore'): ChildProcess {
	const { user } = options;
	const wrapped = user !== undefined && needsOwnDevice(user);
	const command = [
		...(wrapped ? ['unshare', '-m', 'sh', '-ec', WITH_OWN_DEVICE, 'sh', temporaryDirectory('device')] : []),
		...(wrapped ? ['setpriv', ...privileges(user)] : []),
		...(options.unshare === true ? ['unshare', '-Urm'] : []),
		...[process.execPath, PROGRAM, ...args],
	];
	const env: NodeJS.ProcessEnv = { ...process.env, ...options.env };
	if (user !== undefined) {
		env.HOME = '/';
		if (options.env?.XDG_RUNTIME_DIR === undefined) delete env.XDG_RUNTIME_DIR;
	}
	return spawn(command[0] ?? '', command.slice(1), {
		stdio: [options.stdin === true ? 'pipe' : 'ignore', 'pipe', 'pipe', third],
		env,
		cwd: options.cwd ?? (user === undefined ? ROOT : '/'),
		...(wrapped ? {} : user),
	});
}

function privileges(user: User): readonly string[] {
	return [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
}

/** A shell script that runs a command in a mount namespace whose /dev/fuse is open to every user, as in distributions. */
const WITH_OWN_DEVICE = `d=$1; shift
${FORGET_VOLUMES}
mount -t tmpfs -o mode=755 cmfs-test "$d"
mknod -m 666 "$d/fuse" c 10 229
chmod 666 "$d/fuse"
mount --bind "$d/fuse" /dev/fuse
umount -l "$d"
exec "$@"`;

/** Whether the user cannot open /dev/fuse, as in containers that reserve it for root. */
function needsOwnDevice(user: User): boolean {
	const { mode, uid, gid } = statSync('/dev/fuse');
	const bits = user.uid === uid ? mode >> 6 : user.gid === gid ? mode >> 3 : mode;
	return (bits & 0o6) !== 0o6;
}

/** Ends every running process that this file started. */
export async function stopAll(): Promise<void> {
	for (const child of children) killOne(child.pid ?? 0);
	children.clear();
	await Promise.all(
		[...running].map(async (mount) => {
			try {
				await mount.stop();
			} catch {
				mount.kill();
			}
		}),
	);
}

/** The server processes among the children of `pid`; empty after the end of `pid`. */
function serverPids(pid: number): readonly number[] {
	try {
		return readdirSync(`/proc/${pid}/task`)
			.flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '))
			.filter((child) => child !== '')
			.map(Number)
			.filter(isServer);
	} catch {
		return [];
	}
}

function isServer(pid: number): boolean {
	try {
		return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${dirname(PROGRAM)}/server.js`);
	} catch {
		return false;
	}
}

function killOne(pid: number): void {
	try {
		if (pid > 1) process.kill(pid, 'SIGKILL');
	} catch {
		// It has ended already.
	}
}

function after(ms: number): Promise<undefined> {
	return new Promise((resolve) => {
		setTimeout(() => resolve(undefined), ms).unref();
	});
}

/**
 * An ordinary user who can read Node, the program and the temporary directory; undefined if there is none, or if the
 * tests do not run as root.
 */
export function unprivilegedUser(): User | undefined {
	if (process.getuid?.() !== 0) return undefined;
	const user = { uid: 65534, gid: 65534 };
	const compiled = readdirSync(DIST, { recursive: true }).map((name) => join(DIST, String(name)));
	const look = 'fs.readFileSync(0, "utf8").split("\\0").forEach((path) => fs.accessSync(path, fs.constants.R_OK))';
	const check = spawnSync(process.execPath, ['-e', look], {
		input: [...compiled, `${tmpdir()}/.`].join('\0'),
		...user,
		cwd: '/',
		timeout: WAIT_MS,
	});
	return check.status === 0 ? user : undefined;
}

/** Whether this machine lets `user` (else the caller) make a user namespace with mounts. */
export function canUnshare(user?: User): boolean {
	return spawnSync('unshare', ['-Urm', 'true'], { ...user, cwd: '/', timeout: WAIT_MS }).status === 0;
}
