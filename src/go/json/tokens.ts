/**
 * Cuts JSON, or text that resembles it, into tokens. Pure. A single regular expression would overflow its stack on a
 * string of many megabytes, so the end of a string is searched for by hand.
 */

export interface JsonToken {
	/**
	 * A bracket, `,`, `:`, a string with its quotes, or any other text without blanks. An unclosed string extends to the end
	 * of the text.
	 */
	readonly token: string;
	/** Unit: UTF-16 units. */
	readonly index: number;
}

export function* jsonTokens(text: string): Generator<JsonToken, void> {
	const next = /[{}[\],:"]|[^\s{}[\],:"]+/g;
	for (let match = next.exec(text); match !== null; match = next.exec(text)) {
		const { 0: token, index } = match;
		const end = token === '"' ? stringEnd(text, index) : next.lastIndex;
		next.lastIndex = end;
		yield { token: token === '"' ? text.slice(index, end) : token, index };
	}
}

/** The offset after the string that begins at `start`. */
function stringEnd(text: string, start: number): number {
	for (let quote = text.indexOf('"', start + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
		let escapes = 0;
		while (text[quote - 1 - escapes] === '\\') escapes += 1;
		if (escapes % 2 === 0) return quote + 1;
	}
	return text.length;
}
