/**
 * The drivers `kernel` and `fuse-native`, whose requests a server process answers.
 *
 * With mount(2) the server's writable mount is hidden: it is mounted in a private directory, users get a read-only view
 * of it, and then it is detached, so that only this process can reach it, through a descriptor. It always ends with this
 * process. Through fusermount3 there is no second view, and users see the mount itself.
 */

import { closeSync, constants, fstatSync, mkdirSync, openSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigMapFsError, systemCode } from '../base/errors.js';
import { runnablePerCpu } from '../base/load.js';
import type { Leftovers, MountMethod, ServerFault } from '../journal/server-protocol.js';
import { findMount, type KnownMount, locateMount, locateTopMount, unmountPath } from '../mounts/mount-table.js';
import { takeTurn } from '../mounts/mount-turn.js';
import type { RuntimeDirectory } from '../mounts/runtime-directory.js';
import { UnmountWatch } from '../mounts/unmount-watch.js';
import { MNT, MS, mount, umount2 } from '../native/libc.js';
import { AnnouncedTree, type TreeRoot } from './announced-tree.js';
import type { Driver, MountEnd, UnmountReport } from './driver.js';
import type { Present } from './presentation.js';
import { ServerProcess } from './server-process.js';

/** How long readers may keep a detached mount before their requests are aborted. Unit: milliseconds. */
const LAST_READERS_MS = 1000;
/** How long a mount in progress may take after `unmount` was called. Unit: milliseconds. */
const START_MS = 5000;

