/**
 * Takes mounts of ours away, whoever made them, and ends the daemons that write plain directories.
 */

import { lstatSync, realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigMapFsError, systemCode } from '../base/errors.js';
import { type DaemonRecord, registeredDaemons } from '../mounts/daemon-registry.js';
import { isClaimed } from '../mounts/directory-claim.js';
import { findMount, isOurs, probeMount, readMountTable, unmountPath } from '../mounts/mount-table.js';
import type { RuntimeEnvironment } from '../mounts/runtime-directory.js';
import { canonicalPath } from './mount-point.js';

export interface UnmountOptions {
	/** Also when it is in use. */
	readonly force: boolean;
	readonly runtime: RuntimeEnvironment;
}

/** How long a daemon may take to remove what it wrote. Unit: milliseconds. */
const DAEMON_END_MS = 10_000;
const DAEMON_POLL_MS = 20;

/**
 * Errors: UNMOUNT_REFUSED nothing of ours is mounted there; MOUNT_POINT_BUSY it is in use and `force` is not given.
 */
export async function unmountDirectory(directory: string, options: UnmountOptions): Promise<void> {
	const path = followed(canonicalPath(directory));
	const top = findMount(path);
	if (top !== undefined && isOurs(top)) {
		await unmountOne(path, options.force);
		return;
	}
	const owner = registeredDaemons(options.runtime).find((one) => one.mountPoint === path);
	if (owner !== undefined) {
		await endDaemon(owner);
		return;
	}
	throw new ConfigMapFsError('UNMOUNT_REFUSED', `cannot unmount "${directory}": ${reasonAgainst(path, top?.type)}`);
}

function reasonAgainst(path: string, type: string | undefined): string {
	if (type !== undefined)
		return `the ${type} file system there is not one of configmapfs; "umount ${path}" unmounts it`;
	if (isClaimed(path)) return "another user's configmapfs writes it; run as that user";
	try {
		lstatSync(path);
	} catch (error) {
		if (systemCode(error) === 'ENOENT') return 'no such directory';
	}
	const others = readMountTable().filter(isOurs);
	if (others.length === 0) return 'nothing is mounted there';
	return `nothing is mounted there; configmapfs is mounted on ${others.map((one) => one.mountPoint).join(', ')}`;
}

/** A link to a mount point leads there, unless something is mounted on its own name. */
function followed(path: string): string {
	if (findMount(path) !== undefined) return path;
	try {
		return lstatSync(path).isSymbolicLink() ? realpathSync.native(path) : path;
	} catch {
		return path;
	}
}

/**
 * Everything of ours in this mount namespace, and what this user's daemons write. Returns the paths.
 * Errors: that of the first mount that refuses, after all others were taken away.
 */
export async function unmountAll(options: UnmountOptions): Promise<readonly string[]> {
	const done: string[] = [];
	let refusal: unknown;
	const attempt = async (path: string, act: () => Promise<void>) => {
		try {
			await act();
			done.push(path);
		} catch (error) {
			refusal ??= error;
		}
	};
	for (const { mountPoint } of readMountTable().filter(isOurs).reverse())
		await attempt(mountPoint, () => unmountOne(mountPoint, options.force));
	for (const owner of registeredDaemons(options.runtime)) await attempt(owner.mountPoint, () => endDaemon(owner));
	if (refusal !== undefined) throw refusal;
	return done;
}

async function unmountOne(path: string, force: boolean): Promise<void> {
	// What nobody answers any more has no users that could be disturbed.
	const isGarbage = (await probeMount(path)) !== 'alive';
	if (isGarbage || force) {
		unmountPath(path, isGarbage ? 'forcibly' : 'lazily');
		return;
	}
	if (unmountPath(path, 'gently')) return;
	throw new ConfigMapFsError(
		'MOUNT_POINT_BUSY',
		`cannot unmount "${path}": it is in use; "fuser -vm ${path}" shows by which process; --force unmounts anyway`,
	);
}

/** The owner's lock says that it is ours; it removes what it wrote by itself. */
async function endDaemon(owner: DaemonRecord): Promise<void> {
	process.kill(owner.pid, 'SIGTERM');
	for (let waited = 0; isClaimed(owner.mountPoint); waited += DAEMON_POLL_MS) {
		if (waited >= DAEMON_END_MS) {
			throw new ConfigMapFsError(
				'MOUNT_POINT_BUSY',
				`The process ${owner.pid} that writes "${owner.mountPoint}" does not end; "kill -9 ${owner.pid}" ends it`,
			);
		}
		await sleep(DAEMON_POLL_MS);
	}
}
