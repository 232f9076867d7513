/**
 * Numbers of the FUSE protocol, with the header's own names. Tables only.
 * Source: linux/fuse.h 7.38, checked against the offers of a 7.45 kernel.
 */

export const FUSE_KERNEL_VERSION = 7;
/** The minor version of this server; the kernel uses the structures of the lower one. */
export const FUSE_KERNEL_MINOR_VERSION = 31;
/** Below this minor the structures have other sizes. */
export const FUSE_OLDEST_MINOR_VERSION = 12;
export const FUSE_ROOT_ID = 1;

/** Size of fuse_in_header and of fuse_out_header. Unit: bytes. */
export const IN_HEADER_SIZE = 40;
export const OUT_HEADER_SIZE = 16;

/** enum fuse_opcode. */
export const OPCODE = {
	LOOKUP: 1,
	FORGET: 2,
	GETATTR: 3,
	SETATTR: 4,
	READLINK: 5,
	SYMLINK: 6,
	MKNOD: 8,
	MKDIR: 9,
	UNLINK: 10,
	RMDIR: 11,
	RENAME: 12,
	LINK: 13,
	OPEN: 14,
	READ: 15,
	WRITE: 16,
	STATFS: 17,
	RELEASE: 18,
	FSYNC: 20,
	SETXATTR: 21,
	GETXATTR: 22,
	LISTXATTR: 23,
	REMOVEXATTR: 24,
	FLUSH: 25,
	INIT: 26,
	OPENDIR: 27,
	READDIR: 28,
	RELEASEDIR: 29,
	FSYNCDIR: 30,
	GETLK: 31,
	SETLK: 32,
	SETLKW: 33,
	ACCESS: 34,
	CREATE: 35,
	INTERRUPT: 36,
	BMAP: 37,
	DESTROY: 38,
	IOCTL: 39,
	POLL: 40,
	NOTIFY_REPLY: 41,
	BATCH_FORGET: 42,
	FALLOCATE: 43,
	READDIRPLUS: 44,
	RENAME2: 45,
	LSEEK: 46,
	COPY_FILE_RANGE: 47,
	SETUPMAPPING: 48,
	REMOVEMAPPING: 49,
	SYNCFS: 50,
	TMPFILE: 51,
	STATX: 52,
	COPY_FILE_RANGE_64: 53,
} as const;

export type OpcodeName = keyof typeof OPCODE;

const OPCODE_NAMES: readonly string[] = (() => {
	const names: string[] = [];
	for (const [name, code] of Object.entries(OPCODE)) names[code] = name;
	return names;
})();

/** `LOOKUP` for 1; `OPCODE_200` for one that is not in the table. */
export function opcodeName(opcode: number): string {
	return OPCODE_NAMES[opcode] ?? `OPCODE_${opcode}`;
}

/** Size of a table indexed by opcode. Room for opcodes that later kernels add. */
export const OPCODE_LIMIT = 64;

/** Flags of fuse_init_in.flags and fuse_init_out.flags. */
export const INIT_FLAG = {
	ASYNC_READ: 1 << 0,
	BIG_WRITES: 1 << 5,
	DO_READDIRPLUS: 1 << 13,
	READDIRPLUS_AUTO: 1 << 14,
	NO_OPEN_SUPPORT: 1 << 17,
	PARALLEL_DIROPS: 1 << 18,
	ABORT_ERROR: 1 << 21,
	MAX_PAGES: 1 << 22,
	CACHE_SYMLINKS: 1 << 23,
	NO_OPENDIR_SUPPORT: 1 << 24,
	EXPLICIT_INVAL_DATA: 1 << 25,
} as const;

/** Bits of fuse_open_out.open_flags. */
export const FOPEN = { KEEP_CACHE: 1 << 1, CACHE_DIR: 1 << 3, NOFLUSH: 1 << 5 } as const;

/** Bits of fuse_setattr_in.valid. */
export const FATTR = { MODE: 1 << 0, UID: 1 << 1, GID: 1 << 2, CTIME: 1 << 10 } as const;

/** File type bits of a mode, and the d_type of a directory entry. Source: stat(2), readdir(3). */
export const S_IFMT = 0o170000;
export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;

/** Validity of an answer that only a VFS operation changes: for ever in the kernel's arithmetic. Unit: seconds. */
export const FOREVER_SECONDS = 1_000_000_000;
