/**
 * Bytes of an object as the text of a variable. Node passes variables as UTF-8, and so does a container runtime: what
 * is not UTF-8 is lost in both. Source: go1.23 encoding/json, which writes the config.json of a container.
 */

import { isUtf8 } from 'node:buffer';

export interface ValueText {
	readonly text: string;
	/** Whether the text is those bytes; else each byte that is not UTF-8 became one U+FFFD. */
	readonly isExact: boolean;
}

const LONGEST_CHARACTER = 4;

export function valueText(bytes: Buffer): ValueText {
	if (isUtf8(bytes)) return { text: bytes.toString('utf8'), isExact: true };
	let text = '';
	let at = 0;
	while (at < bytes.length) {
		const length = characterLength(bytes, at);
		text += length === 0 ? '\ufffd' : bytes.toString('utf8', at, at + length);
		at += Math.max(length, 1);
	}
	return { text, isExact: false };
}

/** Bytes of the character that begins there; 0 if none does. */
function characterLength(bytes: Buffer, at: number): number {
	for (let length = 1; length <= LONGEST_CHARACTER && at + length <= bytes.length; length += 1) {
		if (isUtf8(bytes.subarray(at, at + length))) return length;
	}
	return 0;
}
