/** Go's wording of quoted strings and system errors, which kubectl's messages are made of. Knows nothing of files. */

import { getSystemErrorMap } from 'node:util';
import { errorText, systemCode } from '../../base/errors.js';

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
	['\x07', '\\a'],
	['\b', '\\b'],
	['\t', '\\t'],
	['\n', '\\n'],
	['\v', '\\v'],
	['\f', '\\f'],
	['\r', '\\r'],
	['"', '\\"'],
	['\\', '\\\\'],
]);

const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

function quoteCharacter(character: string): string {
	const short = SHORT_ESCAPES.get(character);
	if (short !== undefined) return short;
	if (PRINTABLE.test(character)) return character;
	const codePoint = character.codePointAt(0) ?? 0;
	const hex = codePoint.toString(16);
	if (codePoint < 0x80) return `\\x${hex.padStart(2, '0')}`;
	return codePoint <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/** The text as `%q` prints it. Source: go1.23 strconv.Quote. */
export function quoteGo(text: string): string {
	return `"${[...text].map(quoteCharacter).join('')}"`;
}

/** Where libuv words an error differently than Go. Source: go1.23 syscall, zerrors_linux_amd64.go. */
const REASONS: Readonly<Record<string, string>> = {
	ELOOP: 'too many levels of symbolic links',
	ENAMETOOLONG: 'file name too long',
	EISDIR: 'is a directory',
	EIO: 'input/output error',
	EMFILE: 'too many open files',
	ENFILE: 'too many open files in system',
};

/** The reason of a failed system call, such as `no such file or directory`; the message of any other error. */
export function systemReason(error: unknown): string {
	const code = systemCode(error);
	if (code === undefined) return errorText(error);
	const known = REASONS[code];
	if (known !== undefined) return known;
	for (const [name, reason] of getSystemErrorMap().values()) if (name === code) return reason;
	return errorText(error);
}
