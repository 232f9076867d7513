/**
 * Cuts JSON, or what looks like it, into tokens. Pure. Not one regular expression: a string of many megabytes would use
 * up its stack.
 */

export interface JsonToken {
	/**
	 * A bracket, `,`, `:`, a whole string with its quotes, all of the text after a `"` that nothing closes, or anything else
	 * without blanks.
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

/** The end of the string that begins at `start`. */
function stringEnd(text: string, start: number): number {
	for (let quote = text.indexOf('"', start + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
		let escapes = 0;
		while (text[quote - 1 - escapes] === '\\') escapes += 1;
		if (escapes % 2 === 0) return quote + 1;
	}
	return text.length;
}
