/**
 * A driver whose tree a server process answers: `kernel` and `fuse-native` alike.
 *
 * With mount(2) the server's writable mount is hidden: it is made in a private directory, people get a read-only view
 * of it, and then it is detached, so that only this process's descriptor leads to it. It ends with this process,
 * whatever happens. Through fusermount3 there is no second view, and the mount itself is what people see.
 */

import { closeSync, constants, mkdirSync, openSync, readFileSync, rmdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { MNT, MS, mount, umount2 } from '../native/libc.js';
import { AnnouncedTree } from './announced-tree.js';
import type { Driver, MountEnd, UnmountReport } from './driver.js';
import { unmountPath } from './mount-table.js';
import { watchForUnmount } from './mount-watch.js';
import type { Present } from './presentation.js';
import type { RuntimeDirectory } from './runtime-directory.js';
import { ServerProcess } from './server-process.js';
import type { MountMethod } from './server-protocol.js';

/** How long readers may keep a detached mount before their requests are aborted. Unit: milliseconds. */
const LAST_READERS_MS = 1000;

/** On an idle machine, and for each runnable process of a CPU. Unit: milliseconds. */
const WALK_GRACE_MS = 100;
const WAITER_GRACE_MS = 50;

/** Source: proc(5), /proc/loadavg, fourth field: currently runnable scheduling entities. */
function runnablePerCpu(): number {
	const runnable = Number(/ (\d+)\/\d+ /.exec(readFileSync('/proc/loadavg', 'latin1'))?.[1] ?? 1);
	return Math.max(0, runnable - 1) / availableParallelism();
}

export interface FuseDriverOptions {
	readonly name: 'kernel' | 'fuse-native';
	/** Absolute and canonical. */
	readonly mountPoint: string;
	readonly method: MountMethod;
	readonly allowOther: boolean;
	readonly present: Present;
	/** Mode of the root directory. */
	readonly rootMode: number;
	readonly runtime: RuntimeDirectory;
	readonly now: () => Date;
	readonly trace: boolean;
}

export class FuseDriver implements Driver {
	readonly name: 'kernel' | 'fuse-native';
	readonly tree: AnnouncedTree;
	readonly persists = false;
	readonly ended: Promise<MountEnd>;
	readonly #options: FuseDriverOptions;
	#end: (end: MountEnd) => void = () => {};
	#server: ServerProcess | undefined;
	#rootFd: number | undefined;
	#stopWatching: () => void = () => {};
	#unmounting: Promise<UnmountReport> | undefined;

	constructor(options: FuseDriverOptions) {
		this.#options = options;
		this.name = options.name;
		this.tree = new AnnouncedTree({
			journalDirectory: options.runtime.path,
			present: options.present,
			now: options.now,
			rootMode: options.rootMode,
		});
		this.ended = new Promise((resolve) => {
			this.#end = resolve;
		});
	}

	/** A walk is interrupted for as long as it waits for a CPU, which grows with the number of those who want one. */
	walkGraceMs(): number {
		return WALK_GRACE_MS + WAITER_GRACE_MS * runnablePerCpu();
	}

	existing(): undefined {
		return undefined;
	}

	async mount(): Promise<void> {
		const { mountPoint, method, runtime, allowOther, name, trace } = this.#options;
		this.tree.publish();
		const hidden = method === 'mount' ? join(runtime.path, 'tree') : undefined;
		if (hidden !== undefined) mkdirSync(hidden, { mode: 0o700 });
		const server = new ServerProcess({
			driver: name,
			journalDirectory: runtime.path,
			mountPoint: hidden ?? mountPoint,
			publicMountPoint: mountPoint,
			method,
			allowOther,
			openWithoutUpcall: hidden !== undefined || !allowOther,
			trace,
		});
		this.#server = server;
		try {
			await server.started();
			this.#rootFd = openSync(hidden ?? mountPoint, constants.O_RDONLY | constants.O_DIRECTORY);
			this.tree.attach(`/proc/self/fd/${this.#rootFd}`);
			if (hidden !== undefined) {
				this.#showReadOnly(hidden);
				this.#stopWatching = watchForUnmount(mountPoint, () => this.#gone({ reason: 'unmounted' }));
			}
		} catch (error) {
			await this.unmount();
			throw error;
		}
		void server.ended.then((end) => this.#gone(end));
	}

	/** Order: the view is read-only before anybody can reach it by its public name. */
	#showReadOnly(hidden: string): void {
		const view = join(this.#options.runtime.path, 'view');
		mkdirSync(view, { mode: 0o700 });
		mount(hidden, view, null, MS.BIND, null);
		try {
			mount(null, view, null, MS.REMOUNT | MS.BIND | MS.RDONLY | MS.NOSUID | MS.NODEV, null);
			mount(view, this.#options.mountPoint, null, MS.BIND, null);
		} finally {
			umount2(view, MNT.DETACH);
			rmdirSync(view);
		}
		umount2(hidden, MNT.DETACH);
		rmdirSync(hidden);
	}

	#gone(end: MountEnd): void {
		if (this.#unmounting === undefined) this.#end(end);
	}

	async upcalls(): Promise<Readonly<Record<string, number>>> {
		return (await this.#server?.upcalls()) ?? {};
	}

	unmount(): Promise<UnmountReport> {
		this.#unmounting ??= this.#unmount();
		return this.#unmounting;
	}

	async #unmount(): Promise<UnmountReport> {
		this.#stopWatching();
		if (this.#rootFd !== undefined) closeSync(this.#rootFd);
		const { mountPoint, runtime } = this.#options;
		let wasBusy = false;
		try {
			if (!unmountPath(mountPoint, 'gently')) {
				wasBusy = true;
				unmountPath(mountPoint, 'lazily');
			}
		} catch {
			// Somebody unmounted it already, or it never was mounted.
		}
		const server = this.#server;
		if (server !== undefined) {
			const timer = setTimeout(() => server.kill(), LAST_READERS_MS);
			await server.ended;
			clearTimeout(timer);
		}
		this.tree.close();
		runtime.remove();
		this.#end({ reason: 'unmounted' });
		return { wasBusy };
	}
}
