import { describe, expect, test } from 'vitest';
import {
	checkConflicts,
	comparePayloads,
	isUnchanged,
	type Payload,
	payloadPath,
	topName,
} from '../../../src/volume/payload.js';

function payload(files: Readonly<Record<string, string>>, mode = 0o644): Payload {
	return new Map(Object.entries(files).map(([path, text]) => [path, { bytes: Buffer.from(text), mode }]));
}

describe('payloadPath', () => {
	test.each([
		['i/am/well/behaved.txt', 'i/am/well/behaved.txt'],
		['keepyourheaddownandfollowtherules.txt', 'keepyourheaddownandfollowtherules.txt'],
		['foo////bar', 'foo/bar'],
		['./bar', 'bar'],
		['a/./b/', 'a/b'],
		['.dotfile', '.dotfile'],
		['a/..b', 'a/..b'],
		['a..b', 'a..b'],
		['ключ', 'ключ'],
		['x'.repeat(255), 'x'.repeat(255)],
		[`${'x/'.repeat(2047)}xx`, `${'x/'.repeat(2047)}xx`],
	])('%j becomes %j', (path, clean) => {
		expect(payloadPath(path)).toBe(clean);
	});

	test.each([
		['', 'invalid path: must not be empty: ""'],
		['/dev/null', 'invalid path: must be relative path: /dev/null'],
		[`${'x/'.repeat(2048)}x`, 'invalid path: must be less than or equal to 4096 characters'],
		['x'.repeat(256), 'invalid path: filenames must be less than or equal to 255 characters'],
		['ü'.repeat(128), 'invalid path: filenames must be less than or equal to 255 characters'],
		[`a/${'x'.repeat(256)}/b`, 'invalid path: filenames must be less than or equal to 255 characters'],
		['..', "invalid path: must not contain '..': .."],
		['../sneaky', "invalid path: must not contain '..': ../sneaky"],
		['a/../b', "invalid path: must not contain '..': a/../b"],
		['a/..', "invalid path: must not contain '..': a/.."],
		['..sneaky.txt', "invalid path: must not start with '..': ..sneaky.txt"],
		['...', "invalid path: must not start with '..': ..."],
		['./..data', "invalid path: must not start with '..': ./..data"],
		['.', 'invalid path: must name a file: .'],
		['./.', 'invalid path: must name a file: ./.'],
		['a\0b', 'invalid path: must not contain a NUL character'],
	])('refuses %j', (path, message) => {
		expect(() => payloadPath(path)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID', message }));
	});
});

describe('checkConflicts', () => {
	test.each([[['a', 'a/b']], [['a/b/c/d', 'a/b']], [['x', 'y/z', 'y']]])('refuses %j', (paths) => {
		expect(() => checkConflicts(payload(Object.fromEntries(paths.map((path) => [path, '']))))).toThrow(
			expect.objectContaining({
				code: 'INPUT_INVALID',
				message: expect.stringContaining('is a file in the same volume'),
			}),
		);
	});

	test.each([[[]], [['a', 'ab/c']], [['a/b', 'a/c']], [['a/b', 'a.b']]])('accepts %j', (paths) => {
		expect(() => checkConflicts(payload(Object.fromEntries(paths.map((path) => [path, '']))))).not.toThrow();
	});
});

test.each([
	['a', 'a'],
	['a/b/c', 'a'],
	['.x/y', '.x'],
])('topName of %s is %s', (path, name) => {
	expect(topName(path)).toBe(name);
});

describe('comparePayloads', () => {
	test.each([
		['nothing', { a: '1' }, { a: '1' }, { added: [], removed: [], changed: [] }],
		['a value', { a: '1', b: '2' }, { a: '1', b: '3' }, { added: [], removed: [], changed: ['b'] }],
		['added keys, sorted', {}, { z: '', b: '' }, { added: ['b', 'z'], removed: [], changed: [] }],
		['removed keys, sorted', { z: '', b: '', k: '' }, { k: '' }, { added: [], removed: ['b', 'z'], changed: [] }],
		['a file that becomes a directory', { c: '1' }, { 'c/x': '1' }, { added: ['c/x'], removed: ['c'], changed: [] }],
		['values that swap', { a: '1', b: '2' }, { b: '1', a: '2' }, { added: [], removed: [], changed: ['a', 'b'] }],
		['all at once', { a: '1', b: '2' }, { b: '3', c: '4' }, { added: ['c'], removed: ['a'], changed: ['b'] }],
	])('%s', (_, old, next, change) => {
		const found = comparePayloads(payload(old as Record<string, string>), payload(next as Record<string, string>));
		expect(found).toEqual(change);
		expect(isUnchanged(found)).toBe(Object.values(change).every((paths) => paths.length === 0));
	});

	test('another mode with equal bytes is not a change, as in kubelet', () => {
		expect(isUnchanged(comparePayloads(payload({ a: '1' }, 0o644), payload({ a: '1' }, 0o400)))).toBe(true);
	});
});
