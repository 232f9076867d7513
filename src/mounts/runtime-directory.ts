/**
 * A private directory in memory for the journal and the hidden mount of one daemon, and the removal of the directories
 * of killed daemons. A lock on a file in it shows that its owner lives.
 */

import {
	accessSync,
	closeSync,
	constants,
	lstatSync,
	mkdirSync,
	mkdtempSync,
	openSync,
	readdirSync,
	renameSync,
	rmdirSync,
	rmSync,
	statfsSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigMapFsError, errorText, systemCode } from '../base/errors.js';
import { tryLock } from '../native/libc.js';
import { readMountTable, unmountPath } from './mount-table.js';

const TMPFS_MAGIC = 0x01021994;
const LOCK = 'lock';

export interface RuntimeDirectory {
	readonly path: string;
	/** Removes it with everything in it. */
	remove(): void;
}

/**
 * The parent of all runtime directories of this user: in the first location that is in memory and writable, else in
 * `temporary`. It is created if it does not exist. Errors: MOUNT_POINT_INVALID.
 */
export function runtimeParent(environment: RuntimeEnvironment): string {
	const { xdgRuntimeDirectory, uid, temporary } = environment;
	const locations = [
		...(xdgRuntimeDirectory === undefined ? [] : [{ parent: xdgRuntimeDirectory, name: 'configmapfs' }]),
		{ parent: '/run', name: 'configmapfs' },
		{ parent: '/dev/shm', name: `configmapfs-${uid}` },
	];
	for (const { parent, name } of locations) {
		try {
			if (statfsSync(parent).type === TMPFS_MAGIC) return makeOwn(join(parent, name));
		} catch {
			// It does not exist or is not writable: try the next location.
		}
	}
	try {
		return makeOwn(join(temporary, `configmapfs-${uid}`));
	} catch (error) {
		if (error instanceof ConfigMapFsError) throw error;
		const text =
			'no directory for private files: neither /run nor /dev/shm is a tmpfs that this user may write to, and ' +
			`"${temporary}" cannot be used either (${errorText(error)}); set TMPDIR to a writable directory`;
		throw new ConfigMapFsError('MOUNT_POINT_INVALID', text, { cause: error });
	}
}

/**
 * Errors: the system error if the directory cannot be created; MOUNT_POINT_INVALID if another user owns it, who could
 * have created it first in a parent that every user may write to.
 */
function makeOwn(path: string): string {
	try {
		mkdirSync(path, { mode: 0o700 });
	} catch (error) {
		if (systemCode(error) !== 'EEXIST') throw error;
	}
	const { uid, mode } = lstatSync(path);
	const isOwn = uid === process.getuid?.() && (mode & (constants.S_IWGRP | constants.S_IWOTH)) === 0;
	if (!isOwn || (mode & constants.S_IFMT) !== constants.S_IFDIR) {
		throw new ConfigMapFsError('MOUNT_POINT_INVALID', `"${path}" belongs to another user; ask them to remove it`);
	}
	accessSync(path, constants.W_OK);
	return path;
}

export interface RuntimeEnvironment {
	readonly uid: number;
	/** `$XDG_RUNTIME_DIR`. */
	readonly xdgRuntimeDirectory: string | undefined;
	/** The directory for temporary files, used if no tmpfs is writable. */
	readonly temporary: string;
}

/** Creates a new directory of mode 0700, and removes those whose owners are gone. Errors: MOUNT_POINT_INVALID. */
export function makeRuntimeDirectory(environment: RuntimeEnvironment): RuntimeDirectory {
	const { parent, path } = makeNew(environment);
	removeAbandoned(parent, path);
	const lock = makeLock(parent, path);
	return {
		path,
		remove() {
			// After a failed start the mount is still here.
			detachBelow(path);
			rmSync(path, { recursive: true, force: true });
			closeSync(lock);
			removeIfEmpty(parent);
		},
	};
}

/**
 * Locks the file before it has its name, so that a lock file without a lock is never that of a living owner.
 * Errors: MOUNT_POINT_INVALID; the directory is then removed.
 */
function makeLock(parent: string, path: string): number {
	try {
		const unnamed = join(path, `${LOCK}.new`);
		const lock = openSync(unnamed, 'w', 0o600);
		tryLock(lock);
		renameSync(unnamed, join(path, LOCK));
		return lock;
	} catch (error) {
		rmSync(path, { recursive: true, force: true });
		removeIfEmpty(parent);
		const text =
			`cannot create a private file in "${parent}": ${errorText(error)}; set XDG_RUNTIME_DIR to a directory in ` +
			'memory that has room';
		throw new ConfigMapFsError('MOUNT_POINT_INVALID', text, { cause: error });
	}
}

/** Removes the directory of a daemon that has ended, with the mounts in it. Does nothing if a mount stays. */
export function removeRuntimeDirectory(path: string): void {
	detachBelow(path);
	// Removing the directory would remove the content of the mount.
	if (readMountTable().some(({ mountPoint }) => mountPoint.startsWith(`${path}/`))) return;
	try {
		rmSync(path, { recursive: true, force: true });
	} catch {
		// A mount of another namespace is there; the next daemon of this user tries again.
	}
	removeIfEmpty(dirname(path));
}

export function removeIfEmpty(parent: string): void {
	try {
		rmdirSync(parent);
	} catch {
		// Other daemons of this user use it.
	}
}

function detachBelow(path: string): void {
	for (const { mountPoint } of readMountTable()) {
		if (!mountPoint.startsWith(`${path}/`)) continue;
		try {
			unmountPath(mountPoint, 'forcibly');
		} catch {
			// It is a copy in another namespace, or already unmounted.
		}
	}
}

/** Tries again if the last other daemon removes the common parent in between. */
function makeNew(environment: RuntimeEnvironment): { readonly parent: string; readonly path: string } {
	for (let tries = 0; ; tries++) {
		const parent = runtimeParent(environment);
		try {
			return { parent, path: mkdtempSync(join(parent, 'mount-')) };
		} catch (error) {
			if (tries === 3) throw error;
		}
	}
}

function removeAbandoned(parent: string, own: string): void {
	for (const name of readdirSync(parent)) {
		const path = join(parent, name);
		if (!name.startsWith('mount-') || path === own) continue;
		try {
			const lock = openSync(join(path, LOCK), 'r');
			const abandoned = tryLock(lock);
			if (abandoned) {
				detachBelow(path);
				rmSync(path, { recursive: true, force: true });
			}
			closeSync(lock);
		} catch {
			// Its owner creates or removes it at this moment.
		}
	}
}
