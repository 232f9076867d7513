/**
 * The owner, group and mode bits that a node shows. Pure.
 *
 * With a read-only view of the mount the modes are exactly kubelet's. A mount through fusermount3 has no such view, and a
 * reader that may open a file for writing could change the page cache of all readers through a shared mapping. There the
 * owner is chosen so that the caller is in a class that may read but not write; if no class qualifies, the write bit of
 * the caller's class is dropped (0600 shows as 0400).
 */

import type { ContentNode } from '../volume/content.js';

/** Owner and permission bits to show. */
export interface Presentation {
	readonly mode: number;
	readonly uid: number;
	readonly gid: number;
}

/** Decides how a node is shown; `mode` is kubelet's. */
export type Present = (kind: ContentNode['kind'], mode: number) => Presentation;

/** Owner and group. */
export interface Owner {
	readonly uid: number;
	readonly gid: number;
}

/** The user who mounts and reads. */
export interface Caller extends Owner {
	/** Supplementary groups. */
	readonly groups: readonly number[];
}

/** Modes and owner as kubelet sets them. Requires: readers cannot write, independently of the modes. */
export function presentExactly(owner: Owner): Present {
	const { uid, gid } = owner;
	return (_kind, mode) => ({ mode, uid, gid });
}

const ROOT = 0;
/** Linux's overflow id, which belongs to no real user. */
const NOBODY = 65534;

interface PermissionClass {
	readonly read: number;
	readonly write: number;
	owner(caller: Caller): Owner;
}

/** Root, as for kubelet's files, unless the caller is root or in its group. */
function stranger(caller: Caller): Owner {
	const own = new Set([caller.gid, ...caller.groups]);
	let gid = ROOT;
	for (let other = NOBODY; own.has(gid); other--) gid = other;
	return { uid: caller.uid === ROOT ? NOBODY : ROOT, gid };
}

/** The permission classes in the order of preference, each with an owner that puts the caller into it. */
const CLASSES: readonly PermissionClass[] = [
	{ read: 0o004, write: 0o002, owner: stranger },
	{ read: 0o040, write: 0o020, owner: (caller) => ({ uid: stranger(caller).uid, gid: caller.gid }) },
	{ read: 0o400, write: 0o200, owner: ({ uid, gid }) => ({ uid, gid }) },
];

/**
 * For a mount that `caller` may write to. Directories and links belong to the caller, because the daemon changes the
 * tree as the caller. `shown` replaces the chosen owner if the user requested one.
 */
export function presentUnwritable(caller: Caller, shown: Partial<Owner>): Present {
	const isRequested = shown.uid !== undefined || shown.gid !== undefined;
	return (kind, mode): Presentation => {
		if (kind !== 'file') return { mode, uid: caller.uid, gid: caller.gid, ...shown };
		const usable = CLASSES.find(({ read, write }) => (mode & read) !== 0 && (mode & write) === 0);
		const fallback = usable ?? CLASSES.find(({ read }) => (mode & read) !== 0);
		if (fallback === undefined) return { mode: mode & ~0o002, ...stranger(caller), ...shown };
		const owner = fallback.owner(caller);
		return isRequested ? { mode: mode & ~0o222, ...owner, ...shown } : { mode: mode & ~fallback.write, ...owner };
	};
}
