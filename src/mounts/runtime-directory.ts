/**
 * A private directory in memory for the journal and the hidden mount of one daemon, the claims of daemons that write
 * plain directories, and the removal of what killed daemons left. A lock on a file says that its owner lives.
 */

import { createHash } from 'node:crypto';
import {
	accessSync,
	closeSync,
	constants,
	lstatSync,
	mkdirSync,
	mkdtempSync,
	openSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmdirSync,
	rmSync,
	statfsSync,
	writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigMapFsError, errorText, systemCode } from '../base/errors.js';
import { tryLock } from '../native/libc.js';
import { readMountTable, unmountPath } from './mount-table.js';

const TMPFS_MAGIC = 0x01021994;
const LOCK = 'lock';
const CLAIM_PREFIX = 'directory-';

export interface RuntimeDirectory {
	readonly path: string;
	/** Removes it with everything in it. */
	remove(): void;
}

/**
 * The first of the usual places that is in memory and writable; `temporary` is used where none is.
 * Errors: MOUNT_POINT_INVALID.
 */
function base(environment: RuntimeEnvironment): string {
	const { xdgRuntimeDirectory, uid, temporary } = environment;
	const places = [
		...(xdgRuntimeDirectory === undefined ? [] : [{ parent: xdgRuntimeDirectory, name: 'configmapfs' }]),
		{ parent: '/run', name: 'configmapfs' },
		{ parent: '/dev/shm', name: `configmapfs-${uid}` },
	];
	for (const { parent, name } of places) {
		try {
			if (statfsSync(parent).type === TMPFS_MAGIC) return makeOwn(join(parent, name));
		} catch {
			// Not there, or not ours to write: the next place.
		}
	}
	try {
		return makeOwn(join(temporary, `configmapfs-${uid}`));
	} catch (error) {
		if (error instanceof ConfigMapFsError) throw error;
		const text =
			`No directory for private files: neither /run nor /dev/shm is a tmpfs that this user may write, and in ` +
			`"${temporary}" it fails too (${errorText(error)}); set TMPDIR to a directory that can be written`;
		throw new ConfigMapFsError('MOUNT_POINT_INVALID', text, { cause: error });
	}
}

/**
 * Errors: the system error when the directory cannot be made, and one when it is somebody else's: in a directory that
 * everybody may write, anybody could have put it there first.
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
		throw new ConfigMapFsError('MOUNT_POINT_INVALID', `"${path}" belongs to somebody else; ask them to remove it`);
	}
	accessSync(path, constants.W_OK);
	return path;
}

export interface RuntimeEnvironment {
	readonly uid: number;
	/** `$XDG_RUNTIME_DIR`. */
	readonly xdgRuntimeDirectory: string | undefined;
	/** The directory for temporary files. */
	readonly temporary: string;
}

/** Makes a directory of mode 0700 that nobody else has, after removing those whose owners are gone. */
export function makeRuntimeDirectory(environment: RuntimeEnvironment): RuntimeDirectory {
	const { parent, path } = makeNew(environment);
	removeAbandoned(parent, path);
	const lock = makeLock(parent, path);
	return {
		path,
		remove() {
			// A start that failed half-way has its mount here.
			detachBelow(path);
			rmSync(path, { recursive: true, force: true });
			closeSync(lock);
			removeIfEmpty(parent);
		},
	};
}

/**
 * Locked before it has its name, so that nobody ever finds it unlocked while its owner lives.
 * Errors: MOUNT_POINT_INVALID; the directory is gone.
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
		const text = `Cannot make a private file in "${parent}": ${errorText(error)}; set XDG_RUNTIME_DIR to a directory in memory with room`;
		throw new ConfigMapFsError('MOUNT_POINT_INVALID', text, { cause: error });
	}
}

/** Removes one whose owner is gone, as this process sees it; nothing when it cannot. */
export function removeRuntimeDirectory(path: string): void {
	detachBelow(path);
	// What is still mounted there is not to be lost.
	if (readMountTable().some(({ mountPoint }) => mountPoint.startsWith(`${path}/`))) return;
	try {
		rmSync(path, { recursive: true, force: true });
	} catch {
		// Somebody else's mount; the next daemon of this user tries again.
	}
	removeIfEmpty(dirname(path));
}

function removeIfEmpty(parent: string): void {
	try {
		rmdirSync(parent);
	} catch {
		// Other mounts of this user live there.
	}
}

function detachBelow(path: string): void {
	for (const { mountPoint } of readMountTable()) {
		if (!mountPoint.startsWith(`${path}/`)) continue;
		try {
			unmountPath(mountPoint, 'forcibly');
		} catch {
			// Another namespace's copy, or gone in between.
		}
	}
}

/** Tries again when the last mount that ends takes the common parent away in between. */
function makeNew(environment: RuntimeEnvironment): { readonly parent: string; readonly path: string } {
	for (let tries = 0; ; tries++) {
		const parent = base(environment);
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
			// It is being made or removed this very moment by its owner.
		}
	}
}

/** The right to write a plain directory, which one daemon at a time has. */
export interface DirectoryClaim {
	release(): void;
}

/** Who writes a plain directory. */
export interface ClaimOwner {
	readonly directory: string;
	readonly pid: number;
}

/**
 * Claims `directory`; undefined when somebody has it, whatever user that is. The claim ends with this process.
 * Requires: an absolute, canonical path of an existing directory.
 */
export function claimDirectory(environment: RuntimeEnvironment, directory: string): DirectoryClaim | undefined {
	const own = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
	if (!tryLock(own)) {
		closeSync(own);
		return undefined;
	}
	// Where the owner is found by `unmount`; the name keeps any path's length out.
	const parent = base(environment);
	const path = join(parent, CLAIM_PREFIX + createHash('sha256').update(directory).digest('hex').slice(0, 32));
	// Locked before it has its name, so that nobody ever finds it unlocked while its owner lives.
	const unnamed = `${path}.${process.pid}`;
	const record = openSync(unnamed, 'w', 0o600);
	tryLock(record);
	writeSync(record, JSON.stringify({ directory, pid: process.pid } satisfies ClaimOwner));
	renameSync(unnamed, path);
	return {
		release() {
			rmSync(path, { force: true });
			closeSync(record);
			closeSync(own);
			removeIfEmpty(parent);
		},
	};
}

/** The living daemons of this user that write plain directories; what killed ones left is removed. */
export function claimOwners(environment: RuntimeEnvironment): readonly ClaimOwner[] {
	const parent = base(environment);
	const owners: ClaimOwner[] = [];
	for (const name of readdirSync(parent)) {
		if (!name.startsWith(CLAIM_PREFIX)) continue;
		const path = join(parent, name);
		try {
			const record = openSync(path, 'r');
			const abandoned = tryLock(record);
			if (abandoned) rmSync(path, { force: true });
			else owners.push(JSON.parse(readFileSync(record, 'utf8')) as ClaimOwner);
			closeSync(record);
		} catch {
			// It is being made or removed this very moment by its owner.
		}
	}
	removeIfEmpty(parent);
	return owners;
}

/** Whether a living daemon has claimed it. */
export function isClaimed(directory: string): boolean {
	let fd: number;
	try {
		fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
	} catch {
		return false;
	}
	const isFree = tryLock(fd);
	closeSync(fd);
	return !isFree;
}
