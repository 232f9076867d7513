/** Text in columns of a terminal: its width, cut, padded, wrapped. Pure. Requires: text of `oneLine`. */

import stringWidth from 'string-width';

/** Number of columns that a text takes. */
export function textWidth(text: string): number {
	return stringWidth(text);
}

/** Padded with blanks. */
export function padded(text: string, width: number): string {
	return text + ' '.repeat(Math.max(0, width - textWidth(text)));
}

const GRAPHEMES = new Intl.Segmenter();

/** The first `width` columns, or fewer where the next character does not fit. */
export function beginning(text: string, width: number): string {
	let taken = '';
	let left = width;
	for (const { segment } of GRAPHEMES.segment(text)) {
		left -= textWidth(segment);
		if (left < 0) break;
		taken += segment;
	}
	return taken;
}

/** Broken at blanks; every line is indented, and only a word that is wider than `width` exceeds it. */
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
