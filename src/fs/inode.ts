/**
 * One inode of the tree, and a name in a directory. Plain state; the rules are in `inode-tree.ts`.
 */

import type { Segment } from '../journal/journal-reader.js';

export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
const S_IFMT = 0o170000;

/** What an entry adds to the size of its directory. Unit: bytes. Source: linux v6.1 mm/shmem.c, BOGO_DIRENT_SIZE. */
export const ENTRY_SIZE = 20;

/** A name in a directory. Invariant: `cookie` is unique in its directory, rises, and is never used for another name. */
export interface Dirent {
	readonly name: string;
	readonly inode: Inode;
	readonly cookie: number;
	/** False: the name resolves, but listings leave it out. */
	listed: boolean;
}

/** A name that was removed, and still resolves for walks that are under way. */
export interface Retired {
	readonly inode: Inode;
	/** Unit: milliseconds of the tree's clock. */
	readonly until: number;
	/** Where a listing of the stand-in directory goes on after this name. */
	readonly cookie: number;
}

export class Inode {
	/** The node id towards the kernel and the inode number that stat(2) shows. */
	readonly id: number;
	/** With type bits. */
	mode: number;
	uid: number;
	gid: number;
	mtimeUs: number;
	ctimeUs: number;
	nlink: number;
	/** Unit: bytes. */
	size: number;
	/** References that the kernel holds; FORGET gives them back. */
	nlookup = 0;
	/** Whether a name, or the grace of a removed name, still leads here. */
	holders = 0;

	/** Directories: names in the order of their cookies; keys are one character a byte. */
	readonly entries: Map<string, Dirent> | undefined;
	/** Directories: removed names in their grace, in the order of their cookies. */
	retired: Map<string, Retired> | undefined;
	nextCookie = 3;
	/** Directories: where ".." leads, by id. The root leads to itself; no directory ever moves. */
	parent: number;

	/** Symbolic links. */
	target: Buffer | undefined;

	/** Regular files: where the bytes are. */
	segment: Segment | undefined;
	offset = 0;

	/** A stand-in for a removed inode: it shows the same bytes, and is in no listing of a live directory. */
	readonly original: Inode | undefined;

	constructor(fields: InodeFields, original?: Inode) {
		this.id = fields.id;
		this.parent = original?.parent ?? fields.id;
		this.mode = fields.mode;
		this.uid = fields.uid;
		this.gid = fields.gid;
		this.mtimeUs = fields.mtimeUs;
		this.ctimeUs = fields.mtimeUs;
		this.original = original;
		this.entries = isDirectoryMode(fields.mode) && original === undefined ? new Map() : undefined;
		this.nlink = isDirectoryMode(fields.mode) ? 2 : 1;
		this.size = isDirectoryMode(fields.mode) ? 2 * ENTRY_SIZE : 0;
	}

	get isDirectory(): boolean {
		return isDirectoryMode(this.mode);
	}

	get isSymlink(): boolean {
		return (this.mode & S_IFMT) === S_IFLNK;
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
}

function isDirectoryMode(mode: number): boolean {
	return (mode & S_IFMT) === S_IFDIR;
}
