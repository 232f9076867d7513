/**
 * Plain scalars that kubectl's YAML reader takes for numbers, and the text of such a number as a key. Pure.
 * Source: kubectl v1.32 (sigs.k8s.io/yaml v1.4): goyaml.v2 resolve; yaml.go, convertToJSONableObject.
 */

export interface GoNumber {
	readonly value: number;
	/** Its text as a key of a map; undefined if kubectl refuses it as a key. */
	readonly key: string | undefined;
}

const INTEGER = /^([-+]?)(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)$/;
/** `0b-1`, which goyaml accepts by an oversight. */
const BINARY_WITH_INNER_SIGN = /^0b([-+]?)([01]+)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
/** Go allows single underscores between the digits of a float. goyaml removes all underscores of other numbers. */
const FLOAT_FROM_POINT = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?$/;

const INT64_LIMIT = 2n ** 63n;
const UINT64_LIMIT = 2n ** 64n;

const NOT_FINITE: ReadonlyMap<string, GoNumber> = new Map(
	(
		[
			['.nan .NaN .NAN', { value: Number.NaN, key: '.nan' }],
			['.inf .Inf .INF +.inf +.Inf +.INF', { value: Number.POSITIVE_INFINITY, key: '.inf' }],
			['-.inf -.Inf -.INF', { value: Number.NEGATIVE_INFINITY, key: '-.inf' }],
		] as const
	).flatMap(([words, number]) => words.split(' ').map((word) => [word, number] as const)),
);

/** Reads a plain scalar as a number. Undefined for other text, such as `1.2.3`, `_1`, `1e999` or a time. */
export function readGoNumber(text: string): GoNumber | undefined {
	const known = NOT_FINITE.get(text);
	if (known !== undefined) return known;
	if (text.startsWith('.')) return FLOAT_FROM_POINT.test(text) ? readFloat(text.replaceAll('_', '')) : undefined;
	if (!/^[-+0-9]/.test(text)) return undefined;
	const plain = text.replaceAll('_', '');
	return readInteger(plain) ?? (FLOAT.test(plain) ? readFloat(plain) : undefined);
}

function readInteger(plain: string): GoNumber | undefined {
	const [, sign = '', digits] = INTEGER.exec(plain) ?? [];
	if (digits !== undefined) return inRange(sign, BigInt(digits.toLowerCase().replace(/^0(?=[0-7])/, '0o')));
	const [, innerSign = '', bits] = BINARY_WITH_INNER_SIGN.exec(plain) ?? [];
	return bits === undefined ? undefined : inRange(innerSign, BigInt(`0b${bits}`));
}

function inRange(sign: string, magnitude: bigint): GoNumber | undefined {
	const value = sign === '-' ? -magnitude : magnitude;
	if (value >= -INT64_LIMIT && value < INT64_LIMIT) return { value: Number(value), key: String(value) };
	return sign === '' && value < UINT64_LIMIT ? { value: Number(value), key: undefined } : undefined;
}

function readFloat(plain: string): GoNumber | undefined {
	const value = Number(plain);
	return Number.isFinite(value) ? { value, key: floatKey(Math.fround(value)) } : undefined;
}

/** Source: go1.23 strconv.FormatFloat(value, 'g', -1, 32): the fewest digits that give the same float32. */
function floatKey(value: number): string {
	if (!Number.isFinite(value)) return value < 0 ? '-.inf' : '.inf';
	const sign = value < 0 || Object.is(value, -0) ? '-' : '';
	const magnitude = Math.abs(value);
	if (magnitude === 0) return `${sign}0`;
	let digits = 0;
	while (Math.fround(Number(magnitude.toExponential(digits))) !== magnitude) digits += 1;
	const shortest = magnitude.toExponential(digits);
	const [mantissa = '', exponentText = ''] = shortest.split('e');
	const exponent = Number(exponentText);
	if (exponent >= -4 && exponent < 6) return sign + decimal(mantissa.replace('.', ''), exponent);
	return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** Decimal notation of digits whose first one counts 10^exponent. */
function decimal(digits: string, exponent: number): string {
	if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
	const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
	const rest = digits.slice(exponent + 1);
	return rest === '' ? whole : `${whole}.${rest}`;
}
