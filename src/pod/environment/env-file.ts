/**
 * Reads the file of a fileKeyRef: lines `NAME='value'`. Values are in single quotes, may span lines, and have no escapes.
 * Source: kubelet v1.35 pkg/kubelet/util/env, ParseEnv, which does not distinguish an empty value from an absent one.
 */

import { ConfigMapFsError } from '../../base/errors.js';

const BLANK = /^[ \t]/;
const LEADING_BLANKS = /^[ \t]*/;
const TRAILING_BLANK = /[ \t]$/;
const AFTER_QUOTE = /^[ \t]*(#|$)/;

/**
 * The value of the first line that sets `key`, or undefined. Later lines are not checked. Errors: INPUT_INVALID with the
 * line number, for a malformed line up to that one.
 */
export function readEnvFile(text: string, key: string): string | undefined {
	const lines = splitLines(text);
	for (let index = 0; index < lines.length; index += 1) {
		const line = (lines[index] ?? '').replace(LEADING_BLANKS, '');
		if (line === '' || line.startsWith('#')) continue;
		const [name, value] = splitAssignment(line, index + 1);
		// As in a shell: a blank after "=" ends the value, and the rest of the line is ignored.
		const quoted = BLANK.test(value) ? { value: '', lastIndex: index } : readQuoted(lines, index, value);
		if (name === key) return quoted.value;
		index = quoted.lastIndex;
	}
	return undefined;
}

/** Lines without LF or CR LF. The last line is empty if the text ends with a newline. */
function splitLines(text: string): readonly string[] {
	return text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
}

function splitAssignment(line: string, lineNumber: number): readonly [name: string, value: string] {
	const equals = line.indexOf('=');
	if (equals < 0) throw malformed(lineNumber, "missing '='");
	const name = line.slice(0, equals);
	if (name === '') throw malformed(lineNumber, 'empty variable name');
	if (TRAILING_BLANK.test(name)) throw malformed(lineNumber, "whitespace before '=' is not allowed");
	return [name, line.slice(equals + 1)];
}

/** The text between the quote at `start` and the next quote, on this or a later line. */
function readQuoted(
	lines: readonly string[],
	firstIndex: number,
	start: string,
): { readonly value: string; readonly lastIndex: number } {
	if (!start.startsWith("'")) throw malformed(firstIndex + 1, 'value must be enclosed in single quotes');
	const read: string[] = [];
	let rest: string | undefined = start.slice(1);
	for (let index = firstIndex; rest !== undefined; index += 1, rest = lines[index]) {
		const close = rest.indexOf("'");
		if (close < 0) {
			read.push(rest);
			continue;
		}
		if (!AFTER_QUOTE.test(rest.slice(close + 1))) throw malformed(index + 1, 'unexpected content after closing quote');
		return { value: [...read, rest.slice(0, close)].join('\n'), lastIndex: index };
	}
	throw invalidFormat(`starting at line ${firstIndex + 1}: unclosed single quote`);
}

function malformed(lineNumber: number, reason: string): ConfigMapFsError {
	return invalidFormat(`at line ${lineNumber}: ${reason}`);
}

function invalidFormat(text: string): ConfigMapFsError {
	return new ConfigMapFsError('INPUT_INVALID', `invalid environment variable format ${text}`);
}
