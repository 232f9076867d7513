import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
	divideUp,
	formatQuantity,
	milliValue,
	parseQuantity,
	quantityOf,
	wholeValue,
} from '../../../src/go/quantity.js';

const LARGEST = 9_223_372_036_854_775_807_000_000_000n;

// The values of the first table come from kubectl 1.20.
describe('parseQuantity', () => {
	test.each<readonly [string, bigint]>([
		['0', 0n],
		['1', 1_000_000_000n],
		['+2', 2_000_000_000n],
		['-1.5', -1_500_000_000n],
		['1500m', 1_500_000_000n],
		['1.5', 1_500_000_000n],
		['00.50', 500_000_000n],
		['.5', 500_000_000n],
		['5.', 5_000_000_000n],
		['100u', 100_000n],
		['1n', 1n],
		['0.1n', 1n],
		['-0.1n', -1n],
		['0.1m', 100_000n],
		['12.3456789012345', 12_345_678_902n],
		['1k', 1_000_000_000_000n],
		['1M', 10n ** 15n],
		['1G', 10n ** 18n],
		['1T', 10n ** 21n],
		['1P', 10n ** 24n],
		['1E', 10n ** 27n],
		['1Ki', 1024n * 10n ** 9n],
		['1Mi', 1024n ** 2n * 10n ** 9n],
		['1Gi', 1024n ** 3n * 10n ** 9n],
		['1Ti', 1024n ** 4n * 10n ** 9n],
		['1Pi', 1024n ** 5n * 10n ** 9n],
		['1Ei', 1024n ** 6n * 10n ** 9n],
		['-1Ki', -1024n * 10n ** 9n],
		['1.5Gi', 1536n * 1024n ** 2n * 10n ** 9n],
		['0.5Ki', 512_000_000_000n],
		['0.1Ki', 102_400_000_000n],
		['1.0001Ki', 1_024_102_400_000n],
		['0.0000000001Ei', 115_292_150_460_684_698n],
		['1e3', 10n ** 12n],
		['1E3', 10n ** 12n],
		['1e+3', 10n ** 12n],
		['1.5e3', 1_500_000_000_000n],
		['1e-3', 1_000_000n],
		['1e-9', 1n],
		['1e-10', 1n],
		['5e-324', 1n],
		['0e5', 0n],
		['16Ei', LARGEST],
		['123456789012345678901234567890Ki', LARGEST],
		['m', 0n],
		['.', 0n],
		['-', 0n],
		['-.Ki', 0n],
		['e3', 0n],
	])('reads %s as %s nanos', (text, nanos) => {
		expect(parseQuantity(text)).toEqual({ nanos });
	});

	test.each(['1e20', '999999999999999999999', '10E', '1e9999999999', '9'.repeat(500), '8Ei', '1e999999999999999999'])(
		'caps %.20s at 2^63-1',
		(text) => {
			expect(parseQuantity(text)).toEqual({ nanos: LARGEST });
			expect(parseQuantity(`-${text}`)).toEqual({ nanos: -LARGEST });
		},
	);

	test.each([`1e-9999999999`, `0.${'0'.repeat(400)}1`, '0.0000000001e-30', '1e-99999999999999999999'])(
		'rounds %.20s up to the smallest quantity',
		(text) => {
			expect(parseQuantity(text)).toEqual({ nanos: 1n });
		},
	);

	const SHAPE = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
	const SUFFIX = "unable to parse quantity's suffix";
	test.each([
		['', SHAPE],
		[' 1', SHAPE],
		['1 ', SHAPE],
		['1\n', SHAPE],
		['1.1.1', SHAPE],
		['0x10', SHAPE],
		['1e1.5', SHAPE],
		['1B', SHAPE],
		['1,5', SHAPE],
		['--1', SUFFIX],
		['1i', SUFFIX],
		['1e', SUFFIX],
		['1K', SUFFIX],
		['1ki', SUFFIX],
		['1mi', SUFFIX],
		['1Mi5', SUFFIX],
		['1m5', SUFFIX],
		['1e+', SUFFIX],
	])('refuses %j', (text, reason) => {
		const message = `quantity ${JSON.stringify(text)}: ${reason}`;
		expect(() => parseQuantity(text)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID', message }));
	});

	test('reads equal quantities from different notations', () => {
		const milli = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });
		fc.assert(
			fc.property(milli, (value) => {
				const size = value < 0n ? -value : value;
				const sign = value < 0n ? '-' : '';
				const decimal = `${sign}${size / 1000n}.${String(size % 1000n).padStart(3, '0')}`;
				const all = [`${value}m`, decimal, `${value}e-3`, `${value}000u`, `${value}000000n`, `${decimal}0e0`];
				for (const text of all) expect(parseQuantity(text).nanos).toBe(value * 1_000_000n);
			}),
		);
	});
});

test.each<readonly [string, bigint, bigint]>([
	['1', 1n, 1000n],
	['100u', 1n, 1n],
	['1n', 1n, 1n],
	['1001u', 1n, 2n],
	['1.5', 2n, 1500n],
	['0', 0n, 0n],
	['-1.5', -2n, -1500n],
	['-100u', -1n, -1n],
	['1.0001Ki', 1025n, 1_024_103n],
])('rounds %s away from zero, to %s units and %s thousandths', (text, whole, milli) => {
	const quantity = parseQuantity(text);
	expect([wholeValue(quantity), milliValue(quantity)]).toEqual([whole, milli]);
});

test.each<readonly [bigint, bigint, bigint]>([
	[0n, 3n, 0n],
	[1n, 3n, 1n],
	[3n, 3n, 1n],
	[4n, 3n, 2n],
	[-4n, 3n, -1n],
	[9_007_199_254_740_993n, 1n, 9_007_199_254_740_993n],
])('divides %s by %s, rounded up to %s', (dividend, divisor, quotient) => {
	expect(divideUp(dividend, divisor)).toBe(quotient);
});

test('quantityOf drops a fraction', () => {
	expect(wholeValue(quantityOf(8_589_934_592.9))).toBe(8_589_934_592n);
});

test.each([
	['0', '0'],
	['0Gi', '0'],
	['1000m', '1'],
	['1500m', '1500m'],
	['1.5', '1500m'],
	['2000', '2k'],
	['12e6', '12e6'],
	['1000000e3', '1e9'],
	['1024Ki', '1Mi'],
	['1.5Gi', '1536Mi'],
	['0.5Ki', '512'],
	['100Mi', '100Mi'],
	['-2048Mi', '-2Gi'],
	['5n', '5n'],
])('formatQuantity prints %s as %s', (text, expected) => {
	expect(formatQuantity(text)).toBe(expected);
});
