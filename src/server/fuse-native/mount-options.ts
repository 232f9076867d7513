/**
 * The options of a libfuse 2 mount. Pure.
 *
 * fuse-native joins its options with commas and does not escape them, and it has no name for several that are needed.
 * Both are one fact: what stands behind a comma in `fsname` is an option of its own. So the text is a constant of this
 * file, and nothing from outside gets into it.
 * Source: libfuse 2.9.9 lib/fuse.c (fuse_lib_opts), fuse-native 2.2.6 index.js (_fuseOptions).
 */

import { ConfigMapFsError } from '../../base/errors.js';
import { MOUNT_SOURCE } from '../../journal/server-protocol.js';
import type { NativeOptions } from './binding.js';

/** No change of attributes or absence goes past the kernel. Unit: seconds, as long as libfuse's own arithmetic allows. */
const FOREVER_S = 1_000_000_000;

/**
 * - use_ino: st_ino is the tree's id, as with the other driver.
 * - hard_remove: no `.fuse_hidden` names appear for files that are open when they are removed.
 * - entry_timeout 0: libfuse has one validity for all names, and this is the only one that is right for names that
 *   outlive their removal by a grace. `FlipGate` needs it too.
 * - attr_timeout, negative_timeout: every change is a VFS operation, which keeps the kernel's caches right by itself.
 */
const LIBRARY_OPTIONS = [
	'use_ino',
	'hard_remove',
	'entry_timeout=0',
	`attr_timeout=${FOREVER_S}`,
	`negative_timeout=${FOREVER_S}`,
] as const;

/** Longest path that fuse-native takes. Unit: bytes. */
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

/** Errors: MOUNT_POINT_INVALID for a path that fuse-native would cut off. The path is never part of the options. */
export function checkMountPath(path: string): void {
	const size = Buffer.byteLength(path);
	if (size <= PATH_LIMIT) return;
	throw new ConfigMapFsError(
		'MOUNT_POINT_INVALID',
		`cannot mount on "${path}": its path has ${size} bytes and fuse-native takes ${PATH_LIMIT}; use --driver kernel`,
	);
}
