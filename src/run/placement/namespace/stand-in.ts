/**
 * What takes the place of a host's directory in which something is missing, so that it can be made: a directory of the
 * namespace's own that shows everything of the host's, and is gone with the namespace.
 *
 * Below its directories everything is the host's own. Only names directly in it are the namespace's, and files directly
 * in it are copies once somebody writes them, where the kernel has an overlay for it.
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
	/** A directory on a file system in memory that only this namespace has. */
	readonly workshop: string;
	/** The mount table as it was before anything was made. */
	readonly table: readonly MountEntry[];
}

/** `missed` are the host's paths that cannot be shown. */
export interface StandIn {
	readonly missed: readonly string[];
	/** Made read-only where the host's directory is, once everything that was missing in it is there. */
	finish(): void;
}

/**
 * Puts a stand-in over `directory`, which is absolute and without links. For the root directory it is a new root, which
 * the thread is in when this returns; the old one is where only descriptors lead.
 * Errors: the system error of the step that was refused; EINVAL where the root is no mount point.
 */
export function standInFor(directory: string, options: StandInOptions): StandIn {
	if (directory === '/') return newRoot(options);
	const original = openSync(directory, O_PATH);
	try {
		const missed = overlay(original, directory, options) ?? memory(original, directory, options);
		return {
			missed: missed.map((name) => join(directory, name)),
			finish: () => likeOriginal(directory, mountAt(directory, options.table)),
		};
	} finally {
		closeSync(original);
	}
}

/** Undefined where the kernel has no overlay for this directory. */
function overlay(original: number, directory: string, options: StandInOptions): readonly string[] | undefined {
	const { workshop, table } = options;
	const own = mkdtempSync(join(workshop, 'overlay-'));
	const upper = join(own, 'upper');
	mkdirSync(upper);
	mkdirSync(join(own, 'work'));
	permitLike(original, upper);
	// Descriptors keep names with commas and colons out of the options.
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
		makes: false,
		// An overlay's sockets, pipes and devices are others than those below it.
		showing: (entry) =>
			(entry.isFile() && !mountPoints.has(entry.name.toString())) || entry.isSymbolicLink() ? 'leave' : 'bind',
	});
}

/**
 * EINVAL: something is mounted below that a user namespace may not take away, or the file system is none for an
 * overlay; ENODEV: no overlay in this kernel; EPERM: none in user namespaces, as before Linux 5.11, or a security
 * module.
 */
const OVERLAY_REFUSALS: ReadonlySet<string> = new Set(['EINVAL', 'ENODEV', 'EPERM', 'EACCES']);

/** Everything bound one by one, on a file system in memory. */
function memory(original: number, directory: string, { table }: StandInOptions): readonly string[] {
	mount(MOUNT_NAME, directory, 'tmpfs', keptFlags(mountAt(directory, table)) & ~MS.RDONLY, 'mode=755');
	permitLike(original, directory);
	return showEntries(original, directory, { makes: true, showing: bindOrCopy });
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
		permitLike(original, root);
		const missed = showEntries(original, root, { makes: true, showing: bindOrCopy });
		pivotRoot(fd);
		return { missed: missed.map((name) => join('/', name)), finish: () => likeOriginal('/', mountAt('/', table)) };
	} finally {
		closeSync(fd);
		closeSync(original);
	}
}

/**
 * Owner and mode of the host's directory. In a user namespace its owner may be nobody there; then it is the caller's,
 * who may not write in it where he may not write in the host's.
 */
function permitLike(original: number, path: string): void {
	const { uid, gid, mode } = statSync(pathOf(original));
	try {
		chownSync(path, uid, gid);
	} catch {
		// Somebody of outside the user namespace.
	}
	const isAllowed = isInitialUserNamespace() || mayWrite(pathOf(original));
	chmodSync(path, isAllowed ? mode & 0o7777 : mode & 0o7555);
}

/** Asks for the user himself, without the rights that this process has as a maker of mounts. Source: access(2). */
function mayWrite(path: string): boolean {
	try {
		accessSync(path, constants.W_OK);
		return true;
	} catch {
		return false;
	}
}

function likeOriginal(directory: string, entry: MountEntry | undefined): void {
	const flags = keptFlags(entry);
	if ((flags & MS.RDONLY) !== 0) mount(null, directory, null, MS.REMOUNT | MS.BIND | flags, null);
}
