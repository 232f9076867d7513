/**
 * Linux error numbers by name, for replies to the kernel and for the results of system calls made through FFI.
 * Source: linux v6.1 include/uapi/asm-generic/errno-base.h and errno.h (x86-64 and arm64 share them).
 */

declare const brand: unique symbol;

/** A positive error number. Only the code that writes a reply, or calls into libfuse, changes its sign. */
export type Errno = number & { readonly [brand]: 'errno' };

const NUMBERS = {
	EPERM: 1,
	ENOENT: 2,
	EINTR: 4,
	EIO: 5,
	E2BIG: 7,
	EBADF: 9,
	EAGAIN: 11,
	ENOMEM: 12,
	EACCES: 13,
	EBUSY: 16,
	EEXIST: 17,
	ENODEV: 19,
	ENOTDIR: 20,
	EISDIR: 21,
	EINVAL: 22,
	ENOTTY: 25,
	ENOSPC: 28,
	EROFS: 30,
	ENAMETOOLONG: 36,
	ENOSYS: 38,
	ENOTEMPTY: 39,
	ELOOP: 40,
	ENODATA: 61,
	EPROTO: 71,
	EOPNOTSUPP: 95,
	ECONNABORTED: 103,
	ENOTCONN: 107,
	ETIMEDOUT: 110,
	ESTALE: 116,
} as const;

export type ErrnoName = keyof typeof NUMBERS;

export const ERRNO = NUMBERS as unknown as Readonly<Record<ErrnoName, Errno>>;

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(NUMBERS).map(([name, number]) => [number, name]));

/** `ENOENT` for 2; `errno 999` for a number that the table does not contain. */
export function errnoName(errno: number): string {
	return NAMES.get(errno) ?? `errno ${errno}`;
}
