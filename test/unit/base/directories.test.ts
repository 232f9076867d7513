import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeDirectories } from '../../../src/base/directories.js';

let root: string;

beforeEach(() => {
	root = mkdtempSync(join(tmpdir(), 'cmfs-directories-'));
});

afterEach(() => rmSync(root, { recursive: true }));

describe('makeDirectories', () => {
	it('says what it made, the deepest first', () => {
		const path = join(root, 'a/b');
		expect(makeDirectories(path, 0o700)).toEqual([path, join(root, 'a')]);
		expect(statSync(join(root, 'a')).mode & 0o777).toBe(0o700);
		expect(makeDirectories(path)).toEqual([]);
	});

	it('takes a directory that is there as soon as its parents are', () => {
		expect(makeDirectories(`${root}/a/../b`)).toEqual([`${root}/a/../b`, `${root}/a`]);
	});

	it.each([
		['file', 'EEXIST'],
		['file/x', 'ENOTDIR'],
	])('makes no %s', (name, code) => {
		writeFileSync(join(root, 'file'), '');
		expect(() => makeDirectories(join(root, name))).toThrow(code);
	});

	it('gives up where a directory can have no more', () => {
		expect(() => makeDirectories('/proc/none/deeper')).toThrow('ENOENT');
	});
});
