/**
 * Replies as bytes, written into one reused buffer. Independent of inodes and I/O.
 * Every method returns the length of the complete message. Source: linux/fuse.h 7.38.
 */

import type { Errno } from '../base/errno.js';
import { FOREVER_SECONDS, OUT_HEADER_SIZE, S_IFMT, S_IFREG } from './constants.js';
import { ATTR, ATTR_OUT, DIRENT, ENTRY_OUT, type Field, INIT_OUT, OPEN_OUT, SIZE, STATFS_OUT } from './fields.js';

const TWO_TO_32 = 0x1_0000_0000;
const BLOCK_SIZE = 4096;
const NAME_MAX = 255;
/** The unit of st_blocks. Unit: bytes. */
const STAT_BLOCK_SIZE = 512;

/** The attributes of an inode that stat(2) shows. */
export interface Attributes {
	readonly id: number;
	/** Unit: bytes. */
	readonly size: number;
	/** With type bits. */
	readonly mode: number;
	readonly nlink: number;
	readonly uid: number;
	readonly gid: number;
	/** Unit: microseconds since the epoch. */
	readonly mtimeUs: number;
	/** Unit: microseconds since the epoch. */
	readonly ctimeUs: number;
}

export class ReplyBuffer {
	readonly bytes: Buffer;

	constructor(size: number) {
		this.bytes = Buffer.alloc(size);
	}

	/** struct fuse_out_header with an error. */
	error(request: Buffer, errno: Errno): number {
		return this.#finish(request, 0, errno);
	}

	/** A reply whose body of `length` bytes is already at offset 16. */
	body(request: Buffer, length: number): number {
		return this.#finish(request, length);
	}

	/** struct fuse_entry_out. Unit: `validMs` of the name; the attributes stay valid for ever. */
	entry(request: Buffer, node: Attributes, validMs: number): number {
		this.#writeEntry(this.#clear(SIZE.entryOut), node, validMs);
		return this.#finish(request, SIZE.entryOut);
	}

	/** A negative entry, which the kernel keeps until the VFS creates the name: node id 0. */
	noEntry(request: Buffer): number {
		this.#set(this.#clear(SIZE.entryOut), ENTRY_OUT.entryValid, FOREVER_SECONDS);
		return this.#finish(request, SIZE.entryOut);
	}

	/** struct fuse_attr_out. */
	attr(request: Buffer, node: Attributes): number {
		const at = this.#clear(SIZE.attrOut);
		this.#set(at, ATTR_OUT.attrValid, FOREVER_SECONDS);
		this.#writeAttr(at + ATTR_OUT.attr.offset, node);
		return this.#finish(request, SIZE.attrOut);
	}

	/** struct fuse_open_out with file handle 0. */
	open(request: Buffer, openFlags: number): number {
		this.#set(this.#clear(SIZE.openOut), OPEN_OUT.openFlags, openFlags);
		return this.#finish(request, SIZE.openOut);
	}

	/** struct fuse_statfs_out. Unit: `usedBytes` in bytes, `files` in inodes. */
	statfs(request: Buffer, usedBytes: number, files: number): number {
		const at = this.#clear(SIZE.statfsOut);
		this.#set(at, STATFS_OUT.blocks, Math.ceil(usedBytes / BLOCK_SIZE));
		this.#set(at, STATFS_OUT.files, files);
		this.#set(at, STATFS_OUT.blockSize, BLOCK_SIZE);
		this.#set(at, STATFS_OUT.nameLength, NAME_MAX);
		this.#set(at, STATFS_OUT.fragmentSize, BLOCK_SIZE);
		return this.#finish(request, SIZE.statfsOut);
	}

	/** struct fuse_init_out. */
	init(request: Buffer, out: InitOut): number {
		const at = this.#clear(SIZE.initOut);
		for (const name of INIT_FIELDS) this.#set(at, INIT_OUT[name], out[name]);
		return this.#finish(request, SIZE.initOut);
	}

