/**
 * Strict base64, as Go's decoder reads `binaryData`: standard alphabet, required padding, CR and LF ignored anywhere.
 * Everything else is an error. Pure. Node's decoder is more lenient, so the text is checked before Node decodes it.
 * Source: go 1.22 encoding/base64, StdEncoding.Decode.
 */

const CR = 0x0d;
const LF = 0x0a;
const EQUALS = 0x3d;

const IN_ALPHABET = new Uint8Array(128);
for (const letter of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/') {
	IN_ALPHABET[letter.charCodeAt(0)] = 1;
}

/**
 * The decoded bytes, or the offset that Go's decoder reports. Unit of the offset: UTF-16 units, which equal bytes up to
 * the first invalid one.
 */
export function decodeBase64(text: string): Buffer | { readonly badOffset: number } {
	const badOffset = findFault(text);
	return badOffset === undefined ? Buffer.from(text, 'base64') : { badOffset };
}

function findFault(text: string): number | undefined {
	/** Number of letters so far in the current group of four. */
	let letters = 0;
	let index = 0;
	for (; index < text.length; index += 1) {
		const code = text.charCodeAt(index);
		if (code === CR || code === LF) continue;
		if (code === EQUALS) return findPaddingFault(text, index, letters);
		if (code >= 128 || IN_ALPHABET[code] !== 1) return index;
		letters = (letters + 1) % 4;
	}
	return letters === 0 ? undefined : index - letters;
}

/** Checks the text from the first "=" on: one or two "=", as the group requires, and then only line breaks. */
function findPaddingFault(text: string, first: number, letters: number): number | undefined {
	if (letters < 2) return first;
	let index = first + 1;
	if (letters === 2) {
		index = skipBreaks(text, index);
		if (index === text.length) return index;
		if (text.charCodeAt(index) !== EQUALS) return index - 1;
		index += 1;
	}
	index = skipBreaks(text, index);
	return index < text.length ? index : undefined;
}

function skipBreaks(text: string, from: number): number {
	let index = from;
	while (index < text.length && (text.charCodeAt(index) === CR || text.charCodeAt(index) === LF)) index += 1;
	return index;
}
