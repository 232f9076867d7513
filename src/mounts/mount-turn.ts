/**
 * Who mounts on a directory does it alone: of several starts at the same time one makes its mount, and the others find
 * it. Thread: the daemon's main thread, before there is a mount.
 */

import { closeSync, constants, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigMapFsError } from '../base/errors.js';
import { tryLock } from '../native/libc.js';
import { findMount, isOurs } from './mount-table.js';

/** How long somebody else may have the lock; who has it for longer is not about to mount. Unit: milliseconds. */
const LONGEST_MS = 5000;
const POLL_MS = 20;

/**
 * Waits for the turn; what is returned ends it. A directory that cannot be read, or on a file system without flock(2),
 * is everybody's turn.
 * Errors: MOUNT_POINT_BUSY somebody came first.
 */
export async function takeTurn(mountPoint: string): Promise<() => void> {
	const end = await lockDirectory(mountPoint);
	const top = findMount(mountPoint);
	if (top === undefined || !isOurs(top)) return end;
	end();
	throw mountedAlready(mountPoint);
}

async function lockDirectory(path: string): Promise<() => void> {
	let fd: number;
	try {
		fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
	} catch {
		return () => {};
	}
	for (let waited = 0; !tryLock(fd) && waited < LONGEST_MS; waited += POLL_MS) await sleep(POLL_MS);
	return () => closeSync(fd);
}

export function mountedAlready(path: string): ConfigMapFsError {
	return new ConfigMapFsError(
		'MOUNT_POINT_BUSY',
		`"${path}" is already mounted; run "configmapfs unmount ${path}" first, or choose another directory`,
	);
}
