/**
 * Directories in what an application may write: for a subPath that is not there, and for a mount that lies inside. The
 * application may have put links there, so none is followed that leads out.
 */

import { chmodSync, closeSync, lstatSync, mkdirSync, openSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigMapFsError, errorText, systemCode } from '../../base/errors.js';
import type { PodWarning } from '../../pod/notices.js';
import type { PlannedMount } from '../placement/namespace/planned-mount.js';

/** Bits of a mode that a directory has from the volume that it is in. */
const MODE_BITS = 0o7777;

/**
 * Makes a directory and its parents, each with the mode of `root`, whatever the umask is. `path` is relative and clean.
 * Errors: the system error; EXDEV when a link leads out of `root`.
 * Source: kubelet v1.32 pkg/volume/util/subpath, doSafeMakeDir.
 */
export function makeDirectoryWithin(root: string, path: string): void {
	const base = realpathSync.native(root);
	const mode = statSync(base).mode & MODE_BITS;
	let at = base;
	for (const name of path.split('/')) {
		const next = join(at, name);
		// What leads nowhere is there all the same, and mkdir does not follow it.
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
 * Makes the place of a mount inside an earlier one that the application may write, as container runtimes do, where it
 * is not there yet. Says so where that is a directory of this machine.
 * Errors: MOUNT_POINT_INVALID. Source: runc v1.2 libcontainer, createMountpoint.
 */
export function makeMountPointWithin(earlier: readonly PlannedMount[], planned: PlannedMount): readonly PodWarning[] {
	const outer = earlier.findLast(({ target }) => planned.target.startsWith(`${target}/`));
	if (outer === undefined || outer.readOnly) return [];
	const path = planned.target.slice(outer.target.length + 1);
	const place = join(outer.source, path);
	if (lstatSync(place, { throwIfNoEntry: false }) !== undefined) return [];
	try {
		if (statSync(planned.source).isDirectory()) makeDirectoryWithin(outer.source, path);
		else makeFileWithin(outer.source, path);
	} catch (error) {
		if (systemCode(error) === 'ENOTDIR') return [];
		const reason = `no place for it can be made in what is mounted at "${outer.target}": ${errorText(error)}`;
		throw new ConfigMapFsError(
			'MOUNT_POINT_INVALID',
			`Cannot mount at "${planned.target}": ${reason}; make it there, or choose another mountPath`,
			{ cause: error },
		);
	}
	if (outer.recursive !== true) return [];
	return [
		{ field: planned.target, text: `"${place}" was made on this machine to mount it on, as a container runtime does` },
	];
}

function makeFileWithin(root: string, path: string): void {
	const parent = dirname(path);
	if (parent !== '.') makeDirectoryWithin(root, parent);
	closeSync(
		openSync(join(realpathSync.native(join(root, parent)), path.slice(path.lastIndexOf('/') + 1)), 'wx', 0o644),
	);
}
