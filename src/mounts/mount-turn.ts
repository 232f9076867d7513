/**
 * Serializes mounts on one directory: of concurrent starts, one mounts and the others see its mount.
 * Thread: the daemon's main thread, before the mount.
 */

import { closeSync, constants, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigMapFsError } from '../base/errors.js';
import { tryLock } from '../native/libc.js';
import { findMount, isOurs } from './mount-table.js';

/** How long to wait for the lock; a process that holds it longer is not mounting. Unit: milliseconds. */
const LONGEST_MS = 5000;
const POLL_MS = 20;

/**
 * Waits for the turn; the returned function ends it. A directory that cannot be read, or is on a file system without
 * flock(2), is not serialized.
 * Errors: MOUNT_POINT_BUSY if another process has mounted first.
 */
export async function takeTurn(mountPoint: string): Promise<() => void> {
	const end = await lockDirectory(mountPoint);
	const top = findMount(mountPoint);
	if (top === undefined || !isOurs(top)) return end;
	end();
	throw alreadyMounted(mountPoint);
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

export function alreadyMounted(path: string): ConfigMapFsError {
	return new ConfigMapFsError(
		'MOUNT_POINT_BUSY',
		`"${path}" is already mounted; run "configmapfs unmount ${path}" first, or choose another directory`,
	);
}
