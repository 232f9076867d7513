/**
 * What Node does to its own process that it neither says nor undoes: the limit of open files, and its end. Calls of the
 * C library, one function a call, no policy.
 */

import { declareCalls } from './foreign-calls.js';

const { call, checked } = declareCalls({
	prlimit: 'int prlimit(int pid, int resource, const void *next, void *previous)',
	_exit: 'void _exit(int status)',
});

/** Source: linux v6.1 include/uapi/asm-generic/resource.h. */
const RLIMIT_NOFILE = 7;

/**
 * Sets the soft limit of open files of this process and its later children; returns the one before.
 * Source: prlimit(2); struct rlimit of 64-bit Linux is two 64-bit numbers, soft and hard. Errors: SystemCallError.
 */
export function setSoftOpenFiles(soft: bigint): bigint {
	const limit = Buffer.alloc(16);
	checked('prlimit', 0, RLIMIT_NOFILE, null, limit);
	const previous = limit.readBigUInt64LE(0);
	limit.writeBigUInt64LE(soft, 0);
	checked('prlimit', 0, RLIMIT_NOFILE, limit, null);
	return previous;
}

/**
 * Ends this process now. Unlike `process.exit` it leaves the terminal as it is: Node sets it back to what it was when
 * Node started, which would undo `stty` and whatever else the application wanted to stay. Nothing is flushed.
 */
export function endAtOnce(status: number): never {
	call('_exit', status);
	throw new Error('_exit returned');
}
