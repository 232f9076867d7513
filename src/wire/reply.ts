/**
 * Replies as bytes, written into one reused buffer. Knows nothing of inodes or of I/O.
 * Every method returns the length of the whole message. Source: linux/fuse.h 7.38.
 */

import { FOREVER_SECONDS, OUT_HEADER_SIZE, S_IFMT, S_IFREG } from './constants.js';

const TWO_TO_32 = 0x1_0000_0000;
const BLOCK_SIZE = 4096;
const ENTRY_OUT_SIZE = 128;
const ATTR_SIZE = 88;
const DIRENT_HEADER_SIZE = 24;

/** What stat(2) shows of an inode. */
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

	/** fuse_out_header with an errno; exactly 16 bytes. Unit: `errno` is positive, 0 for success without a body. */
	error(request: Buffer, errno: number): number {
		return this.#finish(request, OUT_HEADER_SIZE, errno);
	}

	/** A reply whose body of `length` bytes already stands at offset 16. */
	body(request: Buffer, length: number): number {
		return this.#finish(request, OUT_HEADER_SIZE + length, 0);
	}

	/** struct fuse_entry_out. Unit: `validMs` of the name; the attributes stay valid for ever. */
	entry(request: Buffer, node: Attributes, validMs: number): number {
		this.#writeEntry(OUT_HEADER_SIZE, node, validMs);
		return this.#finish(request, OUT_HEADER_SIZE + ENTRY_OUT_SIZE, 0);
	}

	/** A negative entry, remembered until the VFS creates the name: nodeid 0. */
	noEntry(request: Buffer): number {
		this.bytes.fill(0, OUT_HEADER_SIZE, OUT_HEADER_SIZE + ENTRY_OUT_SIZE);
		this.bytes.writeUInt32LE(FOREVER_SECONDS, OUT_HEADER_SIZE + 16);
		return this.#finish(request, OUT_HEADER_SIZE + ENTRY_OUT_SIZE, 0);
	}

	/** struct fuse_attr_out. */
	attr(request: Buffer, node: Attributes): number {
		this.bytes.fill(0, OUT_HEADER_SIZE, OUT_HEADER_SIZE + 16);
		this.bytes.writeUInt32LE(FOREVER_SECONDS, OUT_HEADER_SIZE);
		this.#writeAttr(OUT_HEADER_SIZE + 16, node);
		return this.#finish(request, OUT_HEADER_SIZE + 16 + ATTR_SIZE, 0);
	}

	/** struct fuse_open_out with file handle 0. */
	open(request: Buffer, openFlags: number): number {
		this.bytes.fill(0, OUT_HEADER_SIZE, OUT_HEADER_SIZE + 16);
		this.bytes.writeUInt32LE(openFlags, OUT_HEADER_SIZE + 8);
		return this.#finish(request, OUT_HEADER_SIZE + 16, 0);
	}

	/** struct fuse_statfs_out. Unit: `usedBytes` in bytes, `files` in inodes. */
	statfs(request: Buffer, usedBytes: number, files: number): number {
		const at = OUT_HEADER_SIZE;
		this.bytes.fill(0, at, at + 80);
		this.#u64(at, Math.ceil(usedBytes / BLOCK_SIZE));
		this.#u64(at + 24, files);
		this.bytes.writeUInt32LE(BLOCK_SIZE, at + 40);
		this.bytes.writeUInt32LE(255, at + 44);
		this.bytes.writeUInt32LE(BLOCK_SIZE, at + 48);
		return this.#finish(request, at + 80, 0);
	}

	/** struct fuse_init_out (64 bytes). */
	init(request: Buffer, out: InitOut): number {
		const at = OUT_HEADER_SIZE;
		this.bytes.fill(0, at, at + 64);
		this.bytes.writeUInt32LE(out.major, at);
		this.bytes.writeUInt32LE(out.minor, at + 4);
		this.bytes.writeUInt32LE(out.maxReadahead, at + 8);
		this.bytes.writeUInt32LE(out.flags >>> 0, at + 12);
		this.bytes.writeUInt16LE(out.maxBackground, at + 16);
		this.bytes.writeUInt16LE(out.congestionThreshold, at + 18);
		this.bytes.writeUInt32LE(out.maxWrite, at + 20);
		this.bytes.writeUInt32LE(out.timeGran, at + 24);
		this.bytes.writeUInt16LE(out.maxPages, at + 28);
		return this.#finish(request, at + 64, 0);
	}

	/**
	 * Appends one struct fuse_dirent, or fuse_direntplus when `plus`, at body offset `used`.
	 * Returns the new number of body bytes, or -1 when the entry does not fit in `limit` body bytes.
	 * A plus entry for "." and ".." carries node id 0, which gives the kernel no reference.
	 */
	dirent(used: number, limit: number, plus: boolean, entry: DirectoryEntry): number {
		const nameLength = entry.name.length;
		const head = plus ? ENTRY_OUT_SIZE : 0;
		const size = (head + DIRENT_HEADER_SIZE + nameLength + 7) & ~7;
		if (used + size > limit) return -1;
		const at = OUT_HEADER_SIZE + used;
		this.bytes.fill(0, at, at + size);
		if (plus && entry.node !== undefined) this.#writeEntry(at, entry.node, entry.validMs);
		const dirent = at + head;
		this.#u64(dirent, entry.id);
		this.#u64(dirent + 8, entry.cookie);
		this.bytes.writeUInt32LE(nameLength, dirent + 16);
		this.bytes.writeUInt32LE(entry.mode >>> 12, dirent + 20);
		this.bytes.write(entry.name, dirent + 24, 'latin1');
		return used + size;
	}

	#writeEntry(at: number, node: Attributes, validMs: number): void {
		this.#u64(at, node.id);
		this.#u64(at + 8, 0);
		const seconds = Math.floor(validMs / 1000);
		this.#u64(at + 16, seconds);
		this.#u64(at + 24, FOREVER_SECONDS);
		this.bytes.writeUInt32LE(Math.floor((validMs - seconds * 1000) * 1_000_000), at + 32);
		this.bytes.writeUInt32LE(0, at + 36);
		this.#writeAttr(at + 40, node);
	}

	#writeAttr(at: number, node: Attributes): void {
		const bytes = this.bytes;
		this.#u64(at, node.id);
		this.#u64(at + 8, node.size);
		// As tmpfs counts: whole pages for files, nothing for links and directories. Unit: 512 bytes.
		this.#u64(at + 16, (node.mode & S_IFMT) === S_IFREG ? Math.ceil(node.size / BLOCK_SIZE) * (BLOCK_SIZE / 512) : 0);
		const mtime = Math.floor(node.mtimeUs / 1_000_000);
		const ctime = Math.floor(node.ctimeUs / 1_000_000);
		const mtimeNs = (node.mtimeUs - mtime * 1_000_000) * 1000;
		this.#u64(at + 24, mtime);
		this.#u64(at + 32, mtime);
		this.#u64(at + 40, ctime);
		bytes.writeUInt32LE(mtimeNs, at + 48);
		bytes.writeUInt32LE(mtimeNs, at + 52);
		bytes.writeUInt32LE((node.ctimeUs - ctime * 1_000_000) * 1000, at + 56);
		bytes.writeUInt32LE(node.mode, at + 60);
		bytes.writeUInt32LE(node.nlink, at + 64);
		bytes.writeUInt32LE(node.uid, at + 68);
		bytes.writeUInt32LE(node.gid, at + 72);
		bytes.writeUInt32LE(0, at + 76);
		bytes.writeUInt32LE(BLOCK_SIZE, at + 80);
		bytes.writeUInt32LE(0, at + 84);
	}

	#u64(at: number, value: number): void {
		this.bytes.writeUInt32LE(value % TWO_TO_32, at);
		this.bytes.writeUInt32LE(Math.floor(value / TWO_TO_32), at + 4);
	}

	#finish(request: Buffer, length: number, errno: number): number {
		this.bytes.writeUInt32LE(length, 0);
		this.bytes.writeInt32LE(errno === 0 ? 0 : -errno, 4);
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
	/** Where a listing goes on after this entry. */
	readonly cookie: number;
	/** For plus entries; undefined for "." and "..". */
	readonly node: Attributes | undefined;
	readonly validMs: number;
}

/** The fields of struct fuse_init_out that this server sets. */
export interface InitOut {
	readonly major: number;
	readonly minor: number;
	readonly maxReadahead: number;
	readonly flags: number;
	readonly maxBackground: number;
	readonly congestionThreshold: number;
	readonly maxWrite: number;
	readonly timeGran: number;
	readonly maxPages: number;
}
