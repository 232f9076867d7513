/**
 * Splits the value of a flag at commas, as one line of CSV. kubectl splits `--from-file` and `--from-env-file`, but not
 * `--from-literal`.
 */

import { ConfigMapFsError } from '../base/errors.js';
import { quoteGo } from './quote.js';

/** Line and column count from 1. Unit of the column: bytes. */
interface Position {
	readonly line: number;
	readonly column: number;
}

class CsvError extends Error {}

function csvError(start: Position, at: Position, reason: string): CsvError {
	const record = start.line === at.line ? '' : `record on line ${start.line}; `;
	return new CsvError(`${record}parse error on line ${at.line}, column ${at.column}: ${reason}`);
}

function positionAt(text: string, index: number): Position {
	const before = text.slice(0, index);
	const lineStart = before.lastIndexOf('\n') + 1;
	return { line: before.split('\n').length, column: Buffer.byteLength(before.slice(lineStart)) + 1 };
}

/** Reads the quoted field whose opening quote is at `open`. */
function readQuoted(text: string, open: number): { readonly field: string; readonly end: number } {
	let field = '';
	let from = open + 1;
	for (;;) {
		const close = text.indexOf('"', from);
		const at = (index: number) => csvError(positionAt(text, open), positionAt(text, index), WRONG_QUOTE);
		if (close < 0) throw at(text.length);
		field += text.slice(from, close);
		const next = text[close + 1];
		if (next === undefined || next === ',' || next === '\n') return { field, end: close + 1 };
		if (next !== '"') throw at(close);
		field += '"';
		from = close + 2;
	}
}

const WRONG_QUOTE = 'extraneous or missing " in quoted-field';

function readBare(text: string, start: number): { readonly field: string; readonly end: number } {
	const length = text.slice(start).search(/[,\n]/);
	const end = length < 0 ? text.length : start + length;
	const field = text.slice(start, end);
	const quote = field.indexOf('"');
	if (quote >= 0) {
		throw csvError(positionAt(text, start), positionAt(text, start + quote), 'bare " in non-quoted-field');
	}
	return { field, end };
}

/** Reads the first line of CSV. Empty lines before it are skipped; lines after it are ignored. */
function readRecord(value: string): string[] {
	const text = value.replaceAll('\r\n', '\n').replace(/\r$/, '');
	const first = text.search(/[^\n]/);
	if (first < 0) throw new CsvError('EOF');
	const fields: string[] = [];
	for (let start = first; ; ) {
		const { field, end } = text[start] === '"' ? readQuoted(text, start) : readBare(text, start);
		fields.push(field);
		if (text[end] !== ',') return fields;
		start = end + 1;
	}
}

/**
 * The parts of one flag value; an empty list for an empty value.
 * Errors: USAGE with kubectl's text.
 * Source: kubectl v1.32, pflag StringSlice over go1.23 encoding/csv.
 */
export function splitCommaValues(flag: string, value: string): readonly string[] {
	if (value === '') return [];
	try {
		return readRecord(value);
	} catch (error) {
		if (!(error instanceof CsvError)) throw error;
		throw new ConfigMapFsError('USAGE', `invalid argument ${quoteGo(value)} for "${flag}" flag: ${error.message}`);
	}
}
