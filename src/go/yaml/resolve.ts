/**
 * Types of plain (unquoted) scalars. The reader takes its words for null and booleans from here; the writer quotes every
 * string that a reader would take for something else. Pure. Numbers are in `numbers`.
 * Source: kubectl v1.32 (sigs.k8s.io/yaml v1.4), goyaml.v2 resolve.go.
 */

import { readGoNumber } from './numbers.js';

export const NULL_WORDS: ReadonlySet<string> = new Set(['', '~', 'null', 'Null', 'NULL']);

/** YAML 1.1 has more words for booleans than YAML 1.2. */
export const BOOLEAN_WORDS: ReadonlyMap<string, boolean> = new Map([
	...'y Y yes Yes YES true True TRUE on On ON'.split(' ').map((word) => [word, true] as const),
	...'n N no No NO false False FALSE off Off OFF'.split(' ').map((word) => [word, false] as const),
]);

/** Source: YAML 1.2.2 section 10.3.2, core schema: numbers of any size, octal, hexadecimal. */
const CORE_NUMBER = /^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+)$/;
/** A number to other YAML 1.1 readers, a string to goyaml. Source: goyaml.v2 encode.go, base60float. */
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const TIMESTAMP =
	/^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:([Tt])| +)(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?(Z|[-+]\d\d:\d\d)?)?$/;

/**
 * Whether a reader takes the text, written without quotes, for null, a boolean, a number or a time. Covers kubectl's
 * reader (YAML 1.1 with Go's number syntax) and YAML 1.2 readers, for which `1e400` is a number too.
 */
export function isAmbiguousPlain(text: string): boolean {
	if (NULL_WORDS.has(text) || BOOLEAN_WORDS.has(text)) return true;
	if (!/^[-+.0-9]/.test(text)) return false;
	return readGoNumber(text) !== undefined || CORE_NUMBER.test(text) || BASE_60.test(text) || isTimestamp(text);
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
