/**
 * Mounts that are moved by their descriptors, also between mount namespaces. The calls are made by number, because
 * older C libraries have no functions for them. Source: linux v6.5 fs/namespace.c, uapi/linux/mount.h.
 */

import { closeSync } from 'node:fs';
import { systemCode } from '../base/errors.js';
import { declareCalls } from './foreign-calls.js';
import { MNT, umount2 } from './libc.js';

const openTree = declareCalls({
	syscall: 'long syscall(long number, int directory, const char *path, unsigned int flags)',
});
const moveMount = declareCalls({
	syscall: 'long syscall(long number, int from, const char *fromPath, int to, const char *toPath, unsigned int flags)',
});

/** The same on every 64-bit architecture. */
const SYS_OPEN_TREE = 428;
const SYS_MOVE_MOUNT = 429;
const AT_FDCWD = -100;
const OPEN_TREE_CLONE = 1;
const OPEN_TREE_CLOEXEC = 0o2000000;
const MOVE_MOUNT_F_EMPTY_PATH = 0x04;
/** Since Linux 6.5. */
const MOVE_MOUNT_BENEATH = 0x200;

/** A bind mount of `path` that is not attached anywhere yet. It has the flags of the mount that contains the path. */
export class FloatingMount {
	readonly #fd: number;

	/** Errors: SystemCallError. */
	constructor(path: string) {
		this.#fd = openTree.checked('syscall', SYS_OPEN_TREE, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	}

	/**
	 * Replaces the mount at `target` in this thread's namespace. A process that resolves the path gets the old mount or
	 * this one, never the directory below them. If the kernel cannot mount beneath another mount, the old mount stays
	 * beneath this one. Errors: SystemCallError.
	 */
	replace(target: string): void {
		try {
			this.#move(target, MOVE_MOUNT_BENEATH);
		} catch (error) {
			if (systemCode(error) !== 'EINVAL') throw error;
			this.#move(target, 0);
			return;
		}
		umount2(target, MNT.DETACH);
	}

	#move(target: string, flags: number): void {
		const all = MOVE_MOUNT_F_EMPTY_PATH | flags;
		moveMount.checked('syscall', SYS_MOVE_MOUNT, this.#fd, '', AT_FDCWD, target, all);
	}

	/** Unmounts it unless it was attached. */
	close(): void {
		closeSync(this.#fd);
	}
}
