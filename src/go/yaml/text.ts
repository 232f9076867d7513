/**
 * From the bytes of a YAML file to text, and from offsets in the text to lines and columns. Pure.
 * Source: kubectl v1.32 (sigs.k8s.io/yaml v1.4), goyaml.v2 readerc.go, yaml_parser_update_buffer.
 */

import { isUtf8 } from 'node:buffer';

// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression finds control characters
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/;

/** Offset of the first character that YAML does not allow; negative if there is none. Unit: UTF-16 units. */
export function findControlCharacter(text: string): number {
	return text.search(CONTROL);
}

/**
 * Decodes UTF-8, or UTF-16 if a byte order mark says so, as Windows writes redirected output. The mark is dropped.
 * Returns the line of the first invalid byte, from 1, if the bytes are not UTF-8.
 */
export function decodeYamlText(content: Buffer): string | { readonly badLine: number } {
	const text = decode(content);
	return text === undefined ? { badLine: firstBadLine(content) } : text.replace(/^\ufeff/, '');
}

function decode(content: Buffer): string | undefined {
	const mark = content.length % 2 === 0 && content.length > 0 ? content.readUInt16BE(0) : 0;
	if (mark === 0xfffe) return content.toString('utf16le');
	if (mark === 0xfeff) return Buffer.from(content).swap16().toString('utf16le');
	return isUtf8(content) ? content.toString() : undefined;
}

/** A line break is never inside a byte sequence, so lines can be checked one by one. */
function firstBadLine(bytes: Buffer): number {
	let line = 1;
	let start = 0;
	for (;;) {
		const end = bytes.indexOf(0x0a, start);
		if (end < 0 || !isUtf8(bytes.subarray(start, end))) return line;
		line += 1;
		start = end + 1;
	}
}
