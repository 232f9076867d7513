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
	it('returns the directories that it made, the deepest first', () => {
		const path = join(root, 'a/b');
		expect(makeDirectories(path, 0o700)).toEqual([path, join(root, 'a')]);
		expect(statSync(join(root, 'a')).mode & 0o777).toBe(0o700);
		expect(makeDirectories(path)).toEqual([]);
	});

	it('accepts a directory that exists as soon as its parents do', () => {
		expect(makeDirectories(`${root}/a/../b`)).toEqual([`${root}/a/../b`, `${root}/a`]);
	});

	it.each([
		['file', 'EEXIST'],
		['file/x', 'ENOTDIR'],
	])('fails for %s', (name, code) => {
		writeFileSync(join(root, 'file'), '');
		expect(() => makeDirectories(join(root, name))).toThrow(code);
	});

	it('fails in a directory that cannot contain new ones', () => {
		expect(() => makeDirectories('/proc/none/deeper')).toThrow('ENOENT');
	});
});
