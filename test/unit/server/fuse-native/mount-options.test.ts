/** Nothing from outside gets into the option string. */

import { expect, test } from 'vitest';
import { checkMountPath, mountOptions } from '../../../../src/server/fuse-native/mount-options.js';

test('names have no validity, everything else is valid for ever', () => {
	expect(mountOptions(false)).toEqual({
		timeout: false,
		fsname: 'configmapfs,use_ino,hard_remove,entry_timeout=0,attr_timeout=1000000000,negative_timeout=1000000000',
		subtype: 'configmapfs',
		defaultPermissions: true,
		allowOther: false,
		kernelCache: true,
	});
	expect(mountOptions(true).allowOther).toBe(true);
});

test('a path that would be truncated is refused', () => {
	expect(() => checkMountPath(`/${'ü'.repeat(511)}`)).not.toThrow();
	expect(() => checkMountPath(`/${'ü'.repeat(512)}`)).toThrow(/1025 bytes and fuse-native accepts 1023/);
});
