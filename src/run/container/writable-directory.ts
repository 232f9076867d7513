/**
 * Creates directories in a volume that the application may write: for a missing subPath, and as mount points of volumes
 * inside it. The application may have put links there, so a link that leads out of the volume is refused.
 */

import { chmodSync, closeSync, lstatSync, mkdirSync, openSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigMapFsError, errorText, systemCode } from '../../base/errors.js';
import type { PodWarning } from '../../pod/notices.js';
import type { PlannedMount } from '../placement/namespace/planned-mount.js';

/** Mode bits that a new directory takes from its volume. */
const MODE_BITS = 0o7777;

/**
 * Creates a directory and its parents, each with the mode of `root`, regardless of the umask. `path` is relative and
 * clean. Errors: the system error; EXDEV if a link leads out of `root`.
 * Source: kubelet v1.32 pkg/volume/util/subpath, doSafeMakeDir.
 */
export function makeDirectoryWithin(root: string, path: string): void {
	const base = realpathSync.native(root);
	const mode = statSync(base).mode & MODE_BITS;
	let at = base;
	for (const name of path.split('/')) {
		const next = join(at, name);
		// A dangling link counts as existing, and mkdir would not follow it.
		if (lstatSync(next, { throwIfNoEntry: false }) === undefined) {
			mkdirSync(next);
			chmodSync(next, mode);
		}
		at = realpathSync.native(next);
		if (at !== base && !at.startsWith(`${base}/`)) {
			throw Object.assign(new Error(`"${next}" leads out of "${base}"`), { code: 'EXDEV' });
		}
	}
}

/**
 * Creates the mount point of a mount that lies inside an earlier, writable one, as container runtimes do. Returns a
 * warning if that happens in a directory of this machine.
 * Errors: MOUNT_POINT_INVALID. Source: runc v1.2 libcontainer, createMountpoint.
 */
export function makeMountPointWithin(earlier: readonly PlannedMount[], planned: PlannedMount): readonly PodWarning[] {
	const outer = earlier.findLast(({ target }) => planned.target.startsWith(`${target}/`));
	if (outer === undefined || outer.readOnly) return [];
	const path = planned.target.slice(outer.target.length + 1);
	const mountPoint = join(outer.source, path);
	if (lstatSync(mountPoint, { throwIfNoEntry: false }) !== undefined) return [];
	try {
		if (statSync(planned.source).isDirectory()) makeDirectoryWithin(outer.source, path);
		else makeFileWithin(outer.source, path);
	} catch (error) {
		if (systemCode(error) === 'ENOTDIR') return [];
		const reason = `cannot create the mount point in the volume at "${outer.target}": ${errorText(error)}`;
		throw new ConfigMapFsError(
			'MOUNT_POINT_INVALID',
			`cannot mount at "${planned.target}": ${reason}; create it there, or choose another mountPath`,
			{ cause: error },
		);
	}
	if (outer.recursive !== true) return [];
	return [
		{
			field: planned.target,
			text: `created "${mountPoint}" on this machine as its mount point, as a container runtime does`,
		},
	];
}

function makeFileWithin(root: string, path: string): void {
	const parent = dirname(path);
	if (parent !== '.') makeDirectoryWithin(root, parent);
	closeSync(
		openSync(join(realpathSync.native(join(root, parent)), path.slice(path.lastIndexOf('/') + 1)), 'wx', 0o644),
	);
}
