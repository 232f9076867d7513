/**
 * Kubernetes quantities (`500m`, `1.5Gi`, `12e6`), exact: integers of 1e-9, never floating point.
 * Source: kubernetes v1.32 apimachinery api/resource, ParseQuantity.
 */

import { ConfigMapFsError } from '../base/errors.js';
import { quoteGo } from './quote.js';

export interface Quantity {
	/** Unit: 1e-9 of the counted unit. */
	readonly nanos: bigint;
}

/** Digits that a quantity keeps after the point. Further digits are rounded away from zero. */
const NANO_DIGITS = 9n;
const NANO = 10n ** NANO_DIGITS;
const MILLI = NANO / 1000n;
/** The largest quantity; larger ones are capped. Unit: the counted unit. */
const MAX_VALUE = 2n ** 63n - 1n;
/** From this decimal exponent on, any number exceeds the largest quantity. */
const MAX_EXPONENT = 20;

/** Source: kubernetes v1.32 apimachinery api/resource, ErrFormatWrong and ErrSuffix. */
const WRONG_FORMAT = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const WRONG_SUFFIX = "unable to parse quantity's suffix";
/** Unlike Go's expression, it has one way to read each digit, so that a long text is refused as fast as a short one. */
const NUMBER_AND_SUFFIX = /^(?=.)([+-]?)([0-9]*)(?:\.([0-9]*))?((?:[eEinumkKMGTP]+[-+]?[0-9]*|[-+][0-9]*)?)$/;
const DECIMAL_EXPONENT = /^[eE]([+-]?\d+)$/;

/** Powers of ten. */
export const DECIMAL_SUFFIXES: ReadonlyMap<string, number> = new Map([
	['n', -9],
	['u', -6],
	['m', -3],
	['', 0],
	['k', 3],
	['M', 6],
	['G', 9],
	['T', 12],
	['P', 15],
	['E', 18],
]);
/** Powers of two. */
export const BINARY_SUFFIXES: ReadonlyMap<string, bigint> = new Map([
	['Ki', 10n],
	['Mi', 20n],
	['Gi', 30n],
	['Ti', 40n],
	['Pi', 50n],
	['Ei', 60n],
]);

/** Why the text is not a quantity, in the API server's words; undefined if it is one. */
export function quantityFault(text: string): string | undefined {
	const suffix = NUMBER_AND_SUFFIX.exec(text)?.[4];
	if (suffix === undefined) return WRONG_FORMAT;
	return suffixScale(suffix) === undefined ? WRONG_SUFFIX : undefined;
}

/** Text without digits, such as `m`, is 0, as for an API server. Errors: INPUT_INVALID with `quantityFault`. */
export function parseQuantity(text: string): Quantity {
	const [, sign = '', whole = '', fraction = '', suffix = ''] = NUMBER_AND_SUFFIX.exec(text) ?? [];
	const digits = whole + fraction;
	const scale = suffixScale(suffix);
	const fault = quantityFault(text);
	if (fault !== undefined || scale === undefined) {
		throw new ConfigMapFsError('INPUT_INVALID', `quantity ${quoteGo(text)}: ${fault}`);
	}
	const magnitude = scaled(BigInt(digits) * scale.factor, scale.exponent - fraction.length, digits.length);
	return { nanos: sign === '-' ? -magnitude : magnitude };
}

/**
 * The text as an API server prints it: `1000m` is `1`, `2048Ki` is `2Mi`. Errors: as parseQuantity.
 * Source: kubernetes v1.32 apimachinery api/resource, CanonicalizeBytes.
 */
export function formatQuantity(text: string): string {
	const { nanos } = parseQuantity(text);
	if (nanos === 0n) return '0';
	const sign = nanos < 0n ? '-' : '';
	const size = nanos < 0n ? -nanos : nanos;
	if (text.endsWith('i') && size >= 1024n * NANO) {
		let count = divideUp(size, NANO);
		let suffix = '';
		for (const [unit] of BINARY_SUFFIXES) {
			if (count % 1024n !== 0n) break;
			count /= 1024n;
			suffix = unit;
		}
		return `${sign}${count}${suffix}`;
	}
	let count = size;
	let exponent = -Number(NANO_DIGITS);
	for (; count % 1000n === 0n && exponent < 18; exponent += 3) count /= 1000n;
	if (DECIMAL_EXPONENT.test(text.replace(/^[^eE]*/, '')))
		return `${sign}${count}${exponent === 0 ? '' : `e${exponent}`}`;
	for (const [unit, power] of DECIMAL_SUFFIXES) if (power === exponent) return `${sign}${count}${unit}`;
	return `${sign}${count}`;
}

/** A number as a quantity. A fraction is dropped. */
export function quantityOf(value: number): Quantity {
	return { nanos: BigInt(Math.trunc(value)) * NANO };
}

/** In units, rounded away from zero, as Quantity.Value() does. */
export function wholeValue(quantity: Quantity): bigint {
	return divideAwayFromZero(quantity.nanos, NANO);
}

/** In thousandths, rounded away from zero, as Quantity.MilliValue() does. */
export function milliValue(quantity: Quantity): bigint {
	return divideAwayFromZero(quantity.nanos, MILLI);
}

/** The quotient, rounded up. Requires: a positive divisor. */
export function divideUp(dividend: bigint, divisor: bigint): bigint {
	const quotient = dividend / divisor;
	return dividend > 0n && dividend % divisor !== 0n ? quotient + 1n : quotient;
}

/** `mantissa * 10^exponent` in nanos, rounded up and capped. Never computes the power of a huge exponent. */
function scaled(mantissa: bigint, exponent: number, digits: number): bigint {
	if (mantissa === 0n) return 0n;
	if (exponent >= MAX_EXPONENT) return MAX_VALUE * NANO;
	const shift = exponent + Number(NANO_DIGITS);
	if (shift >= 0) return smaller(mantissa * 10n ** BigInt(shift), MAX_VALUE * NANO);
	// A binary suffix adds at most 19 digits.
	if (-shift > digits + 19) return 1n;
	return smaller(divideUp(mantissa, 10n ** BigInt(-shift)), MAX_VALUE * NANO);
}

function suffixScale(suffix: string): { readonly factor: bigint; readonly exponent: number } | undefined {
	const decimal = DECIMAL_SUFFIXES.get(suffix);
	if (decimal !== undefined) return { factor: 1n, exponent: decimal };
	const binary = BINARY_SUFFIXES.get(suffix);
	if (binary !== undefined) return { factor: 2n ** binary, exponent: 0 };
	const exponent = DECIMAL_EXPONENT.exec(suffix)?.[1];
	return exponent === undefined ? undefined : { factor: 1n, exponent: Number(exponent) };
}

function divideAwayFromZero(dividend: bigint, divisor: bigint): bigint {
	return dividend < 0n ? -divideUp(-dividend, divisor) : divideUp(dividend, divisor);
}

function smaller(a: bigint, b: bigint): bigint {
	return a < b ? a : b;
}
