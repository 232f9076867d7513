/**
 * Mount namespaces through FFI: creates and enters one, and mounts inside it, by descriptors and by names as bytes. One
 * function per call; failures are system errors with `code`; no policy.
 *
 * Every call affects only the calling thread and the processes that it starts afterwards.
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

/** Source: linux v6.1 include/uapi/asm-generic/fcntl.h. Node has no constant for it. */
export const O_PATH = 0x200000;

/** A path to the file of a descriptor, even if a mount covers its name. Source: proc(5), /proc/PID/fd. */
export function pathOf(fd: number): string {
	return `/proc/self/fd/${fd}`;
}

/** Moves this thread into a copy of its mount namespace, with the same working directory. Errors: SystemCallError. */
export function unshareMounts(): void {
	checked('unshare', CLONE_NEWNS);
}

/**
 * Moves this thread into the mount namespace of an open /proc/PID/ns/mnt. Its root and working directory become the
 * namespace's root. Errors: SystemCallError.
 */
export function enterMounts(namespace: number): void {
	// setns(2) refuses a thread that shares its root and working directory with others, as threads of a process do.
	checked('unshare', CLONE_FS);
	checked('setns', namespace, CLONE_NEWNS);
}

/** Changes the working directory of this thread only; `process.cwd` does not notice. Errors: SystemCallError. */
export function changeDirectory(to: number | string): void {
	if (typeof to === 'number') checked('fchdir', to);
	else checked('chdir', to);
}

/**
 * Makes the mount `root` the root. The old root is then mounted on top of it, reachable only by descriptors.
 * Source: pivot_root(2), `pivot_root(".", ".")`. Errors: SystemCallError.
 */
export function pivotRoot(root: number): void {
	checked('pivot_root', pathOf(root), pathOf(root));
}

/** A path as the kernel stores it; a name from readdir need not be UTF-8. */
export type PathBytes = string | Buffer;

function terminated(path: PathBytes): Buffer {
	return Buffer.concat([typeof path === 'string' ? Buffer.from(path) : path, Buffer.alloc(1)]);
}

/** Bind-mounts `source` on `target`, with the mounts below it if `recursive`. Errors: SystemCallError. */
export function bindMount(source: PathBytes, target: PathBytes, recursive: boolean): void {
	checked('mount', terminated(source), terminated(target), null, MS.BIND | (recursive ? MS.REC : 0), null);
}

/** Whether every user of the machine has the same id here. Source: user_namespaces(7), /proc/PID/uid_map. */
export function isInitialUserNamespace(): boolean {
	return /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'latin1'));
}
