/** Unmounts mounts of configmapfs, of any daemon, and ends the daemons that write plain directories. */

import { lstatSync, realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigMapFsError, systemCode } from '../base/errors.js';
import { type DaemonRecord, registeredDaemons } from '../mounts/daemon-registry.js';
import { isClaimed } from '../mounts/directory-claim.js';
import { findMount, isOurs, probeMount, readMountTable, unmountPath } from '../mounts/mount-table.js';
import type { RuntimeEnvironment } from '../mounts/runtime-directory.js';
import { canonicalPath } from './mount-point.js';

export interface UnmountOptions {
	/** Also unmount a mount that is in use. */
	readonly force: boolean;
	readonly runtime: RuntimeEnvironment;
}

/** How long a daemon may take to remove its files. Unit: milliseconds. */
const DAEMON_END_MS = 10_000;
const DAEMON_POLL_MS = 20;

/**
 * Errors: UNMOUNT_REFUSED if it is not a mount of configmapfs; MOUNT_POINT_BUSY if it is in use and `force` is not set.
 */
export async function unmountDirectory(directory: string, options: UnmountOptions): Promise<void> {
	const path = resolveLink(canonicalPath(directory));
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
	if (type !== undefined) return `it is a ${type} file system, not a mount of configmapfs`;
	if (isClaimed(path)) return 'the configmapfs of another user writes it; run as that user';
	try {
		lstatSync(path);
	} catch (error) {
		if (systemCode(error) === 'ENOENT') return 'no such directory';
	}
	const others = readMountTable().filter(isOurs);
	if (others.length === 0) return 'it is not mounted';
	return `it is not mounted; configmapfs is mounted on ${others.map((one) => one.mountPoint).join(', ')}`;
}

/** Resolves a link to a mount point, unless the link itself is in the mount table. */
function resolveLink(path: string): string {
	if (findMount(path) !== undefined) return path;
	try {
		return lstatSync(path).isSymbolicLink() ? realpathSync.native(path) : path;
	} catch {
		return path;
	}
}

/**
 * Unmounts every mount of configmapfs in this mount namespace, and ends the daemons of this user that write plain
 * directories. Returns the paths. Errors: the first failure, after all the others are unmounted.
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
	// A dead mount cannot be used, so removing it disturbs no process.
	const isDead = (await probeMount(path)) !== 'alive';
	if (isDead || force) {
		unmountPath(path, isDead ? 'forcibly' : 'lazily');
		return;
	}
	if (unmountPath(path, 'gently')) return;
	throw new ConfigMapFsError(
		'MOUNT_POINT_BUSY',
		`cannot unmount "${path}": it is in use; "fuser -vm ${path}" shows by which process; --force unmounts anyway`,
	);
}

/** Ends the daemon, which removes its files. Its lock proves that the process is a configmapfs. */
async function endDaemon(owner: DaemonRecord): Promise<void> {
	process.kill(owner.pid, 'SIGTERM');
	for (let waited = 0; isClaimed(owner.mountPoint); waited += DAEMON_POLL_MS) {
		if (waited >= DAEMON_END_MS) {
			throw new ConfigMapFsError(
				'MOUNT_POINT_BUSY',
				`the process ${owner.pid} that writes "${owner.mountPoint}" does not end; run "kill -9 ${owner.pid}"`,
			);
		}
		await sleep(DAEMON_POLL_MS);
	}
}