	/**
	 * Appends one struct fuse_dirent, or fuse_direntplus if `plus`, at body offset `used`.
	 * Returns the new number of body bytes, or -1 if the entry does not fit in `limit` body bytes.
	 * A plus entry for "." and ".." has node id 0, which gives the kernel no reference.
	 */
	dirent(used: number, limit: number, plus: boolean, entry: DirectoryEntry): number {
		const nameLength = entry.name.length;
		const head = plus ? SIZE.entryOut : 0;
		const size = (head + SIZE.dirent + nameLength + 7) & ~7;
		if (used + size > limit) return -1;
		const at = OUT_HEADER_SIZE + used;
		this.bytes.fill(0, at, at + size);
		if (plus && entry.node !== undefined) this.#writeEntry(at, entry.node, entry.validMs);
		const dirent = at + head;
		this.#set(dirent, DIRENT.ino, entry.id);
		this.#set(dirent, DIRENT.cookie, entry.cookie);
		this.#set(dirent, DIRENT.nameLength, nameLength);
		this.#set(dirent, DIRENT.type, entry.mode >>> 12);
		this.bytes.write(entry.name, dirent + DIRENT.name.offset, 'latin1');
		return used + size;
	}

	/** Requires: the structure is cleared. */
	#writeEntry(at: number, node: Attributes, validMs: number): void {
		const seconds = Math.floor(validMs / 1000);
		this.#set(at, ENTRY_OUT.node, node.id);
		this.#set(at, ENTRY_OUT.entryValid, seconds);
		this.#set(at, ENTRY_OUT.attrValid, FOREVER_SECONDS);
		this.#set(at, ENTRY_OUT.entryValidNs, Math.floor((validMs - seconds * 1000) * 1_000_000));
		this.#writeAttr(at + ENTRY_OUT.attr.offset, node);
	}

	/** Requires: the structure is cleared. */
	#writeAttr(at: number, node: Attributes): void {
		const isFile = (node.mode & S_IFMT) === S_IFREG;
		const mtime = Math.floor(node.mtimeUs / 1_000_000);
		const ctime = Math.floor(node.ctimeUs / 1_000_000);
		const mtimeNs = (node.mtimeUs - mtime * 1_000_000) * 1000;
		this.#set(at, ATTR.ino, node.id);
		this.#set(at, ATTR.size, node.size);
		// As tmpfs counts: complete pages for files, nothing for links and directories.
		this.#set(at, ATTR.blocks, isFile ? Math.ceil(node.size / BLOCK_SIZE) * (BLOCK_SIZE / STAT_BLOCK_SIZE) : 0);
		this.#set(at, ATTR.atime, mtime);
		this.#set(at, ATTR.mtime, mtime);
		this.#set(at, ATTR.ctime, ctime);
		this.#set(at, ATTR.atimeNs, mtimeNs);
		this.#set(at, ATTR.mtimeNs, mtimeNs);
		this.#set(at, ATTR.ctimeNs, (node.ctimeUs - ctime * 1_000_000) * 1000);
		this.#set(at, ATTR.mode, node.mode);
		this.#set(at, ATTR.nlink, node.nlink);
		this.#set(at, ATTR.uid, node.uid);
		this.#set(at, ATTR.gid, node.gid);
		this.#set(at, ATTR.blockSize, BLOCK_SIZE);
	}

	/** Clears a body and returns its offset. */
	#clear(size: number): number {
		this.bytes.fill(0, OUT_HEADER_SIZE, OUT_HEADER_SIZE + size);
		return OUT_HEADER_SIZE;
	}

	#set(at: number, { offset, size }: Field, value: number): void {
		if (size === 8) {
			this.bytes.writeUInt32LE(value % TWO_TO_32, at + offset);
			this.bytes.writeUInt32LE(Math.floor(value / TWO_TO_32), at + offset + 4);
		} else if (size === 4) this.bytes.writeUInt32LE(value >>> 0, at + offset);
		else this.bytes.writeUInt16LE(value, at + offset);
	}

	#finish(request: Buffer, bodyLength: number, errno?: Errno): number {
		const length = OUT_HEADER_SIZE + bodyLength;
		this.bytes.writeUInt32LE(length, 0);
		this.bytes.writeInt32LE(errno === undefined ? 0 : -errno, 4);
		request.copy(this.bytes, 8, 8, 16);
		return length;
	}
}

/** One row of a directory listing. */
export interface DirectoryEntry {
	/** One character a byte. */
	readonly name: string;
	readonly id: number;
	/** With type bits; the entry shows only the type. */
	readonly mode: number;
	/** The position from which a listing continues after this entry. */
	readonly cookie: number;
	/** For plus entries; undefined for "." and "..". */
	readonly node: Attributes | undefined;
	readonly validMs: number;
}

const INIT_FIELDS = [
	'major',
	'minor',
	'maxReadahead',
	'flags',
	'maxBackground',
	'congestionThreshold',
	'maxWrite',
	'timeGran',
	'maxPages',
] as const;

/** The fields of struct fuse_init_out. */
export type InitOut = Readonly<Record<(typeof INIT_FIELDS)[number], number>>;
