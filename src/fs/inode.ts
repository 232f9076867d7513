/** One inode of the tree, and a name in a directory. State only; the rules are in `inode-tree.ts`. */

import type { StagedNode } from '../journal/record.js';
import type { Segment } from '../journal/segment.js';

export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
const S_IFMT = 0o170000;

export const TYPE_BITS: Readonly<Record<StagedNode['kind'], number>> = { dir: S_IFDIR, file: S_IFREG, link: S_IFLNK };

/** How much an entry adds to the size of its directory. Unit: bytes. Source: linux v6.1 mm/shmem.c, BOGO_DIRENT_SIZE. */
export const ENTRY_SIZE = 20;

/** A name in a directory. Invariant: `cookie` is unique in its directory, rises, and is never used for another name. */
export interface Dirent {
	readonly name: string;
	readonly inode: Inode;
	readonly cookie: number;
	/** False if the name resolves but listings omit it. */
	listed: boolean;
}

/** A removed name that still resolves for path walks in progress. */
export interface Retired {
	readonly inode: Inode;
	/** Unit: milliseconds of the tree's clock. */
	readonly until: number;
	/** The position from which a listing of the stand-in directory continues after this name. */
	readonly cookie: number;
}

export class Inode {
	/** The node id that the kernel uses and the inode number that stat(2) shows. */
	readonly id: number;
	/** With type bits. */
	mode = 0;
	uid = 0;
	gid = 0;
	mtimeUs = 0;
	ctimeUs = 0;
	nlink = 0;
	/** Unit: bytes. */
	size = 0;
	/** References that this server has given to the kernel; FORGET returns them. */
	nlookup = 0;
	/** Whether an earlier server may have given the kernel references that it has not returned yet. */
	mayBeHeld = false;
	/** Number of names, and of graces of removed names, that lead here. */
	holders = 0;

	/** Directories: names in the order of their cookies; keys have one character per byte. */
	readonly entries: Map<string, Dirent> | undefined;
	/** Directories: removed names in their grace, in the order of their cookies. */
	retired: Map<string, Retired> | undefined;
	nextCookie = 3;
	/** Directories: the id of "..". The root is its own parent; a directory never moves. */
	parent: number;

	/** Symbolic links. */
	target: Buffer | undefined;

	/**
	 * The segment that states the inode last. A later server needs it for as long as the inode lives, and reads the
	 * bytes of a file there, at `offset`. Undefined for the root, which is in every segment.
	 */
	segment: Segment | undefined;
	offset = 0;

	/** Set in a stand-in for a removed inode: it has the same bytes, and no live directory lists it. */
	readonly original: Inode | undefined;

	constructor(fields: InodeFields, original?: Inode) {
		this.id = fields.id;
		this.parent = original?.parent ?? fields.id;
		this.original = original;
		this.entries = isDirectoryMode(fields.mode) && original === undefined ? new Map() : undefined;
		this.set(fields);
	}

	/** Sets the attributes; link count and size are those of a file or directory without content. */
	set(fields: InodeFields): void {
		const isDirectory = isDirectoryMode(fields.mode);
		this.mode = fields.mode;
		this.uid = fields.uid;
		this.gid = fields.gid;
		this.mtimeUs = fields.mtimeUs;
		this.ctimeUs = fields.ctimeUs ?? fields.mtimeUs;
		this.nlink = isDirectory ? 2 : 1;
		this.size = isDirectory ? 2 * ENTRY_SIZE : 0;
	}

	touch(atUs: number): void {
		this.mtimeUs = atUs;
		this.ctimeUs = atUs;
	}

	/** Counts a listed entry as tmpfs does: 20 bytes for each, and a link for each directory. */
	countEntry(entry: Inode, by: 1 | -1): void {
		this.size += by * ENTRY_SIZE;
		if (entry.isDirectory) this.nlink += by;
	}

	/** The segment states the inode from now on. */
	moveTo(segment: Segment, offset: number): void {
		segment.acquire();
		this.segment?.release();
		this.segment = segment;
		this.offset = offset;
	}

	get isDirectory(): boolean {
		return isDirectoryMode(this.mode);
	}

	get isFile(): boolean {
		return (this.mode & S_IFMT) === S_IFREG;
	}
}

export interface InodeFields {
	readonly id: number;
	/** With type bits. */
	readonly mode: number;
	readonly uid: number;
	readonly gid: number;
	/** Unit: microseconds since the epoch. */
	readonly mtimeUs: number;
	/** Unit: microseconds since the epoch. Default: `mtimeUs`. */
	readonly ctimeUs?: number;
}

function isDirectoryMode(mode: number): boolean {
	return (mode & S_IFMT) === S_IFDIR;
}
