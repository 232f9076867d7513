/**
 * The structures of FUSE messages: the fields of each request by opcode, and of the replies, in the order of the
 * header. Offsets follow from the order, so nothing else in this program contains one.
 * Source: linux/fuse.h 7.38.
 */

import { IN_HEADER_SIZE, type OpcodeName } from './constants.js';

export interface Field {
	/** Requests: from the start of the message. Replies: from the start of the structure. Unit: bytes. */
	readonly offset: number;
	/** Unit: bytes; 0 for a name. */
	readonly size: number;
}

type Fields<Sizes> = { readonly [Name in keyof Sizes]: Field };

/** A NUL-terminated name, the last field. */
const NAME = 0;

/** Lays the fields out one behind the other, from `start`. */
function struct<const Sizes extends Readonly<Record<string, number>>>(start: number, sizes: Sizes): Fields<Sizes> {
	let offset = start;
	const fields: Record<string, Field> = {};
	for (const [name, size] of Object.entries(sizes)) {
		fields[name] = { offset, size };
		offset += size;
	}
	return fields as Fields<Sizes>;
}

function request<const Sizes extends Readonly<Record<string, number>>>(sizes: Sizes): Fields<Sizes> {
	return struct(IN_HEADER_SIZE, sizes);
}

const read = request({ fh: 8, offset: 8, size: 4 });
const open = request({ flags: 4 });
const name = request({ name: NAME });

/** The body of each request, up to its last field that this program reads. */
export const REQUEST = {
	LOOKUP: name,
	FORGET: request({ nlookup: 8 }),
	SETATTR: request({
		...{ valid: 4, padding: 4, fh: 8, size: 8, lockOwner: 8, atime: 8, mtime: 8, ctime: 8 },
		...{ atimeNs: 4, mtimeNs: 4, ctimeNs: 4, mode: 4 },
	}),
	/** The target follows the name. */
	SYMLINK: name,
	MKNOD: request({ mode: 4, rdev: 4, umask: 4, padding: 4, name: NAME }),
	MKDIR: request({ mode: 4, umask: 4, name: NAME }),
	UNLINK: name,
	RMDIR: name,
	/** The new name follows the name. */
	RENAME: request({ newDirectory: 8, name: NAME }),
	RENAME2: request({ newDirectory: 8, flags: 4, padding: 4, name: NAME }),
	LINK: request({ oldNode: 8, name: NAME }),
	OPEN: open,
	OPENDIR: open,
	READ: read,
	READDIR: read,
	READDIRPLUS: read,
	WRITE: read,
	GETXATTR: request({ size: 4, padding: 4, name: NAME }),
	CREATE: request({ flags: 4, mode: 4, umask: 4, openFlags: 4, name: NAME }),
	INTERRUPT: request({ unique: 8 }),
	INIT: request({ major: 4, minor: 4, maxReadahead: 4, flags: 4 }),
	BATCH_FORGET: request({ count: 4, padding: 4 }),
} as const satisfies Partial<Record<OpcodeName, Fields<unknown>>>;

/** Size of struct fuse_forget_one, which BATCH_FORGET repeats. Unit: bytes. */
const FORGET_ONE_SIZE = 16;

/** The fields of the forget with this index in BATCH_FORGET. */
export function forgetOne(index: number) {
	const { padding } = REQUEST.BATCH_FORGET;
	return struct(padding.offset + padding.size + index * FORGET_ONE_SIZE, { node: 8, nlookup: 8 });
}

/** Sizes of structures. Unit: bytes. */
export const SIZE = {
	attr: 88,
	entryOut: 128,
	attrOut: 104,
	openOut: 16,
	statfsOut: 80,
	initOut: 64,
	dirent: 24,
} as const;

/** struct fuse_attr. */
export const ATTR = struct(0, {
	...{ ino: 8, size: 8, blocks: 8, atime: 8, mtime: 8, ctime: 8 },
	...{ atimeNs: 4, mtimeNs: 4, ctimeNs: 4, mode: 4, nlink: 4, uid: 4, gid: 4, rdev: 4, blockSize: 4, flags: 4 },
});
export const ENTRY_OUT = struct(0, {
	...{ node: 8, generation: 8, entryValid: 8, attrValid: 8, entryValidNs: 4, attrValidNs: 4, attr: SIZE.attr },
});
export const ATTR_OUT = struct(0, { attrValid: 8, attrValidNs: 4, padding: 4, attr: SIZE.attr });
export const OPEN_OUT = struct(0, { fh: 8, openFlags: 4 });
/** struct fuse_kstatfs. */
export const STATFS_OUT = struct(0, {
	...{ blocks: 8, blocksFree: 8, blocksAvailable: 8, files: 8, filesFree: 8 },
	...{ blockSize: 4, nameLength: 4, fragmentSize: 4 },
});
export const INIT_OUT = struct(0, {
	...{ major: 4, minor: 4, maxReadahead: 4, flags: 4, maxBackground: 2, congestionThreshold: 2 },
	...{ maxWrite: 4, timeGran: 4, maxPages: 2 },
});
export const DIRENT = struct(0, { ino: 8, cookie: 8, nameLength: 4, type: 4, name: NAME });
