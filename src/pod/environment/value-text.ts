/**
 * Converts the bytes of a value to the text of a variable. Node and container runtimes pass variables as UTF-8, so both
 * lose invalid bytes. Source: go1.23 encoding/json, which writes the config.json of a container.
 */

import { isUtf8 } from 'node:buffer';

export interface ValueText {
	readonly text: string;
	/** Whether the bytes are UTF-8. Otherwise each invalid byte became one U+FFFD. */
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

/** Length of the UTF-8 character at the offset; 0 if the bytes are invalid. Unit: bytes. */
function characterLength(bytes: Buffer, at: number): number {
	for (let length = 1; length <= LONGEST_CHARACTER && at + length <= bytes.length; length += 1) {
		if (isUtf8(bytes.subarray(at, at + length))) return length;
	}
	return 0;
}
