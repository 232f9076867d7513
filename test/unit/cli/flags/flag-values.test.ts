import { describe, expect, test } from 'vitest';
import { parseCount, parseDuration, parseId, parseItem, parseMode } from '../../../../src/cli/flags/flag-values.js';

describe('values of flags', () => {
	test.each([
		['0', 0],
		['500ms', 500],
		['5s', 5000],
		['1m30s', 90_000],
		['1.5h', 5_400_000],
		['.5s', 500],
		['1us', 0.001],
		['1\u00b5s', 0.001],
		['1\u03bcs', 0.001],
		['+5s', 5000],
		['500h', 1.8e9],
	])('the duration %s', (text, ms) => {
		expect(parseDuration('d', text)).toBeCloseTo(ms, 9);
	});

	test.each(['', '+', '5', 's', '1s2', '-1s', '1 s', '1d'])('"%s" is not a duration', (text) => {
		expect(() => parseDuration('grace', text)).toThrow(
			`invalid argument "${text}" for "--grace": expected a duration such as 500ms, 5s or 1m30s`,
		);
	});

	test('a duration that no timer can hold is refused, instead of being over at once', () => {
		for (const text of ['501h', '30001m', `${'9'.repeat(400)}h`])
			expect(() => parseDuration('wait-timeout', text)).toThrow('for "--wait-timeout": expected at most 500h');
	});

	test.each([
		['0644', 0o644],
		['0o644', 0o644],
		['420', 0o644],
		['0', 0],
		['0777', 0o777],
		['511', 0o777],
	])('the mode %s', (text, mode) => {
		expect(parseMode('m', text)).toBe(mode);
	});

	test('invalid modes, and a decimal that was meant to be octal', () => {
		expect(() => parseMode('default-mode', '644')).toThrow('"644" is decimal, did you mean 0644?');
		expect(() => parseMode('default-mode', '01000')).toThrow('must be a number between 0 and 0777 (octal)');
		for (const text of ['', 'rw', '0x1ff', '-1', '0888', '1e2'])
			expect(() => parseMode('m', text)).toThrow('such as 0644');
	});

	test.each([
		['a=b', { key: 'a', path: 'b' }],
		['a=b:0400', { key: 'a', path: 'b', mode: 0o400 }],
		['a=b:c', { key: 'a', path: 'b:c' }],
		['a=b=c', { key: 'a', path: 'b=c' }],
		['a=d/e:256', { key: 'a', path: 'd/e', mode: 0o400 }],
	])('the item %s', (text, item) => {
		expect(parseItem('item', text)).toEqual(item);
	});

	test.each(['', 'a', '=b', 'a=', 'a=:0400'])('"%s" is not an item', (text) => {
		expect(() => parseItem('item', text)).toThrow('expected KEY=PATH or KEY=PATH:MODE');
	});

	test.each([
		['a=/abs', 'must be relative path: /abs'],
		['a=x/../y:0400', "must not contain '..': x/../y"],
		['a=./..data', "must not start with '..': ./..data"],
	])('the item %s can never be shown', (text, reason) => {
		expect(() => parseItem('item', text)).toThrow(`invalid argument "${text}" for "--item": invalid path: ${reason}`);
	});

	test('ids and counts', () => {
		expect(parseId('uid', '0')).toBe(0);
		expect(parseId('uid', '4294967294')).toBe(4294967294);
		for (const text of ['', 'root', '-1', '4294967295', '1.5'])
			expect(() => parseId('uid', text)).toThrow('a numeric id');
		expect(parseCount('history', '1', 1)).toBe(1);
		for (const text of ['', '0', 'x', '-1']) expect(() => parseCount('history', text, 1)).toThrow('at least 1');
	});
});
