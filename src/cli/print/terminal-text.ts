/** Text that is safe on a terminal: characters that it would obey, or would not show, are written out. Pure. */

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * The text as one line. Control characters, bidirectional controls and other format characters, line and paragraph
 * separators and lone surrogates become `\n`, `\x1b` or `\u{202e}`.
 * Source: Unicode 15, general categories Cc, Cf, Zl, Zp and Cs.
 */
export function oneLine(text: string): string {
	return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
		const point = (character.codePointAt(0) ?? 0).toString(16);
		return SHORT[character] ?? (point.length <= 2 ? `\\x${point.padStart(2, '0')}` : `\\u{${point}}`);
	});
}

/** The same for text of several lines: only its line feeds stay. */
export function manyLines(text: string): string {
	return text.split('\n').map(oneLine).join('\n');
}
