/**
 * Parses an env file as kubectl does: a line is KEY=VALUE, and the value is every byte after the first `=`. There are no
 * quotes, no expansion and no `export`. Pure.
 */

import { isUtf8 } from 'node:buffer';
import { ConfigMapFsError } from '../../base/errors.js';
import { quoteGo } from '../../go/quote.js';

/** The key and value of one line. */
export interface EnvEntry {
	readonly key: string;
	readonly value: string;
}

/** The environment that provides the value of a line that consists of only a key. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Unit: bytes, without the LF. kubectl v1.32 silently stops at a longer line and drops the rest of the file (go1.23
 * bufio.MaxScanTokenSize is 64 KiB, including the LF); here such a line is an error.
 */
export const LONGEST_ENV_LINE = 64 * 1024 - 1;

const BYTE_ORDER_MARK = '\ufeff';
/** Source: go1.23 unicode.IsSpace, which contains U+0085 and not U+FEFF, unlike \s. */
const LEADING_SPACE = /^[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

const ENV_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;
const ENV_NAME_RULE =
	"a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not " +
	"start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is " +
	"'[-._a-zA-Z][-._a-zA-Z0-9]*')";

/** Source: kubectl v1.32 (apimachinery v0.32), validation.IsEnvVarName. */
function envNameProblems(name: string): readonly string[] {
	const problems = ENV_NAME.test(name) ? [] : [ENV_NAME_RULE];
	if (name === '.' || name === '..') problems.push(`must not be '${name}'`);
	else if (name.startsWith('..')) problems.push("must not start with '..'");
	return problems;
}

/** Splits at LF; the last line needs no LF. */
function splitLines(content: Buffer): Buffer[] {
	const lines: Buffer[] = [];
	for (let start = 0; start < content.length; ) {
		const newline = content.indexOf(0x0a, start);
		const end = newline < 0 ? content.length : newline;
		lines.push(content.subarray(start, end));
		start = end + 1;
	}
	return lines;
}

function parseLine(line: string, environment: Environment): EnvEntry | undefined {
	const text = line.replace(LEADING_SPACE, '');
	if (text === '' || text.startsWith('#')) return undefined;
	const separator = text.indexOf('=');
	const key = separator < 0 ? text : text.slice(0, separator);
	const problems = envNameProblems(key);
	if (problems.length > 0) {
		throw new ConfigMapFsError('INPUT_INVALID', `${quoteGo(key)} is not a valid key name: ${problems.join(';')}`);
	}
	return { key, value: separator < 0 ? (environment[key] ?? '') : text.slice(separator + 1) };
}

/**
 * Yields the entries of an env file in the order of their lines; a key may occur twice. Parses a line only when its entry
 * is requested, so that an error of the caller in an entry comes before errors in later lines.
 * Errors: INPUT_INVALID with kubectl's text; for a line above LONGEST_ENV_LINE with a text of this program.
 * Source: kubectl v1.32 util.AddFromEnvFile, processEnvFileLine.
 */
export function* parseEnvFile(content: Buffer, path: string, environment: Environment): Generator<EnvEntry, void> {
	for (const [index, bytes] of splitLines(content).entries()) {
		if (bytes.length > LONGEST_ENV_LINE) {
			const what = `env file ${path} has a line longer than ${LONGEST_ENV_LINE} bytes at line ${index + 1}`;
			throw new ConfigMapFsError('INPUT_INVALID', `${what}; kubectl would drop it and every later line silently`);
		}
		const line = bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes;
		if (!isUtf8(line)) {
			const what = `env file ${path} contains invalid utf8 bytes at line ${index + 1}`;
			throw new ConfigMapFsError('INPUT_INVALID', `${what}: [${line.join(' ')}]`);
		}
		const text = line.toString('utf8');
		const unmarked = index === 0 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
		const entry = parseLine(unmarked, environment);
		if (entry !== undefined) yield entry;
	}
}
