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
/** Mode bits that its parents do not take: special bits, and what kubelet's umask 022 drops. */
const NOT_OF_PARENTS = 0o7022;
const SETGID = 0o2000;

/**
 * Creates a directory with the mode of `root`, regardless of the umask. Its parents get that mode without write
 * permission for group and others, because kubelet changes the mode of the last directory only. `path` is relative and
 * clean. Errors: the system error; EXDEV if a link leads out of `root`.
 * Source: kubelet v1.32 pkg/volume/util/subpath, doSafeMakeDir.
 */
export function makeDirectoryWithin(root: string, path: string): void {
	const { mode } = statSync(root);
	const names = path.split('/');
	makeDirectories(root, names, (index) => mode & MODE_BITS & (index === names.length - 1 ? ~0 : ~NOT_OF_PARENTS));
}

function makeDirectories(root: string, names: readonly string[], modeOf: (index: number) => number): void {
	const base = realpathSync.native(root);
	let at = base;
	for (const [index, name] of names.entries()) {
		const next = join(at, name);
		// A dangling link counts as existing, and mkdir would not follow it.
		if (lstatSync(next, { throwIfNoEntry: false }) === undefined) {
			mkdirSync(next);
			// Below a directory with an fsGroup the kernel has set setgid.
			chmodSync(next, modeOf(index) | (statSync(next).mode & SETGID));
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
	const mode = statSync(root).mode & MODE_BITS & ~NOT_OF_PARENTS;
	if (parent !== '.') makeDirectories(root, parent.split('/'), () => mode);
	closeSync(
		openSync(join(realpathSync.native(join(root, parent)), path.slice(path.lastIndexOf('/') + 1)), 'wx', 0o644),
	);
}
