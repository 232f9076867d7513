/**
 * Mounts that are moved by their descriptors, from one mount namespace into another too. By system call number, because
 * C libraries have names for them since a few years only. Source: linux v6.5 fs/namespace.c, uapi/linux/mount.h.
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

/** Makes a mount of what `path` leads to, which is nowhere yet, with the flags of the mount that the path is in. */
export class FloatingMount {
	readonly #fd: number;

	/** Errors: SystemCallError. */
	constructor(path: string) {
		this.#fd = openTree.checked('syscall', SYS_OPEN_TREE, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	}

	/**
	 * Takes the place of the mount at `target` in this thread's namespace: whoever resolves the path gets the old one or
	 * this one, and never what is below both. Where the kernel cannot put a mount beneath another, the old one stays
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

	/** A mount that was not placed ends with it. */
	close(): void {
		closeSync(this.#fd);
	}
}
