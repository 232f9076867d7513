/** The file that a subPath leads to, and mount points that are created in writable volumes. */

import {
	chmodSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readlinkSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { existingSubPath, subPathSource } from '../../../../src/run/container/sub-path-source.js';
import { makeDirectoryWithin, makeMountPointWithin } from '../../../../src/run/container/writable-directory.js';
import { removeTemporaries, temporaryDirectory } from '../../../support/temporary.js';

let root: string;
let outside: string;
beforeEach(() => {
	root = temporaryDirectory('volume');
	outside = temporaryDirectory('outside');
	chmodSync(root, 0o2777);
});
afterEach(removeTemporaries);

const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);
const request = (subPath: string) => ({ container: 'app', volume: 'v', root, subPath });
const REFUSED = {
	code: 'INPUT_INVALID',
	message: expect.stringMatching(
		/^failed to prepare subPath for volumeMount "v" of container "app": ".*" leads out of the volume, or a part of it is a file; correct it$/,
	),
};

describe('subPathSource', () => {
	test('a file, a directory, and the target of a link inside the volume', () => {
		mkdirSync(join(root, '..2026'));
		writeFileSync(join(root, '..2026/key'), '');
		symlinkSync('..2026', join(root, '..data'));
		symlinkSync('..data/key', join(root, 'key'));
		expect(subPathSource(request('key'))).toEqual({ path: join(root, '..2026/key'), warnings: [] });
		expect(subPathSource(request('..2026'))).toEqual({ path: join(root, '..2026'), warnings: [] });
	});

	test('a missing one becomes a directory with the mode of the volume, its parents without write permission', () => {
		const umask = process.umask(0o077);
		expect(subPathSource(request('a/b/c'))).toEqual({ path: join(root, 'a/b/c'), warnings: [] });
		process.umask(umask);
		for (const path of ['a', 'a/b']) expect(modeOf(join(root, path))).toBe('2755');
		expect(modeOf(join(root, 'a/b/c'))).toBe('2777');
	});

	test('in a volume of objects the driver creates it, with a warning', () => {
		const made: string[] = [];
		const makeDirectory = (path: string) => {
			made.push(path);
			mkdirSync(join(root, path));
		};
		const found = subPathSource({ ...request('typo'), makeDirectory });
		expect(found.path).toBe(join(root, 'typo'));
		expect(found.warnings).toEqual([
			{
				field: 'volume "v"',
				text: 'subPath "typo" does not exist, so an empty directory is mounted, as kubelet does; correct the name',
			},
		]);
		expect(made).toEqual(['typo']);
		expect(() => subPathSource({ ...request('never'), makeDirectory: () => {} })).toThrow(
			expect.objectContaining(REFUSED),
		);
	});

	test.each([
		['a link out of the volume', 'out', () => symlinkSync(outside, join(root, 'out'))],
		['a link upwards', 'up', () => symlinkSync('../', join(root, 'up'))],
		['below a link out of it', 'out/new', () => symlinkSync(outside, join(root, 'out'))],
		['below a link that leads nowhere, outside', 'gone/new', () => symlinkSync(join(outside, 'x'), join(root, 'gone'))],
		['a link that leads nowhere', 'gone', () => symlinkSync(join(outside, 'x'), join(root, 'gone'))],
		['below a file', 'file/x', () => writeFileSync(join(root, 'file'), '')],
		['a loop', 'loop', () => symlinkSync('loop', join(root, 'loop'))],
	])('%s is refused, and nothing is created', (_, subPath, prepare) => {
		prepare();
		const before = readdirSync(root);
		expect(() => subPathSource(request(subPath))).toThrow(expect.objectContaining(REFUSED));
		expect(readdirSync(outside)).toEqual([]);
		expect(readdirSync(root)).toEqual(before);
	});

	test('a volume whose name starts with the same letters is outside', () => {
		for (const name of ['v', 'v-other']) mkdirSync(join(root, name));
		symlinkSync('../v-other', join(root, 'v/out'));
		expect(() => subPathSource({ ...request('out'), root: join(root, 'v') })).toThrow(expect.objectContaining(REFUSED));
	});

	test('existingSubPath creates nothing', () => {
		expect(existingSubPath(request('a'))).toBeUndefined();
		expect(existsSync(join(root, 'a'))).toBe(false);
		writeFileSync(join(root, 'a'), '');
		expect(existingSubPath(request('a'))).toBe(join(root, 'a'));
		symlinkSync(outside, join(root, 'out'));
		expect(() => existingSubPath(request('out'))).toThrow(expect.objectContaining(REFUSED));
	});
});

describe('makeDirectoryWithin', () => {
	test('follows links that stay inside', () => {
		mkdirSync(join(root, 'real'));
		symlinkSync('real', join(root, 'link'));
		makeDirectoryWithin(root, 'link/new');
		expect(readdirSync(join(root, 'real'))).toEqual(['new']);
		makeDirectoryWithin(root, 'link/new');
	});
});

describe('makeMountPointWithin', () => {
	const mount = (target: string, more: object = {}) => ({ source: root, target, readOnly: false, ...more });
	const file = () => {
		const path = join(outside, 'file');
		writeFileSync(path, '');
		return path;
	};

	test('a directory for a directory, a file for a file, in the innermost mount', () => {
		const inner = temporaryDirectory('inner');
		chmodSync(inner, 0o777);
		const earlier = [mount('/data'), mount('/data/inner', { source: inner })];
		expect(makeMountPointWithin(earlier, mount('/data/a/b', { source: outside }))).toEqual([]);
		expect(makeMountPointWithin(earlier, mount('/data/inner/c/d', { source: file() }))).toEqual([]);
		expect(statSync(join(root, 'a/b')).isDirectory()).toBe(true);
		expect(statSync(join(inner, 'c')).isDirectory()).toBe(true);
		expect(statSync(join(inner, 'c/d')).isFile()).toBe(true);
		expect(readdirSync(root)).toEqual(['a']);
		for (const path of [join(root, 'a'), join(inner, 'c')]) expect(statSync(path).mode & 0o022).toBe(0);
	});

	test('nothing if it exists, if it is not inside a mount, or in a read-only mount', () => {
		writeFileSync(join(root, 'there'), 'kept');
		makeMountPointWithin([mount('/data')], mount('/data/there', { source: outside }));
		expect(statSync(join(root, 'there')).isFile()).toBe(true);
		makeMountPointWithin([mount('/data')], mount('/database/x', { source: outside }));
		makeMountPointWithin([mount('/data', { readOnly: true })], mount('/data/x', { source: outside }));
		expect(readdirSync(root)).toEqual(['there']);
	});

	test('a mount point in a directory of this machine is a warning', () => {
		expect(
			makeMountPointWithin([mount('/data', { recursive: true })], mount('/data/conf', { source: outside })),
		).toEqual([
			{
				field: '/data/conf',
				text: `created "${root}/conf" on this machine as its mount point, as a container runtime does`,
			},
		]);
	});

	test('a link that leads out is not followed', () => {
		symlinkSync(join(outside, 'x'), join(root, 'link'));
		expect(() => makeMountPointWithin([mount('/data')], mount('/data/link/y', { source: root }))).toThrow(
			expect.objectContaining({ code: 'MOUNT_POINT_INVALID' }),
		);
		expect(readdirSync(outside)).toEqual([]);
		expect(readlinkSync(join(root, 'link'))).toBe(join(outside, 'x'));
	});
});