/** Walk grace on an idle machine, and more per runnable process of a CPU. Unit: milliseconds. */
const WALK_GRACE_MS = 100;
const WAITER_GRACE_MS = 50;

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
	readonly #server: ServerProcess;
	/** The mount point of the writable mount, if users get a view of it. */
	readonly #hidden: string | undefined;
	readonly #earlyFaults: ServerFault[] = [];
	#reportFault = (fault: ServerFault): void => void this.#earlyFaults.push(fault);
	#rootFd: number | undefined;
	/** The mount that users see, once it exists. */
	#shown: KnownMount | undefined;
	readonly #watch: UnmountWatch;
	#mounting: Promise<void> | undefined;
	#unmounting: Promise<UnmountReport> | undefined;
	#removing: Promise<UnmountReport> | undefined;

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
		const { mountPoint, method, runtime, allowOther, name, trace } = options;
		this.#hidden = method === 'mount' ? join(runtime.path, 'tree') : undefined;
		// The process loads its modules while the sources are read.
		this.#server = new ServerProcess(
			{
				driver: name,
				journalDirectory: runtime.path,
				mountPoint: this.#hidden ?? mountPoint,
				publicMountPoint: mountPoint,
				method,
				allowOther,
				openWithoutUpcall: method === 'mount' || !allowOther,
				announcer: process.pid,
				trace,
			},
			{
				segmentUnused: (index) => this.tree.discardSegment(index),
				fault: (fault) => this.#reportFault(fault),
			},
		);
		this.#watch = new UnmountWatch(({ message, stack = message }) =>
			this.#reportFault({ where: 'unmount watch', stack }),
		);
	}

	/** A path walk may wait for a CPU in the middle; the wait grows with the number of runnable processes. */
	walkGraceMs(): number {
		return WALK_GRACE_MS + WAITER_GRACE_MS * runnablePerCpu();
	}

	existing(): undefined {
		return undefined;
	}

	mount(): Promise<void> {
		this.#mounting = this.#mount();
		return this.#mounting;
	}

	async #mount(): Promise<void> {
		const { mountPoint } = this.#options;
		const hidden = this.#hidden;
		this.tree.publish();
		if (hidden !== undefined) mkdirSync(hidden, { mode: 0o700 });
		let endTurn = () => {};
		try {
			// Starts the watcher before mounting, so a visible mount is always watched.
			await this.#watch.started;
			endTurn = await takeTurn(mountPoint);
			await this.#server.mount();
			const device = findMount(hidden ?? mountPoint)?.device;
			if (device === undefined)
				throw new ConfigMapFsError('MOUNT_REFUSED', `"${mountPoint}" was unmounted immediately`);
			this.#shown = { id: 0, device, mountPoint };
			if (hidden !== undefined) {
				this.#rootFd = openSync(hidden, constants.O_RDONLY | constants.O_DIRECTORY);
				this.tree.attach(new HeldRoot(this.#rootFd));
				this.#showReadOnly(hidden);
			}
			const shown = locateMount(this.#shown) ?? this.#shown;
			this.#shown = shown;
			this.#server.shown(shown.id);
			if (hidden === undefined) this.tree.attach(new VisibleRoot(shown));
			this.#watch.watch(shown, () => this.#gone({ reason: 'unmounted' }));
		} catch (error) {
			await this.#remove();
			throw error;
		} finally {
			endTurn();
		}
		void this.#server.ended.then((end) => this.#gone(end));
	}

	/** Order: the view is read-only before it is mounted on its public mount point. */
	#showReadOnly(hidden: string): void {
		const view = join(this.#options.runtime.path, 'view');
		mkdirSync(view, { mode: 0o700 });
		mount(hidden, view, null, MS.BIND, null);
		try {
			mount(null, view, null, MS.REMOUNT | MS.BIND | MS.RDONLY | MS.NOSUID | MS.NODEV | MS.NOATIME, null);
			mount(view, this.#options.mountPoint, null, MS.BIND, null);
		} finally {
			umount2(view, MNT.DETACH);
			rmdirSync(view);
		}
		umount2(hidden, MNT.DETACH);
		rmdirSync(hidden);
	}

	#gone(end: MountEnd): void {
		if (this.#unmounting === undefined && this.#removing === undefined) this.#end(end);
	}

	cleanUpAfterDaemon(leftovers: Leftovers): void {
		this.#server.cleanUpAfterDaemon(leftovers);
	}

	reportFaultsTo(listener: (fault: ServerFault) => void): void {
		this.#reportFault = listener;
		for (const fault of this.#earlyFaults.splice(0)) listener(fault);
	}

	async upcalls(): Promise<Readonly<Record<string, number>>> {
		return await this.#server.upcalls();
	}

	/** Waits for a mount in progress, because it cannot be stopped half-way. */
	unmount(): Promise<UnmountReport> {
		this.#unmounting ??= (async () => {
			const timer = setTimeout(() => this.#server.kill(), START_MS);
			await this.#mounting?.catch(() => {});
			clearTimeout(timer);
			return await this.#remove();
		})();
		return this.#unmounting;
	}

	/** Removes the mount, the server and the runtime directory, as far as they exist. Idempotent. */
	#remove(): Promise<UnmountReport> {
		this.#removing ??= this.#removeOnce();
		return this.#removing;
	}

	async #removeOnce(): Promise<UnmountReport> {
		this.#watch.stop();
		if (this.#rootFd !== undefined) closeSync(this.#rootFd);
		const wasBusy = this.#unmountView();
		// Without a mount there are no readers to wait for.
		const timer = setTimeout(() => this.#server.kill(), this.#shown === undefined ? 0 : LAST_READERS_MS);
		await this.#server.ended;
		clearTimeout(timer);
		this.tree.close();
		this.#options.runtime.remove();
		this.#end({ reason: 'unmounted' });
		return { wasBusy };
	}

	/** Returns whether it was in use. Does not touch a mount of another program on the same mount point. */
	#unmountView(): boolean {
		const mountPoint = this.#shown && locateTopMount(this.#shown)?.mountPoint;
		if (mountPoint === undefined) return false;
		try {
			if (unmountPath(mountPoint, 'gently')) return false;
			unmountPath(mountPoint, 'lazily');
			return true;
		} catch {
			// Another process unmounted it in between.
			return false;
		}
	}
}

/** The hidden mount: held open, so that changes of the mount table have no effect on it. */
class HeldRoot implements TreeRoot {
	readonly #path: string;

	constructor(fd: number) {
		this.#path = `/proc/self/fd/${fd}`;
	}

	enter(): string {
		return this.#path;
	}

	leave(): void {}
}

/**
 * The public mount: held open only while it is changed, because an open mount cannot be unmounted. It is identified by
 * its device, so that nothing is ever written to the directory below it after an unmount.
 */
class VisibleRoot implements TreeRoot {
	readonly #mount: KnownMount;
	readonly #device: number;
	#path: string;
	#fd: number | undefined;

	constructor(mount: KnownMount) {
		this.#mount = mount;
		this.#path = mount.mountPoint;
		this.#device = statSync(this.#path).dev;
	}

	enter(): string {
		if (!this.#open()) {
			this.#path = locateTopMount(this.#mount)?.mountPoint ?? this.#path;
			if (!this.#open()) throw new ConfigMapFsError('DRIVER_DIED', `"${this.#path}" is not mounted any more`);
		}
		return `/proc/self/fd/${this.#fd}`;
	}

	/** False if the path does not lead to the mount any more. */
	#open(): boolean {
		try {
			this.#fd = openSync(this.#path, constants.O_RDONLY | constants.O_DIRECTORY);
		} catch (error) {
			if (systemCode(error) === 'ENOENT') return false;
			throw error;
		}
		if (fstatSync(this.#fd).dev === this.#device) return true;
		this.leave();
		return false;
	}

	leave(): void {
		if (this.#fd !== undefined) closeSync(this.#fd);
		this.#fd = undefined;
	}
}
