/**
 * Stands in for a host directory that lacks a mount point: a directory of the namespace that shows all entries of the
 * host's, and in which the mount point can be created. It disappears with the namespace.
 *
 * Subdirectories are the host's own. New names directly in the stand-in belong to the namespace. With an overlay, a
 * file directly in it becomes a copy when it is written.
 */

import {
	accessSync,
	chmodSync,
	chownSync,
	closeSync,
	constants,
	mkdirSync,
	mkdtempSync,
	openSync,
	statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../../../base/errors.js';
import type { MountEntry } from '../../../mounts/mount-table.js';
import { MS, mount } from '../../../native/libc.js';
import { isInitialUserNamespace, O_PATH, pathOf, pivotRoot } from '../../../native/namespace.js';
import { showEntries } from './host-entries.js';
import { keptFlags, MOUNT_NAME, mountAt } from './mount-flags.js';

export interface StandInOptions {
	/** A directory in memory that only this namespace has. */
	readonly workshop: string;
	/** The mount table before the first change. */
	readonly table: readonly MountEntry[];
}

/** `missed`: paths of the host that cannot be shown. */
export interface StandIn {
	readonly missed: readonly string[];
	/** Makes it read-only if the host's directory is, after the mount points were created. */
	finish(): void;
}

/**
 * Mounts a stand-in over `directory`, which is absolute and without links. For the root directory it becomes the new
 * root of the thread; the old root can then be reached only by descriptors.
 * Errors: the system error of the step that was refused; EINVAL if the root is not a mount point.
 */
export function standInFor(directory: string, options: StandInOptions): StandIn {
	if (directory === '/') return newRoot(options);
	const original = openSync(directory, O_PATH);
	try {
		const missed = mountOverlay(original, directory, options) ?? mountTmpfs(original, directory, options);
		return {
			missed: missed.map((name) => join(directory, name)),
			finish: () => copyMountFlags(directory, mountAt(directory, options.table)),
		};
	} finally {
		closeSync(original);
	}
}

/** Returns undefined if the kernel refuses an overlay for this directory. */
function mountOverlay(original: number, directory: string, options: StandInOptions): readonly string[] | undefined {
	const { workshop, table } = options;
	const own = mkdtempSync(join(workshop, 'overlay-'));
	const upper = join(own, 'upper');
	mkdirSync(upper);
	mkdirSync(join(own, 'work'));
	copyPermissions(original, upper);
	// Paths by descriptor, because a comma or a colon in a name would break the options.
	const owner = openSync(own, O_PATH);
	const layers = `lowerdir=${pathOf(original)},upperdir=${pathOf(owner)}/upper,workdir=${pathOf(owner)}/work`;
	const flags = keptFlags(mountAt(directory, table)) & ~MS.RDONLY;
	try {
		mount(MOUNT_NAME, directory, 'overlay', flags, isInitialUserNamespace() ? layers : `${layers},userxattr`);
	} catch (error) {
		if (OVERLAY_REFUSALS.has(systemCode(error) ?? '')) return undefined;
		throw error;
	} finally {
		closeSync(owner);
	}
	const mountPoints = new Set(
		table.filter(({ mountPoint }) => dirname(mountPoint) === directory).map(({ mountPoint }) => basename(mountPoint)),
	);
	return showEntries(original, directory, {
		creates: false,
		// Sockets, pipes and devices of an overlay are not connected to those of the host.
		showing: (entry) =>
			(entry.isFile() && !mountPoints.has(entry.name.toString())) || entry.isSymbolicLink() ? 'leave' : 'bind',
	});
}

/**
 * EINVAL: a user namespace must not reveal what a mount below hides, or the file system does not support overlays;
 * ENODEV: the kernel has no overlay; EPERM: none in user namespaces, as before Linux 5.11, or a security module
 * refuses.
 */
const OVERLAY_REFUSALS: ReadonlySet<string> = new Set(['EINVAL', 'ENODEV', 'EPERM', 'EACCES']);

/** Binds the entries one by one into a tmpfs. */
function mountTmpfs(original: number, directory: string, { table }: StandInOptions): readonly string[] {
	mount(MOUNT_NAME, directory, 'tmpfs', keptFlags(mountAt(directory, table)) & ~MS.RDONLY, 'mode=755');
	copyPermissions(original, directory);
	return showEntries(original, directory, { creates: true, showing: bindOrCopy });
}

function bindOrCopy(entry: { isSymbolicLink(): boolean }): 'bind' | 'copy' {
	return entry.isSymbolicLink() ? 'copy' : 'bind';
}

function newRoot({ workshop, table }: StandInOptions): StandIn {
	const root = mkdtempSync(join(workshop, 'root-'));
	const original = openSync('/', O_PATH);
	mount(MOUNT_NAME, root, 'tmpfs', keptFlags(mountAt('/', table)) & ~MS.RDONLY, 'mode=755');
	const fd = openSync(root, O_PATH);
	try {
		copyPermissions(original, root);
		const missed = showEntries(original, root, { creates: true, showing: bindOrCopy });
		pivotRoot(fd);
		return { missed: missed.map((name) => join('/', name)), finish: () => copyMountFlags('/', mountAt('/', table)) };
	} finally {
		closeSync(fd);
		closeSync(original);
	}
}

/**
 * Copies owner and mode of the host's directory. If that owner does not exist in the user namespace, the caller owns
 * the stand-in, with write permission only if the caller may write to the host's directory.
 */
function copyPermissions(original: number, path: string): void {
	const { uid, gid, mode } = statSync(pathOf(original));
	try {
		chownSync(path, uid, gid);
	} catch {
		// The owner does not exist in the user namespace.
	}
	const isAllowed = isInitialUserNamespace() || mayWrite(pathOf(original));
	chmodSync(path, isAllowed ? mode & 0o7777 : mode & 0o7555);
}

/** Checks the real user, without the capabilities of this process. Source: access(2). */
function mayWrite(path: string): boolean {
	try {
		accessSync(path, constants.W_OK);
		return true;
	} catch {
		return false;
	}
}

function copyMountFlags(directory: string, entry: MountEntry | undefined): void {
	const flags = keptFlags(entry);
	if ((flags & MS.RDONLY) !== 0) mount(null, directory, null, MS.REMOUNT | MS.BIND | flags, null);
}
