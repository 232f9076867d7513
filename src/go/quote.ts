/** Go's quoting of text, used by messages of Kubernetes and by files of the downward API. */

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

/** Quotes the text as `%q` does. Source: go1.23 strconv.Quote. */
export function quoteGo(text: string): string {
	return `"${[...text].map(quoteCharacter).join('')}"`;
}

function quoteCharacter(character: string): string {
	const short = SHORT_ESCAPES.get(character);
	if (short !== undefined) return short;
	if (PRINTABLE.test(character)) return character;
	const codePoint = character.codePointAt(0) ?? 0;
	const hex = codePoint.toString(16);
	if (codePoint < 0x80) return `\\x${hex.padStart(2, '0')}`;
	return codePoint <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
