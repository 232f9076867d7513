/**
 * Mount namespaces through FFI: making and entering one, and the mounts inside it, by descriptors and by names that are
 * bytes. One function a call, errors as system errors with `code`; no policy.
 *
 * Everything here concerns the calling thread and what it starts from then on; other threads keep what they have.
 */

import { readFileSync } from 'node:fs';
import { declareCalls } from './foreign-calls.js';
import { MS } from './libc.js';

const { checked } = declareCalls({
	unshare: 'int unshare(int flags)',
	setns: 'int setns(int fd, int type)',
	pivot_root: 'int pivot_root(const char *new_root, const char *put_old)',
	fchdir: 'int fchdir(int fd)',
	chdir: 'int chdir(const char *path)',
	mount: 'int mount(const void *source, const void *target, const char *type, unsigned long flags, const char *data)',
});

/** Source: linux v6.1 include/uapi/linux/sched.h. */
const CLONE_FS = 0x200;
const CLONE_NEWNS = 0x20000;

/** Source: linux v6.1 include/uapi/asm-generic/fcntl.h. Node does not name it. */
export const O_PATH = 0x200000;

/** What a descriptor leads to, whatever is mounted over its name. Source: proc(5), /proc/PID/fd. */
export function pathOf(fd: number): string {
	return `/proc/self/fd/${fd}`;
}

/** A copy of the mount namespace for this thread, with the same working directory in it. Errors: SystemCallError. */
export function unshareMounts(): void {
	checked('unshare', CLONE_NEWNS);
}

/**
 * Puts this thread into the mount namespace of an open /proc/PID/ns/mnt; its root and its working directory are the
 * namespace's root from then on. Errors: SystemCallError.
 */
export function enterMounts(namespace: number): void {
	// Threads that were made since share root and working directory with this one, and setns(2) refuses that.
	checked('unshare', CLONE_FS);
	checked('setns', namespace, CLONE_NEWNS);
}

/** Moves only this thread, behind the back of `process.chdir`. Errors: SystemCallError. */
export function changeDirectory(to: number | string): void {
	if (typeof to === 'number') checked('fchdir', to);
	else checked('chdir', to);
}

/**
 * Makes the mount `root` the root; the old root lies on top of it then, where only descriptors lead.
 * Source: pivot_root(2), `pivot_root(".", ".")`. Errors: SystemCallError.
 */
export function pivotRoot(root: number): void {
	checked('pivot_root', pathOf(root), pathOf(root));
}

/** A path as the kernel has it; a name found by readdir may be no UTF-8. */
export type PathBytes = string | Buffer;

function terminated(path: PathBytes): Buffer {
	return Buffer.concat([typeof path === 'string' ? Buffer.from(path) : path, Buffer.alloc(1)]);
}

/** Shows `source` at `target`, with everything that is mounted below it where `recursive`. Errors: SystemCallError. */
export function bindMount(source: PathBytes, target: PathBytes, recursive: boolean): void {
	checked('mount', terminated(source), terminated(target), null, MS.BIND | (recursive ? MS.REC : 0), null);
}

/** Whether every user of the machine exists here as himself. Source: user_namespaces(7), /proc/PID/uid_map. */
export function isInitialUserNamespace(): boolean {
	return /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'latin1'));
}
