/**
 * The mount namespace of the daemon itself: everything of the machine, and a private directory, the stage, for its
 * journal, its mounts and emptyDir volumes. An application gets a copy of the namespace with its volumes.
 *
 * Only the main thread of this process is in it, and the programs that it starts. The threads of the pool, which serve
 * promises and callbacks of `fs`, stay in the machine's namespace: they see the same files, but not the stage.
 */

import { closeSync, fstatSync, mkdirSync, openSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { ConfigMapFsError, invariant, systemCode } from '../../../base/errors.js';
import {
	makeRuntimeDirectory,
	type RuntimeDirectory,
	type RuntimeEnvironment,
} from '../../../mounts/runtime-directory.js';
import { MNT, MS, mount, umount2 } from '../../../native/libc.js';
import { changeDirectory, enterMounts, O_PATH, unshareMounts } from '../../../native/namespace.js';
import { ApplicationNamespace } from './application-namespace.js';
import { assemble } from './assembly.js';
import { MOUNT_NAME, mountIdOf } from './mount-flags.js';
import type { PlannedMount } from './planned-mount.js';
import { refused } from './refusal.js';

/** The mount namespace of this thread. Source: namespaces(7). */
const OWN_NAMESPACE = '/proc/thread-self/ns/mnt';

/**
 * Moves the main thread into a new mount namespace for the rest of its life.
 * Requires: the main thread; `needsUserNamespace()` returned false.
 * Errors: FUSE_DEVICE_DENIED, MOUNT_REFUSED.
 */
export function enterBaseNamespace(environment: RuntimeEnvironment): BaseNamespace {
	invariant(isMainThread, 'only the main thread, which starts all programs, has the namespace');
	attempt('create a mount namespace', unshareMounts);
	attempt('separate the mounts from the machine', separate);
	const origin = {
		namespace: openSync(OWN_NAMESPACE, 'r'),
		directory: holdWorkingDirectory(),
		path: workingDirectory(),
	};
	const root = identityOfRoot();
	attempt('enter the mount namespace', () => enterMounts(origin.namespace));
	changeDirectory(origin.directory);
	if (identityOfRoot() !== root) throw insideChroot();
	return makeBase(environment, origin);
}

/** Later mounts and unmounts of the machine propagate into this namespace, and none out of it. */
function separate(): void {
	try {
		mount(null, '/', null, MS.SLAVE | MS.REC, null);
	} catch (error) {
		// The root of a chroot is not a mount.
		throw systemCode(error) === 'EINVAL' ? insideChroot(error) : error;
	}
}

/** Identifies the mount and its directory: several mounts may show the same directory. */
function identityOfRoot(): string {
	const root = openSync('/', O_PATH);
	const { dev, ino } = fstatSync(root);
	const mountId = mountIdOf(root);
	closeSync(root);
	return `${mountId} ${dev} ${ino}`;
}

/** Entering a namespace leads to its root, which is outside the chroot. */
function insideChroot(cause?: unknown): ConfigMapFsError {
	return new ConfigMapFsError(
		'MOUNT_REFUSED',
		'cannot separate the mounts from the machine: this is a chroot; run outside it, or use --root-dir DIR',
		{ cause },
	);
}

function attempt<T>(step: string, act: () => T): T {
	try {
		return act();
	} catch (error) {
		throw refused(step, error);
	}
}

function holdWorkingDirectory(): number {
	try {
		return openSync('.', O_PATH);
	} catch {
		return openSync('/', O_PATH);
	}
}

/** Where the main thread is between two visits of other namespaces. */
interface Origin {
	readonly namespace: number;
	/** Descriptor and path of the working directory. */
	readonly directory: number;
	readonly path: string;
}

function makeBase(environment: RuntimeEnvironment, origin: Origin): BaseNamespace {
	const runtime = makeRuntimeDirectory(environment);
	try {
		const stage = join(realpathSync.native(runtime.path), 'stage');
		mkdirSync(stage, { mode: 0o700 });
		attempt('mount a tmpfs', () => mount(MOUNT_NAME, stage, 'tmpfs', MS.NOSUID | MS.NODEV, 'mode=700'));
		return new BaseNamespace(stage, { ...origin, runtime, uid: environment.uid });
	} catch (error) {
		runtime.remove();
		throw error;
	}
}

export class BaseNamespace {
	/**
	 * A directory of mode 0700 in memory that only this namespace has; absolute, without links. On the machine the same
	 * path is an empty directory with a lock, even after this process was killed.
	 */
	readonly stage: string;
	/** The directory of the machine with the lock. */
	readonly machineDirectory: string;
	/** Makes drivers create their files on the stage. */
	readonly environment: RuntimeEnvironment;
	readonly #origin: Origin;
	readonly #runtime: RuntimeDirectory;
	#isClosed = false;

	constructor(stage: string, own: Origin & { readonly runtime: RuntimeDirectory; readonly uid: number }) {
		this.stage = stage;
		this.environment = { uid: own.uid, xdgRuntimeDirectory: stage, temporary: stage };
		this.#origin = own;
		this.#runtime = own.runtime;
		this.machineDirectory = own.runtime.path;
	}

	/**
	 * Creates the namespace for one start of the application: a copy of this one with the mounts of `plan`, which is in
	 * order of depth, and without the stage. Missing mount points are created in it alone, not on the machine.
	 * Errors: MOUNT_POINT_INVALID, MOUNT_REFUSED, FUSE_DEVICE_DENIED, which name the mountPath; nothing is left behind.
	 */
	build(plan: readonly PlannedMount[]): ApplicationNamespace {
		attempt('create a mount namespace', unshareMounts);
		let fd: number | undefined;
		try {
			fd = openSync(OWN_NAMESPACE, 'r');
			const assembly = assemble(plan, this.stage);
			return new ApplicationNamespace(fd, assembly, (namespace, act) => this.#visit(namespace, act));
		} catch (error) {
			if (fd !== undefined) closeSync(fd);
			throw error;
		} finally {
			this.#return();
		}
	}

	#visit<T>(namespace: number, act: () => T): T {
		enterMounts(namespace);
		try {
			goTo(this.#origin.path);
			return act();
		} finally {
			this.#return();
		}
	}

	#return(): void {
		enterMounts(this.#origin.namespace);
		changeDirectory(this.#origin.directory);
	}

	/** Removes the stage with everything on it. Requires: drivers that use it have ended. Idempotent. */
	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		umount2(this.stage, MNT.DETACH);
		this.#runtime.remove();
	}
}

function workingDirectory(): string {
	try {
		return process.cwd();
	} catch {
		return '/';
	}
}

/** Stays in the root, to which entering a namespace leads, if the directory cannot be entered. */
function goTo(directory: string): void {
	try {
		changeDirectory(directory);
	} catch {
		// A volume hides the directory, or it was removed.
	}
}
