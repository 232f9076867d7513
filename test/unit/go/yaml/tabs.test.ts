import { describe, expect, test } from 'vitest';
import { readYaml } from '../../../../src/go/yaml/reader.js';
import { findTabFault } from '../../../../src/go/yaml/tabs.js';

// Every text below has the result of kubectl v1.32 in "kubectl annotate --local".

describe('findTabFault', () => {
	test.each([
		['', '\t\na: b\n', 0],
		['', '\t# comment\na: b\n', 0],
		['', '--- # comment\n\t\na: b\n', 14],
		['in place of the indentation', 'a:\n\tb: c\n', 3],
		['on a blank line', 'a:\n\t\n  b: c\n', 3],
		['after a quoted value', 'a: "b"\n\t\n', 7],
		['after a flow collection', 'a: []\n  \t\nb: c\n', 8],
		['after a comment', 'a: b # c\n\t\nb: c\n', 9],
		['after an anchor', 'a: &b\n\t\n  c\n', 6],
		['after a tag', 'a: !!str\n\t\n  c\n', 9],
		['after "-"', 'a:\n- \tb\n', 5],
		['after "?"', '?\tb\n', 1],
		['after ":" of "?"', '? a\n: \tb\n', 6],
		['with CRLF', 'a: "b"\r\n\t\r\n', 8],
	])('a tab cannot start a token: %s %j', (_name, text, offset) => {
		const reason = 'found character that cannot start any token; indent with spaces, not with a tab';
		expect(findTabFault(text)).toEqual({ offset, reason });
		expect(readYaml(text)).toEqual([{ offset, reason: `yaml: ${reason}`, syntax: true }]);
	});

	test.each([
		['a: b\n\t\n', 5],
		['m:\n  a: b\n  \t\nc: d\n', 12],
		['m:\n  a: b\n  \tc: d\n', 12],
		['m:\n  a: b\n\n\t\n\n  c: d\n', 11],
		['a: b\n\t# comment\n', 5],
		['a: b\n\tc\n', 5],
		['- a\n\t- b\n', 4],
		['m: {\n\ta: b\n\t}\n', 11],
		['m: {a: b\n\t}\n', 9],
		['m: [a\n\t, b]\n', 6],
		['m:\n  a: {b: c\n  \t}\n', 16],
	])('a tab violates the indentation after a plain scalar: %j', (text, offset) => {
		const reason = 'found a tab character that violates indentation; indent with spaces, not with a tab';
		expect(findTabFault(text)).toEqual({ offset, reason });
		expect(readYaml(text)).toEqual([{ offset, reason: `yaml: ${reason}`, syntax: true }]);
	});

	test.each([
		['a:\tb\nc\t: d\t\ne: f\t# comment\n', { a: 'b', c: 'd', e: 'f' }],
		['---\t\na: b\n', { a: 'b' }],
		['a: "b"\t\nc: \'d\'\t# comment\n', { a: 'b', c: 'd' }],
		['a: "b\n\tc"\n', { a: 'b c' }],
		['a: b\n  \tc\n', { a: 'b c' }],
		['m:\n  a: b\n    \t\n  c: d\n', { m: { a: 'b', c: 'd' } }],
		['a: {\n\t"b": "c",\n\td:\te }\n', { a: { b: 'c', d: 'e' } }],
		['a: [\n\t]\n', { a: [] }],
		['a: {b: c\n \td}\n', { a: { b: 'c d' } }],
		['a: |\t\n  b\n  \tc\n  \t\n', { a: 'b\n\tc\n\t\n' }],
		['a:\t|\n  b\n', { a: 'b\n' }],
		['a: &x\tb\nc: *x\t\n', { a: 'b', c: 'b' }],
	])('accepts tabs between the parts of a line, in flow collections and in texts: %j', (text, value) => {
		expect(findTabFault(text)).toBeUndefined();
		expect(readYaml(text)).toEqual([expect.objectContaining({ value })]);
	});

	test('finds none after the end of the document, of which kubectl reads no more', () => {
		expect(findTabFault('a: b\n...\n\t\n')).toBeUndefined();
	});
});
