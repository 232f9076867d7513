import { describe, expect, it } from 'vitest';
import { splitCommaValues } from '../../../../src/go/csv.js';
import { quoteGo } from '../../../../src/go/quote.js';
import { parseFileSource, parseLiteralSource } from '../../../../src/sources/generators/source-syntax.js';

describe('parseLiteralSource', () => {
	it.each([
		['a=b', 'a', 'b'],
		['a=', 'a', ''],
		['a=b=c', 'a', 'b=c'],
		['a="x,y"', 'a', '"x,y"'],
		['a= b ', 'a', ' b '],
		['a==', 'a', '='],
	])('splits %j', (source, key, value) => {
		expect(parseLiteralSource(source)).toEqual({ key, value });
	});

	it.each(['', 'a', '=', '=b'])('refuses %j', (source) => {
		expect(() => parseLiteralSource(source)).toThrow(`invalid literal source ${source}, expected key=value`);
	});
});

describe('parseFileSource', () => {
	it.each([
		['a/b.txt', 'b.txt', 'a/b.txt', false],
		['a/b/', 'b', 'a/b/', false],
		['/', '/', '/', false],
		['', '.', '', false],
		['.', '.', '.', false],
		['k=a/b', 'k', 'a/b', true],
	])('reads %j', (source, key, path, keyGiven) => {
		expect(parseFileSource(source)).toEqual({ key, path, keyGiven });
	});

	it.each([
		['=p', 'key name for file path p missing'],
		['k=', 'file path for key name k missing'],
		['=', 'key name for file path  missing'],
		['a=b=c', "key names or file paths cannot contain '='"],
	])('refuses %j', (source, message) => {
		expect(() => parseFileSource(source)).toThrow(message);
	});
});

describe('splitCommaValues', () => {
	it.each([
		['', []],
		['a', ['a']],
		['a,b', ['a', 'b']],
		['a, b', ['a', ' b']],
		['a,', ['a', '']],
		[',a', ['', 'a']],
		['"a,b",c', ['a,b', 'c']],
		['"a""b"', ['a"b']],
		['""', ['']],
		['\n\na\nb', ['a']],
		['a\r\nb', ['a']],
		['a\r', ['a']],
		['"a\nb",c', ['a\nb', 'c']],
	])('splits %j', (value, parts) => {
		expect(splitCommaValues('--from-file', value)).toEqual(parts);
	});

	it.each([
		['"e1,e2', 'parse error on line 1, column 7: extraneous or missing " in quoted-field'],
		['"e1"x', 'parse error on line 1, column 4: extraneous or missing " in quoted-field'],
		['a,"b', 'parse error on line 1, column 5: extraneous or missing " in quoted-field'],
		['e"1', 'parse error on line 1, column 2: bare " in non-quoted-field'],
		['\u00e9"', 'parse error on line 1, column 3: bare " in non-quoted-field'],
		['e1,b"c', 'parse error on line 1, column 5: bare " in non-quoted-field'],
		['"e1\ne2', 'record on line 1; parse error on line 2, column 3: extraneous or missing " in quoted-field'],
		['"a\nb"x', 'record on line 1; parse error on line 2, column 2: extraneous or missing " in quoted-field'],
		['\n', 'EOF'],
	])('refuses %j as kubectl does', (value, reason) => {
		const message = `invalid argument ${quoteGo(value)} for "--from-file" flag: ${reason}`;
		expect(() => splitCommaValues('--from-file', value)).toThrow(expect.objectContaining({ code: 'USAGE', message }));
	});
});
