/**
 * A simulated machine for `configmapfs run`: a mount namespace with a /dev/fuse of mode 0666, as in common distributions.
 * A test can inspect from outside everything that a run could change. Mounts are shared, as under systemd, so that a
 * leaked mount is visible.
 *
 * If the tests do not run as root, it is the real machine.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { controlPlanePrograms } from './control-plane.js';
import { escaped, FORGET_VOLUMES, linesWithoutOthers } from './mount-lines.js';
import { leftIn } from './mount-modes.js';
import type { User } from './mount-process.js';
import { temporaryDirectory, tmpfsDirectory } from './temporary.js';
import { WAIT_MS, within } from './until.js';

/** Directories of the machine in which a run could leave files. */
const CHECKED = ['/', '/etc', '/srv', '/opt'];

const isRoot = process.getuid?.() === 0;
const running = new Set<Machine>();

export class Machine {
	/** The runtime directory of runs, on tmpfs and writable for every user. An absolute path on the machine. */
	readonly runtime: string;
	readonly #child: ChildProcess | undefined;

	private constructor(runtime: string, child: ChildProcess | undefined) {
		this.runtime = runtime;
		this.#child = child;
		running.add(this);
	}

	static async start(): Promise<Machine> {
		if (!isRoot) return new Machine(tmpfsDirectory('runtime', 0o777), undefined);
		const directory = temporaryDirectory('machine');
		const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', MACHINE, 'sh', directory], {
			stdio: ['pipe', 'pipe', 'inherit'],
		});
		const machine = new Machine(join(directory, 'runtime'), child);
		const ready = new Promise<void>((resolve, reject) => {
			(child.stdout as Readable).once('data', () => resolve());
			child.once('exit', (status) => reject(new Error(`the machine ended with status ${status}`)));
		});
		await within(WAIT_MS, 'a machine', ready);
		return machine;
	}

	/** The prefix of a command line that runs on this machine, as `user` or as the user of the tests. */
	prefix(user: User | undefined): readonly string[] {
		const enter = this.#child === undefined ? [] : ['nsenter', '-t', String(this.#child.pid), '-m', '--'];
		return [...enter, ...(user === undefined ? [] : ['setpriv', ...demotion(user), '--'])];
	}

	/**
	 * The mount table without mounts of other programs, and the entries of the checked directories with owner, mode and
	 * times.
	 */
	state(): string {
		const table = readFileSync(this.#child === undefined ? '/proc/self/mountinfo' : this.#proc('mountinfo'), 'utf8');
		const mounts = linesWithoutOthers(table, escaped(this.runtime));
		const entries = CHECKED.flatMap((directory) => {
			const names = readdirSync(this.onMachine(directory)).sort();
			return ['.', ...names].map((name) => `${directory} ${name} ${this.#attributes(join(directory, name))}`);
		});
		return [...mounts, ...entries].join('\n');
	}

	/** The path by which the test process accesses a path of the machine. */
	onMachine(path: string): string {
		return this.#child === undefined ? path : `${this.#proc('root')}${path}`;
	}

	/** Leftovers of runs in their runtime directory. */
	left(): readonly string[] {
		return leftIn(this.onMachine(this.runtime));
	}

	/** Ends the machine; the kernel removes its mounts. */
	async stop(): Promise<void> {
		running.delete(this);
		const child = this.#child;
		if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
		const ended = new Promise((resolve) => child.once('exit', resolve));
		child.stdin?.end();
		await within(WAIT_MS, 'the end of a machine', ended);
	}

	#proc(name: string): string {
		return `/proc/${this.#child?.pid}/${name}`;
	}

	/** Size and times of unchecked directories are omitted: /tmp changes for many reasons. */
	#attributes(path: string): string {
		const { mode, uid, gid, size, mtimeMs, ctimeMs, ino } = lstatSync(this.onMachine(path));
		const kind = (mode & 0o170000).toString(8);
		const link = kind === '120000' ? readlinkSync(this.onMachine(path)) : '';
		const isOwn = CHECKED.includes(path) || kind !== '40000';
		return `${mode.toString(8)} ${uid} ${gid} ${ino} ${isOwn ? `${size} ${mtimeMs} ${ctimeMs}` : ''} ${link}`;
	}
}

/** A copy that every user can execute: home directories may be inaccessible to other users. */
let agnhost: string | undefined;

/**
 * The path of Kubernetes' official test program, built by scripts/control-plane/ensure.mjs. Every user can execute it.
 * Errors: the reason why it is missing, with the cure.
 */
export function agnhostProgram(): string {
	if (agnhost !== undefined) return agnhost;
	const { agnhost: built } = controlPlanePrograms();
	if (built === undefined) {
		throw new Error('no agnhost found; unset KUBEBUILDER_ASSETS and run: node scripts/control-plane/ensure.mjs');
	}
	const path = join(temporaryDirectory('agnhost'), 'agnhost');
	copyFileSync(built, path);
	agnhost = path;
	return path;
}

/** Mounts are invisible outside the machine, and shared between its processes. */
const MACHINE = `${FORGET_VOLUMES}
mount --make-rshared /
mount -t tmpfs -o mode=755 machine "$1"
mkdir -m 1777 "$1/runtime"
mknod -m 666 "$1/fuse" c 10 229; chmod 666 "$1/fuse"; mount --bind "$1/fuse" /dev/fuse
echo ready
exec cat`;

/** Arguments for `setpriv` to start a program as this user. */
export function demotion(user: User): readonly string[] {
	return [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
}

/** Ends all machines of this test file. */
export async function stopMachines(): Promise<void> {
	await Promise.all([...running].map((machine) => machine.stop()));
}
