/**
 * Which plain words a YAML reader would not take for a string. Pure; knows nothing of columns or quotes. Follows the
 * reader inside kubectl (YAML 1.1 with Go's number syntax) and adds what the YAML 1.2 core schema reads differently,
 * so that what is printed means the same to both.
 */

const WORDS: ReadonlySet<string> = new Set(
	[
		'y Y yes Yes YES n N no No NO on On ON off Off OFF',
		'true True TRUE false False FALSE ~ null Null NULL',
		'.nan .NaN .NAN .inf .Inf .INF +.inf +.Inf +.INF -.inf -.Inf -.INF',
	].flatMap((line) => line.split(' ')),
);

const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
/** Go's floats may have single underscores between digits. */
const GO_FLOAT_FROM_POINT = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?$/;
const CORE_OCTAL_OR_HEX = /^0(?:o[0-7]+|x[0-9a-fA-F]+)$/;
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const PREFIXED_INTEGER = /^([-+]?)(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+)$/;
const BINARY_WITH_INNER_SIGN = /^0b([-+])([01]+)$/;
const TIMESTAMP =
	/^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:([Tt])| +)(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?(Z|[-+]\d\d:\d\d)?)?$/;

const INT64_LIMIT = 2n ** 63n;
const UINT64_LIMIT = 2n ** 64n;

function isIntegerInRange(sign: string, magnitude: bigint): boolean {
	if (sign === '-') return magnitude <= INT64_LIMIT;
	return magnitude < (sign === '+' ? INT64_LIMIT : UINT64_LIMIT);
}

function isInteger(plain: string): boolean {
	const prefixed = PREFIXED_INTEGER.exec(plain);
	if (prefixed) return isIntegerInRange(prefixed[1] ?? '', BigInt((prefixed[2] ?? '').toLowerCase()));
	const binary = BINARY_WITH_INNER_SIGN.exec(plain);
	return binary !== null && isIntegerInRange(binary[1] ?? '', BigInt(`0b${binary[2]}`));
}

/** Source: go1.23 time.Parse with the layouts of goyaml.v2 parseTimestamp; a day that does not exist is a string. */
function isTimestamp(text: string): boolean {
	const match = TIMESTAMP.exec(text);
	if (!match) return false;
	const [year = 0, month = 0, day = 0] = match.slice(1, 4).map(Number);
	if (month < 1 || month > 12 || day < 1 || day > new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()) {
		return false;
	}
	if (match[5] === undefined) return true;
	const [hour = 0, minute = 0, second = 0] = match.slice(5, 8).map(Number);
	if (hour > 23 || minute > 59 || second > 59) return false;
	const zone = match[8];
	if ((match[4] === undefined) !== (zone === undefined)) return false;
	if (zone === undefined || zone === 'Z') return true;
	return Number(zone.slice(1, 3)) <= 24 && Number(zone.slice(4)) <= 60;
}

/**
 * Whether the text, written without quotes, is read as null, a boolean, a number or a time.
 * Source: kubectl v1.32 (sigs.k8s.io/yaml v1.4, goyaml.v2), resolve; YAML 1.2.2 section 10.3.2 for numbers that do not
 * fit kubectl's types (`1e400`), which kubectl leaves bare and a YAML 1.2 reader takes for numbers.
 */
export function isAmbiguousPlain(text: string): boolean {
	if (text === '' || WORDS.has(text)) return true;
	if (!/^[-+.0-9]/.test(text)) return false;
	if (FLOAT.test(text) || CORE_OCTAL_OR_HEX.test(text)) return true;
	if (text.startsWith('.')) return GO_FLOAT_FROM_POINT.test(text) && Number.isFinite(Number(text.replaceAll('_', '')));
	if (BASE_60.test(text) || isTimestamp(text)) return true;
	const plain = text.replaceAll('_', '');
	return isInteger(plain) || (FLOAT.test(plain) && Number.isFinite(Number(plain)));
}
