import { describe, expect, it } from 'vitest';
import { parseGoDuration } from '../../../src/go/duration.js';

// Source: go1.22 time.ParseDuration and its tests.
describe('parseGoDuration', () => {
	it.each([
		['0', 0],
		['-0', 0],
		['+0', 0],
		['5s', 5000],
		['30s', 30_000],
		['1478s', 1_478_000],
		['-5s', -5000],
		['+5s', 5000],
		['5.0s', 5000],
		['5.6s', 5600],
		['5.s', 5000],
		['.5s', 500],
		['1.004s', 1004],
		['100.00100s', 100_001],
		['10ns', 1e-5],
		['11us', 0.011],
		['12\u00b5s', 0.012],
		['12\u03bcs', 0.012],
		['13ms', 13],
		['14s', 14_000],
		['15m', 900_000],
		['16h', 57_600_000],
		['3h30m', 12_600_000],
		['10.5s4m', 250_500],
		['-2m3.4s', -123_400],
		['1h2m3s4ms5us6ns', 3_723_004.005006],
	])('reads %s as %s ms', (text, ms) => {
		expect(parseGoDuration(text)).toBeCloseTo(ms, 9);
	});

	it.each([
		'',
		'3',
		'-',
		's',
		'.',
		'-.',
		'.s',
		'+.s',
		'1d',
		'\x85\x85',
		'\xffff',
		'hello \xffff world',
		'1 s',
		'1s2',
		'--1s',
	])('refuses %j', (text) => {
		expect(parseGoDuration(text)).toBeUndefined();
	});
});
