import { describe, expect, it } from 'vitest';
import { LONGEST_ENV_LINE, parseEnvFile } from '../../../../src/sources/generators/env-file.js';

function parse(content: string | Buffer): Record<string, string> {
	const entries = parseEnvFile(Buffer.from(content), 'f.env', { HOME_OF: 'value', 'with space ': 'no' });
	return Object.fromEntries([...entries].map(({ key, value }) => [key, value]));
}

const RULE = 'a valid environment variable name must consist of alphabetic characters';

describe('parseEnvFile', () => {
	it.each([
		['', {}],
		['A=1\nB=2\n', { A: '1', B: '2' }],
		['A=1\r\nB=2\r\n', { A: '1', B: '2' }],
		['\ufeffA=1', { A: '1' }],
		['  A=1  \n\t# c\n\n   \nB=x #y\nC="q"\n', { A: '1  ', B: 'x #y', C: '"q"' }],
		['A=b=c', { A: 'b=c' }],
		['A=', { A: '' }],
		['HOME_OF\nUNSET', { HOME_OF: 'value', UNSET: '' }],
		['A.b=1\nC-d=2\n_=3', { 'A.b': '1', 'C-d': '2', _: '3' }],
		['A=1\r2\r\r\nB=3', { A: '1\r2\r', B: '3' }],
		['\v\f\u00a0\u0085\u3000A=1', { A: '1' }],
		['A=\0x', { A: '\0x' }],
		['A=1\nB=2\r', { A: '1', B: '2' }],
	])('reads %j', (content, entries) => {
		expect(parse(content)).toEqual(entries);
	});

	it('returns both entries of a duplicate key', () => {
		expect([...parseEnvFile(Buffer.from('A=1\nA=2'), 'f', {})]).toHaveLength(2);
	});

	it.each([
		['C =x', `"C " is not a valid key name: ${RULE}`],
		['export A=1', `"export A" is not a valid key name: ${RULE}`],
		['1A=x', `"1A" is not a valid key name: ${RULE}`],
		['=x', `"" is not a valid key name: ${RULE}`],
		['with space ', `"with space " is not a valid key name: ${RULE}`],
		['A=1\n\ufeffB=2', `"\\ufeffB" is not a valid key name: ${RULE}`],
		['.=1', `"." is not a valid key name: must not be '.'`],
		['..=1', `".." is not a valid key name: must not be '..'`],
		['..a=1', `"..a" is not a valid key name: must not start with '..'`],
	])('refuses %j', (content, message) => {
		expect(() => parse(content)).toThrow(message);
	});

	it('returns the entries before an invalid line', () => {
		const entries = parseEnvFile(Buffer.from('A=1\n1B=2\n'), 'f', {});
		expect(entries.next().value).toEqual({ key: 'A', value: '1' });
		expect(() => entries.next()).toThrow('"1B" is not a valid key name');
	});

	it('joins two reasons with a semicolon', () => {
		expect(() => parse('..a/=1')).toThrow("'[-._a-zA-Z][-._a-zA-Z0-9]*');must not start with '..'");
	});

	it.each([
		[[0x41, 0x3d, 0xff], 'env file f.env contains invalid utf8 bytes at line 1: [65 61 255]'],
		[[0x23, 0x0a, 0x23, 0xff], 'env file f.env contains invalid utf8 bytes at line 2: [35 255]'],
		[[0xef, 0xbb, 0xbf, 0x20, 0xff], 'env file f.env contains invalid utf8 bytes at line 1: [239 187 191 32 255]'],
	])('refuses the bytes %j', (bytes, message) => {
		expect(() => parse(Buffer.from(bytes))).toThrow(message);
	});

	it('reads the longest line that kubectl reads, and rejects a longer one instead of dropping it', () => {
		const longest = 'x'.repeat(LONGEST_ENV_LINE - 2);
		expect(parse(`A=1\nB=${longest}\nC=3`)).toEqual({ A: '1', B: longest, C: '3' });
		expect(() => parse(`A=1\nB=${longest}x\nC=3`)).toThrow('f.env has a line longer than 65535 bytes at line 2');
	});
});
