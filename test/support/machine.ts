/**
 * A machine for `configmapfs run`: a mount namespace that stands for the machine that people have, with a /dev/fuse that
 * is open to everybody, as distributions have it. Everything of it that a run could change can be looked at from
 * outside; its mounts are shared, as systemd's are, so that what leaks would be seen.
 *
 * Where this is not root, it is the machine itself.
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

/** Directories of the machine in which a run could leave something. */
const LOOKED_AT = ['/', '/etc', '/srv', '/opt'];

const isRoot = process.getuid?.() === 0;
const running = new Set<Machine>();

export class Machine {
	/** The runtime directory of runs, in memory and open to every user. An absolute path on the machine. */
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

	/** The words before a command line that make it run on this machine, as `user` or as the user of the tests. */
	prefix(user: User | undefined): readonly string[] {
		const enter = this.#child === undefined ? [] : ['nsenter', '-t', String(this.#child.pid), '-m', '--'];
		return [...enter, ...(user === undefined ? [] : ['setpriv', ...demotion(user), '--'])];
	}

	/**
	 * The mount table without what others mount, and what is in the directories that a run could touch, with owners, modes
	 * and times.
	 */
	state(): string {
		const table = readFileSync(this.#child === undefined ? '/proc/self/mountinfo' : this.#proc('mountinfo'), 'utf8');
		const mounts = linesWithoutOthers(table, escaped(this.runtime));
		const entries = LOOKED_AT.flatMap((directory) => {
			const names = readdirSync(this.onMachine(directory)).sort();
			return ['.', ...names].map((name) => `${directory} ${name} ${this.#look(join(directory, name))}`);
		});
		return [...mounts, ...entries].join('\n');
	}

	/** Where this process finds a path of the machine. */
	onMachine(path: string): string {
		return this.#child === undefined ? path : `${this.#proc('root')}${path}`;
	}

	/** What runs have left in their runtime directory. */
	left(): readonly string[] {
		return leftIn(this.onMachine(this.runtime));
	}

	/** Ends it. Nothing of it has to be taken down. */
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

	/** Directories other than those that are looked at are as they like: /tmp changes for many reasons. */
	#look(path: string): string {
		const { mode, uid, gid, size, mtimeMs, ctimeMs, ino } = lstatSync(this.onMachine(path));
		const kind = (mode & 0o170000).toString(8);
		const link = kind === '120000' ? readlinkSync(this.onMachine(path)) : '';
		const isOwn = LOOKED_AT.includes(path) || kind !== '40000';
		return `${mode.toString(8)} ${uid} ${gid} ${ino} ${isOwn ? `${size} ${mtimeMs} ${ctimeMs}` : ''} ${link}`;
	}
}

/** Where a program of this machine is for every user: a home directory may be closed to others. */
let agnhost: string | undefined;

/**
 * The official test program, built by scripts/control-plane/ensure.mjs. Executable by everybody, and below the run's own
 * temporary directory. Errors: why it is not there, with the cure.
 */
export function agnhostProgram(): string {
	if (agnhost !== undefined) return agnhost;
	const { agnhost: built } = controlPlanePrograms();
	if (built === undefined) {
		throw new Error('there is no agnhost; unset KUBEBUILDER_ASSETS and run: node scripts/control-plane/ensure.mjs');
	}
	const path = join(temporaryDirectory('agnhost'), 'agnhost');
	copyFileSync(built, path);
	agnhost = path;
	return path;
}

/** Its mounts are invisible outside, and shared among the processes on it. */
const MACHINE = `${FORGET_VOLUMES}
mount --make-rshared /
mount -t tmpfs -o mode=755 machine "$1"
mkdir -m 1777 "$1/runtime"
mknod -m 666 "$1/fuse" c 10 229; chmod 666 "$1/fuse"; mount --bind "$1/fuse" /dev/fuse
echo ready
exec cat`;

/** The words that make `setpriv` start a program as this user. */
export function demotion(user: User): readonly string[] {
	return [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
}

/** Ends every machine that was started here. */
export async function stopMachines(): Promise<void> {
	await Promise.all([...running].map((machine) => machine.stop()));
}
