/**
 * Takes mounts of ours away, whoever made them.
 */

import { ConfigMapFsError } from '../base/errors.js';
import { findMount, isOurs, probeMount, readMountTable, unmountPath } from '../drivers/mount-table.js';
import { canonicalPath } from './mount-point.js';

/**
 * Errors: UNMOUNT_REFUSED nothing of ours is mounted there; MOUNT_POINT_BUSY it is in use and `force` is not given.
 */
export async function unmountDirectory(directory: string, force: boolean): Promise<void> {
	const path = canonicalPath(directory);
	const top = findMount(path);
	if (top === undefined || !isOurs(top)) {
		const what = top === undefined ? 'nothing is mounted there' : `a ${top.type} file system is mounted there`;
		throw new ConfigMapFsError('UNMOUNT_REFUSED', `Cannot unmount "${directory}": ${what}`);
	}
	unmountOne(path, force);
}

/** Returns the mount points that were taken away. Errors: those of the first mount that refuses. */
export async function unmountAll(force: boolean): Promise<readonly string[]> {
	const paths = readMountTable()
		.filter(isOurs)
		.map((entry) => entry.mountPoint)
		.reverse();
	for (const path of paths) unmountOne(path, force);
	return paths;
}

function unmountOne(path: string, force: boolean): void {
	// What nobody answers any more has no users that could be disturbed.
	const isGarbage = probeMount(path) !== 'alive';
	if (isGarbage || force) {
		unmountPath(path, isGarbage ? 'forcibly' : 'lazily');
		return;
	}
	if (unmountPath(path, 'gently')) return;
	throw new ConfigMapFsError(
		'MOUNT_POINT_BUSY',
		`Cannot unmount "${path}": it is in use; "fuser -vm ${path}" shows by whom, --force unmounts all the same`,
	);
}
