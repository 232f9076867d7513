/**
 * The features that FUSE_INIT requests from the kernel, and why the others are refused. Pure.
 * Source: linux/fuse.h 7.38, struct fuse_init_in and fuse_init_out; measured on a 7.45 kernel.
 */

import {
	FUSE_KERNEL_MINOR_VERSION,
	FUSE_KERNEL_VERSION,
	FUSE_OLDEST_MINOR_VERSION,
	INIT_FLAG,
} from '../../wire/constants.js';
import type { InitOut } from '../../wire/reply.js';

/**
 * Flags that are requested when the kernel offers them.
 *
 * Refused on purpose: AUTO_INVAL_DATA (a file never changes under its inode), WRITEBACK_CACHE (nothing is written),
 * POSIX_LOCKS and FLOCK_LOCKS (locks stay local and free), POSIX_ACL, EXPORT_SUPPORT (ids are not found by parent),
 * ATOMIC_O_TRUNC, SECURITY_CTX, PASSTHROUGH (needs an OPEN for each open, which costs more than a cached read).
 */
const WANTED =
	INIT_FLAG.ASYNC_READ |
	INIT_FLAG.BIG_WRITES |
	INIT_FLAG.DO_READDIRPLUS |
	INIT_FLAG.READDIRPLUS_AUTO |
	INIT_FLAG.PARALLEL_DIROPS |
	INIT_FLAG.ABORT_ERROR |
	INIT_FLAG.MAX_PAGES |
	INIT_FLAG.CACHE_SYMLINKS |
	INIT_FLAG.EXPLICIT_INVAL_DATA;

/** The smallest value that the kernel accepts, because nothing is ever written. Unit: bytes. */
export const MAX_WRITE = 4096;
/** One READ requests at most 1 MiB. Unit: pages of 4 KiB. */
const MAX_PAGES = 256;

export interface InitIn {
	readonly major: number;
	readonly minor: number;
	readonly maxReadahead: number;
	readonly flags: number;
}

export interface Negotiated {
	readonly out: InitOut;
	/** Whether the kernel takes ENOSYS to OPEN and OPENDIR as "do not ask again". */
	readonly noOpen: boolean;
	readonly noOpendir: boolean;
}

/**
 * The outcome of INIT. The kernel sends INIT once for a connection, so a second session on it needs the outcome of the
 * first one.
 */
export interface Agreement {
	readonly minor: number;
	readonly flags: number;
	/** Whether OPEN and OPENDIR are answered with ENOSYS, after which the kernel does not send them any more. */
	readonly noOpen: boolean;
	readonly noOpendir: boolean;
}

/** The answer to INIT; undefined if the kernel's protocol is too old. */
export function negotiate(offer: InitIn): Negotiated | undefined {
	if (offer.major < FUSE_KERNEL_VERSION) return undefined;
	if (offer.major === FUSE_KERNEL_VERSION && offer.minor < FUSE_OLDEST_MINOR_VERSION) return undefined;
	const minor = offer.major > FUSE_KERNEL_VERSION ? FUSE_KERNEL_MINOR_VERSION : offer.minor;
	return {
		out: {
			major: FUSE_KERNEL_VERSION,
			minor: Math.min(minor, FUSE_KERNEL_MINOR_VERSION),
			maxReadahead: offer.maxReadahead,
			flags: offer.flags & WANTED,
			maxBackground: 64,
			congestionThreshold: 48,
			maxWrite: MAX_WRITE,
			timeGran: 1,
			maxPages: MAX_PAGES,
		},
		noOpen: (offer.flags & INIT_FLAG.NO_OPEN_SUPPORT) !== 0,
		noOpendir: (offer.flags & INIT_FLAG.NO_OPENDIR_SUPPORT) !== 0,
	};
}
