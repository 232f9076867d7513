import {
	existsSync,
	lstatSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RootDirectory } from '../../../../src/run/placement/root-directory.js';
import { removeTemporaries, temporaryDirectory, tmpfsDirectory } from '../../../support/temporary.js';

let parent: string;
let runtime: string;
let source: string;
beforeEach(() => {
	parent = temporaryDirectory('root');
	runtime = tmpfsDirectory('runtime');
	source = temporaryDirectory('source');
	writeFileSync(join(source, 'file'), 'one', { mode: 0o440 });
});
afterEach(removeTemporaries);

function open(path = join(parent, 'root')): RootDirectory {
	const uid = process.getuid?.() ?? 0;
	return new RootDirectory(path, { uid, xdgRuntimeDirectory: runtime, temporary: runtime });
}

const volume = (target: string) => ({ source, target, readOnly: true });
const frozen = (target: string) => ({ source: join(source, 'file'), target, readOnly: true, isFrozen: true });
const names = (path: string) => readdirSync(path, { recursive: true }).map(String).sort();

describe('a layout', () => {
	test('a link for a volume, a copy with its mode for a subPath', () => {
		const root = open();
		const { variables, copyOnWrite } = root.build([volume('/etc/app'), frozen('/etc/file')]);
		const directory = join(parent, 'root');
		expect(variables).toEqual({ CONFIGMAPFS_ROOT: directory });
		expect(copyOnWrite).toEqual([]);
		expect(readlinkSync(join(directory, 'etc/app'))).toBe(source);
		expect(readFileSync(join(directory, 'etc/file'), 'utf8')).toBe('one');
		expect(lstatSync(join(directory, 'etc/file')).mode & 0o777).toBe(0o440);
		writeFileSync(join(source, 'other'), '');
		expect(existsSync(join(directory, 'etc/app/other'))).toBe(true);
		root.close();
		root.close();
		expect(readdirSync(parent)).toEqual([]);
		expect(names(source)).toEqual(['file', 'other']);
		expect(names(runtime)).toEqual([]);
	});

	test('a subPath to a directory is copied completely, without links', () => {
		mkdirSync(join(source, 'dir'));
		writeFileSync(join(source, 'dir/a'), 'a');
		symlinkSync('a', join(source, 'dir/link'));
		const root = open();
		root.build([{ ...frozen('/copy'), source: join(source, 'dir') }]);
		expect(lstatSync(join(parent, 'root/copy/link')).isFile()).toBe(true);
		root.close();
		expect(existsSync(parent) && readdirSync(parent)).toEqual([]);
	});

	test('each start lays it out again, and files of others stay', () => {
		const root = open();
		root.build([volume('/a/b/c'), volume('/x')]);
		writeFileSync(join(parent, 'root/a/mine'), '');
		root.build([frozen('/a/d')]);
		expect(names(join(parent, 'root'))).toEqual(['.configmapfs', 'a', 'a/d', 'a/mine']);
		root.close();
		expect(names(join(parent, 'root'))).toEqual(['a', 'a/mine']);
	});

	test('a mount inside another volume is refused', () => {
		const root = open();
		expect(() => root.build([volume('/a'), volume('/a/b')])).toThrow(
			expect.objectContaining({ code: 'MOUNT_POINT_INVALID', message: expect.stringContaining('cannot place "/a/b"') }),
		);
		root.close();
		expect(readdirSync(parent)).toEqual([]);
	});

	test('only one run at a time', () => {
		const root = open();
		expect(() => open()).toThrow(expect.objectContaining({ code: 'MOUNT_POINT_BUSY' }));
		root.close();
		open().close();
		expect(readdirSync(parent)).toEqual([]);
	});
});

describe('the directory', () => {
	test('is created with its parents, which are removed too if they are empty', () => {
		const root = open(join(parent, 'a/b/c'));
		writeFileSync(join(parent, 'a/file'), '');
		root.close();
		expect(names(parent)).toEqual(['a', 'a/file']);
	});

	test('stays if it existed before', () => {
		const before = statSync(parent).ino;
		open(parent).close();
		expect(statSync(parent).ino).toBe(before);
	});

	test('is refused if it is not empty, and is not touched', () => {
		writeFileSync(join(parent, 'file'), '');
		const { ctimeMs } = statSync(parent);
		expect(() => open(parent)).toThrow(
			expect.objectContaining({
				code: 'MOUNT_POINT_INVALID',
				message: `cannot use "${parent}" as --root-dir: it is not empty: it contains "file"; choose an empty or a new directory`,
			}),
		);
		expect(statSync(parent).ctimeMs).toBe(ctimeMs);
	});

	test('that cannot be created is refused', () => {
		expect(() => open(join(source, 'file/x'))).toThrow(expect.objectContaining({ code: 'MOUNT_POINT_INVALID' }));
		// Nothing can be created there; mkdir(2) fails with ENOENT.
		expect(() => open('/proc/x/y')).toThrow(expect.objectContaining({ code: 'MOUNT_POINT_INVALID' }));
	});
});

describe('the files of a killed run', () => {
	const record = (layout: object) => writeFileSync(join(parent, '.configmapfs'), JSON.stringify(layout));

	test('are removed, and nothing else', () => {
		mkdirSync(join(parent, 'etc'));
		symlinkSync(source, join(parent, 'etc/app'));
		writeFileSync(join(parent, 'etc/file'), '');
		record({ files: ['etc/app', 'etc/file'], directories: ['etc'] });
		open(parent).close();
		expect(names(parent)).toEqual([]);
		expect(names(source)).toEqual(['file']);
	});

	test.each([
		['a path upwards', { files: ['../victim'], directories: [] }],
		['a path from the root', { files: [], directories: ['/victim'] }],
		['itself', { files: ['', '.'], directories: [''] }],
		['no paths', { files: [5, null], directories: [{}] }],
		['no layout', { something: 'else' }],
	])('a record with %s has no effect', (_, layout) => {
		mkdirSync(join(parent, 'inner'));
		mkdirSync(join(parent, 'victim'));
		parent = join(parent, 'inner');
		record(layout);
		open(parent).close();
		expect(names(join(parent, '..'))).toEqual(['inner', 'victim']);
	});

	test('a record that is a link is refused', () => {
		symlinkSync(join(source, 'file'), join(parent, '.configmapfs'));
		expect(() => open(parent)).toThrow(expect.objectContaining({ code: 'MOUNT_POINT_INVALID' }));
		expect(readFileSync(join(source, 'file'), 'utf8')).toBe('one');
	});
});
