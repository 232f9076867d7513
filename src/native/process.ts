/**
 * Settings of the process that Node changes without an API to undo it: the limit of open files, and the terminal at
 * exit. One function per call of the C library; no policy.
 */

import { declareCalls } from './foreign-calls.js';

const { call, checked } = declareCalls({
	prlimit: 'int prlimit(int pid, int resource, const void *next, void *previous)',
	_exit: 'void _exit(int status)',
});

/** Source: linux v6.1 include/uapi/asm-generic/resource.h. */
const RLIMIT_NOFILE = 7;

/**
 * Sets the soft limit of open files of this process and its later children; returns the previous one.
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
 * Ends this process without flushing anything. Unlike `process.exit` it keeps the terminal's modes: Node restores those
 * of its start, which would undo the application's `stty`.
 */
export function exitImmediately(status: number): never {
	call('_exit', status);
	throw new Error('_exit returned');
}
