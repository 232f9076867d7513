import { expect, test } from 'vitest';
import type { Field } from '../../../src/wire/fields.js';
import {
	ATTR,
	ATTR_OUT,
	DIRENT,
	ENTRY_OUT,
	forgetOne,
	INIT_OUT,
	OPEN_OUT,
	REQUEST,
	SIZE,
	STATFS_OUT,
} from '../../../src/wire/fields.js';

function offsets(fields: Readonly<Record<string, Field>>): Readonly<Record<string, number>> {
	return Object.fromEntries(Object.entries(fields).map(([name, { offset }]) => [name, offset]));
}

/** Offsets from the start of the message, as a C compiler gives them. Source: linux/fuse.h 7.38, offsetof + 40. */
test('the fields of requests have the offsets of the header', () => {
	expect(offsets(REQUEST.LOOKUP)).toEqual({ name: 40 });
	expect(offsets(REQUEST.FORGET)).toEqual({ nlookup: 40 });
	expect(offsets(REQUEST.SETATTR)).toMatchObject({ valid: 40, fh: 48, size: 56, atime: 72, atimeNs: 96, mode: 108 });
	expect(offsets(REQUEST.MKNOD)).toMatchObject({ mode: 40, rdev: 44, umask: 48, name: 56 });
	expect(offsets(REQUEST.MKDIR)).toEqual({ mode: 40, umask: 44, name: 48 });
	expect(offsets(REQUEST.RENAME)).toEqual({ newDirectory: 40, name: 48 });
	expect(offsets(REQUEST.RENAME2)).toMatchObject({ newDirectory: 40, flags: 48, name: 56 });
	expect(offsets(REQUEST.LINK)).toEqual({ oldNode: 40, name: 48 });
	expect(offsets(REQUEST.OPEN)).toEqual({ flags: 40 });
	expect(offsets(REQUEST.READ)).toEqual({ fh: 40, offset: 48, size: 56 });
	expect(offsets(REQUEST.GETXATTR)).toMatchObject({ size: 40, name: 48 });
	expect(offsets(REQUEST.CREATE)).toMatchObject({ flags: 40, mode: 44, name: 56 });
	expect(offsets(REQUEST.INIT)).toEqual({ major: 40, minor: 44, maxReadahead: 48, flags: 52 });
	expect(offsets(REQUEST.BATCH_FORGET)).toMatchObject({ count: 40 });
	expect([0, 1, 100].map((index) => offsets(forgetOne(index)))).toEqual([
		{ node: 48, nlookup: 56 },
		{ node: 64, nlookup: 72 },
		{ node: 1648, nlookup: 1656 },
	]);
});

/** The sizes of the C structures; a field that ends behind its structure would overwrite the next one. */
test.each([
	['fuse_attr', ATTR, SIZE.attr, 88],
	['fuse_entry_out', ENTRY_OUT, SIZE.entryOut, 128],
	['fuse_attr_out', ATTR_OUT, SIZE.attrOut, 104],
	['fuse_open_out', OPEN_OUT, SIZE.openOut, 16],
	['fuse_kstatfs', STATFS_OUT, SIZE.statfsOut, 80],
	['fuse_init_out', INIT_OUT, SIZE.initOut, 64],
	['fuse_dirent', DIRENT, SIZE.dirent, 24],
])('%s has its size and contains its fields', (_, fields, size, expected) => {
	expect(size).toBe(expected);
	for (const field of Object.values(fields)) expect(field.offset + field.size).toBeLessThanOrEqual(size);
});
