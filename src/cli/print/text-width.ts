/** Text in columns of a terminal: how wide it is, cut, filled up, broken into lines. Pure. */

/** Source: Unicode 15, East Asian Width W and F, as far as it matters here. */
const WIDE =
	/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
const ZERO = /\p{M}/u;

/** How many columns a text takes. Requires: no control characters. */
export function textWidth(text: string): number {
	let width = 0;
	for (const character of text) width += ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
	return width;
}

/** Filled up with blanks. */
export function padded(text: string, width: number): string {
	return text + ' '.repeat(Math.max(0, width - textWidth(text)));
}

/** At most `width` columns of the beginning. */
export function beginning(text: string, width: number): string {
	let taken = '';
	let left = width;
	for (const character of text) {
		left -= textWidth(character);
		if (left < 0) break;
		taken += character;
	}
	return taken;
}

/** Broken at blanks; every line is indented and none is wider than `width`, except for a word that is. */
export function wrapped(text: string, width: number, indent: string): readonly string[] {
	const lines: string[] = [];
	let line = '';
	for (const word of text.split(' ')) {
		const longer = line === '' ? word : `${line} ${word}`;
		if (line !== '' && indent.length + textWidth(longer) > width) {
			lines.push(indent + line);
			line = word;
		} else {
			line = longer;
		}
	}
	return [...lines, indent + line];
}

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** One line: what a terminal would obey, or would not show, is written out. */
export function oneLine(text: string): string {
	return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
		const point = (character.codePointAt(0) ?? 0).toString(16);
		return SHORT[character] ?? (point.length <= 2 ? `\\x${point.padStart(2, '0')}` : `\\u{${point}}`);
	});
}
