/**
 * Which owner, group and mode bits a node shows. Pure.
 *
 * With a read-only view of the mount the modes are exactly kubelet's. Through fusermount3 there is no such view, and a
 * file that its reader may open for writing could be mapped shared and changed in the page cache that every reader
 * sees. So there the owner is chosen so that the caller falls into a class that may read and not write; only where no
 * class does, the write bit of the caller's class is left out (0600 shows as 0400).
 */

import type { ContentNode } from '../volume/content.js';

/** Owner and permission bits to show. */
export interface Presentation {
	readonly mode: number;
	readonly uid: number;
	readonly gid: number;
}

/** Decides how a node is shown; `mode` is what kubelet would give it. */
export type Present = (kind: ContentNode['kind'], mode: number) => Presentation;

/** Owner and group. */
export interface Owner {
	readonly uid: number;
	readonly gid: number;
}

/** Who makes the mount, and so who reads it. */
export interface Caller extends Owner {
	/** Supplementary groups. */
	readonly groups: readonly number[];
}

/** Modes and owner as kubelet has them. Requires: readers cannot write, whatever the modes say. */
export function presentExactly(owner: Owner): Present {
	const { uid, gid } = owner;
	return (_kind, mode) => ({ mode, uid, gid });
}

const ROOT = 0;
/** The ids that Linux gives to nobody in particular. */
const NOBODY = 65534;

interface PermissionClass {
	readonly read: number;
	readonly write: number;
	owner(caller: Caller): Owner;
}

/** Root, as kubelet's files show, unless the caller is or belongs to it. */
function stranger(caller: Caller): Owner {
	const own = new Set([caller.gid, ...caller.groups]);
	let gid = ROOT;
	for (let other = NOBODY; own.has(gid); other--) gid = other;
	return { uid: caller.uid === ROOT ? NOBODY : ROOT, gid };
}

/** The class that the caller is put into by an owner, in the order of preference: others, group, owner. */
const CLASSES: readonly PermissionClass[] = [
	{ read: 0o004, write: 0o002, owner: stranger },
	{ read: 0o040, write: 0o020, owner: (caller) => ({ uid: stranger(caller).uid, gid: caller.gid }) },
	{ read: 0o400, write: 0o200, owner: ({ uid, gid }) => ({ uid, gid }) },
];

/**
 * For a mount that `caller` himself may write to. Directories and links belong to the caller, because the daemon
 * changes the tree as the caller. `shown` replaces the chosen owner where the person asked for one.
 */
export function presentUnwritable(caller: Caller, shown: Partial<Owner>): Present {
	const asked = shown.uid !== undefined || shown.gid !== undefined;
	return (kind, mode): Presentation => {
		if (kind !== 'file') return { mode, uid: caller.uid, gid: caller.gid, ...shown };
		const usable = CLASSES.find(({ read, write }) => (mode & read) !== 0 && (mode & write) === 0);
		const fallback = usable ?? CLASSES.find(({ read }) => (mode & read) !== 0);
		if (fallback === undefined) return { mode: mode & ~0o002, ...stranger(caller), ...shown };
		const owner = fallback.owner(caller);
		return asked ? { mode: mode & ~0o222, ...owner, ...shown } : { mode: mode & ~fallback.write, ...owner };
	};
}
