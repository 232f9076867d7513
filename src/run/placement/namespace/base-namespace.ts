/**
 * The daemon's own mount namespace: everything that the machine shows, and a directory that nobody else can see for its
 * journal, its mounts and what applications write. An application gets a copy of it with its volumes.
 *
 * It is this process's main thread alone that is in it, with what it starts. The pool's threads, which serve promises
 * and callbacks of `fs`, stay in the machine's: they see the same files, but nothing of the stage.
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

/** Of this thread. Source: namespaces(7). */
const OWN_NAMESPACE = '/proc/thread-self/ns/mnt';

/**
 * Puts the main thread into a namespace of its own, for the rest of its life.
 * Requires: the main thread; `needsUserNamespace()` has said no.
 * Errors: FUSE_DEVICE_DENIED, MOUNT_REFUSED.
 */
export function enterBaseNamespace(environment: RuntimeEnvironment): BaseNamespace {
	invariant(isMainThread, 'a namespace is for the main thread, which starts all programs');
	attempt('make a mount namespace', unshareMounts);
	attempt('separate the mounts from the machine', separate);
	const place = {
		namespace: openSync(OWN_NAMESPACE, 'r'),
		directory: holdWorkingDirectory(),
		path: workingDirectory(),
	};
	const root = identityOfRoot();
	attempt('enter the mount namespace', () => enterMounts(place.namespace));
	changeDirectory(place.directory);
	if (identityOfRoot() !== root) throw insideChroot();
	return makeBase(environment, place);
}

/** What the machine mounts and unmounts later is seen here too, and nothing of here is seen there. */
function separate(): void {
	try {
		mount(null, '/', null, MS.SLAVE | MS.REC, null);
	} catch (error) {
		// The root of a chroot is no mount.
		throw systemCode(error) === 'EINVAL' ? insideChroot(error) : error;
	}
}

/** The mount and what is mounted there: the same directory may be reached by several mounts. */
function identityOfRoot(): string {
	const root = openSync('/', O_PATH);
	const { dev, ino } = fstatSync(root);
	const mountId = mountIdOf(root);
	closeSync(root);
	return `${mountId} ${dev} ${ino}`;
}

/** Entering a namespace leads to its root, which is outside of a chroot. */
function insideChroot(cause?: unknown): ConfigMapFsError {
	return new ConfigMapFsError(
		'MOUNT_REFUSED',
		'Cannot separate the mounts from the machine: this is a chroot; run outside of it, or use --root-dir DIR',
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

/** Where this thread belongs. */
interface Place {
	readonly namespace: number;
	/** The working directory, and its path. */
	readonly directory: number;
	readonly path: string;
}

function makeBase(environment: RuntimeEnvironment, place: Place): BaseNamespace {
	const runtime = makeRuntimeDirectory(environment);
	try {
		const stage = join(realpathSync.native(runtime.path), 'stage');
		mkdirSync(stage, { mode: 0o700 });
		attempt('mount a tmpfs', () => mount(MOUNT_NAME, stage, 'tmpfs', MS.NOSUID | MS.NODEV, 'mode=700'));
		return new BaseNamespace(stage, { ...place, runtime, uid: environment.uid });
	} catch (error) {
		runtime.remove();
		throw error;
	}
}

export class BaseNamespace {
	/**
	 * A directory of mode 0700 in memory, absolute and without links, that only this namespace has. The machine has an
	 * empty directory with a lock there, whatever becomes of this process.
	 */
	readonly stage: string;
	/** What the machine has of it: a directory with a lock. */
	readonly machineDirectory: string;
	/** For drivers: their files belong on the stage. */
	readonly environment: RuntimeEnvironment;
	readonly #place: Place;
	readonly #runtime: RuntimeDirectory;
	#isClosed = false;

	constructor(stage: string, own: Place & { readonly runtime: RuntimeDirectory; readonly uid: number }) {
		this.stage = stage;
		this.environment = { uid: own.uid, xdgRuntimeDirectory: stage, temporary: stage };
		this.#place = own;
		this.#runtime = own.runtime;
		this.machineDirectory = own.runtime.path;
	}

	/**
	 * A namespace for one start of an application: this one's copy with the mounts of `plan`, which are in order of
	 * depth, and without the stage. Paths that do not exist on the machine are provided in it alone.
	 * Errors: MOUNT_POINT_INVALID, MOUNT_REFUSED, FUSE_DEVICE_DENIED, which name the mountPath; nothing is left then.
	 */
	build(plan: readonly PlannedMount[]): ApplicationNamespace {
		attempt('make a mount namespace', unshareMounts);
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
			goTo(this.#place.path);
			return act();
		} finally {
			this.#return();
		}
	}

	#return(): void {
		enterMounts(this.#place.namespace);
		changeDirectory(this.#place.directory);
	}

	/** Takes the stage away with everything on it. Requires: drivers that use it have ended. Idempotent. */
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

/** Entering a namespace has led to its root already. */
function goTo(directory: string): void {
	try {
		changeDirectory(directory);
	} catch {
		// A volume hides it, or it was removed.
	}
}
