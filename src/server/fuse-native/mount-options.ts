/**
 * The options of a libfuse 2 mount. Pure.
 *
 * fuse-native joins its options with commas without escaping, and lacks several of the needed ones. Both follow from one
 * fact: text after a comma in `fsname` becomes a separate option. So `fsname` is a constant of this file and contains no
 * input.
 * Source: libfuse 2.9.9 lib/fuse.c (fuse_lib_opts), fuse-native 2.2.6 index.js (_fuseOptions).
 */

import { ConfigMapFsError } from '../../base/errors.js';
import { MOUNT_SOURCE } from '../../journal/server-protocol.js';
import type { NativeOptions } from './binding.js';

/** For ever: the kernel takes part in every change. Unit: seconds; the most that libfuse's arithmetic allows. */
const FOREVER_S = 1_000_000_000;

/**
 * - use_ino: st_ino is the tree's id, as with the other driver.
 * - hard_remove: no `.fuse_hidden` names appear for files that are open when they are removed.
 * - entry_timeout 0: libfuse has one validity for all names, and only this one is correct for names that still resolve
 *   in their grace. `FlipGate` needs it too.
 * - attr_timeout, negative_timeout: every change is a VFS operation, which updates the kernel's caches.
 */
const LIBRARY_OPTIONS = [
	'use_ino',
	'hard_remove',
	'entry_timeout=0',
	`attr_timeout=${FOREVER_S}`,
	`negative_timeout=${FOREVER_S}`,
] as const;

/** Longest path that fuse-native accepts. Unit: bytes. */
const PATH_LIMIT = 1023;

export function mountOptions(allowOther: boolean): NativeOptions {
	return {
		timeout: false,
		fsname: [MOUNT_SOURCE, ...LIBRARY_OPTIONS].join(','),
		subtype: MOUNT_SOURCE,
		defaultPermissions: true,
		allowOther,
		kernelCache: true,
	};
}

/** Errors: MOUNT_POINT_INVALID for a path that fuse-native would truncate. The path is never part of the options. */
export function checkMountPath(path: string): void {
	const size = Buffer.byteLength(path);
	if (size <= PATH_LIMIT) return;
	throw new ConfigMapFsError(
		'MOUNT_POINT_INVALID',
		`cannot mount on "${path}": its path has ${size} bytes and fuse-native accepts ${PATH_LIMIT}; use --driver kernel`,
	);
}
