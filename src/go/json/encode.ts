/** JSON text as Go's encoder writes it: the escapes of a string, and the order of keys. Pure. */

/** Characters that Go escapes in a JSON string. Source: go1.23 encoding/json, appendString with escapeHTML. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
const ESCAPED = /["\\\u0000-\u001f<>&\u2028\u2029]/g;

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
	'"': '\\"',
	'\\': '\\\\',
	'\b': '\\b',
	'\f': '\\f',
	'\n': '\\n',
	'\r': '\\r',
	'\t': '\\t',
};

/**
 * A string as Go's JSON encoder writes it, quotes included: `<`, `>`, `&`, U+2028 and U+2029 become \uXXXX.
 * Go before 1.22 writes \u0008 and \u000c for backspace and form feed; kubectl v1.30 and later (Go 1.22) write \b, \f.
 */
export function encodeGoJsonString(text: string): string {
	const escaped = text.replace(ESCAPED, (character) => {
		return SHORT_ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
	});
	return `"${escaped}"`;
}

/** Keys of a map in the order of Go's JSON encoder: by UTF-8 bytes. */
export function sortGoJsonKeys(keys: Iterable<string>): string[] {
	return [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
