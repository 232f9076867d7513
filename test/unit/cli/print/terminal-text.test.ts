import { expect, test } from 'vitest';
import { manyLines, oneLine } from '../../../../src/cli/print/terminal-text.js';

test.each([
	['a\nb\tc\r', 'a\\nb\\tc\\r'],
	['\x1b[31m\x7f\x9b', '\\x1b[31m\\x7f\\x9b'],
	['\u202e\u2028\u200b', '\\u{202e}\\u{2028}\\u{200b}'],
	['\ud800', '\\u{d800}'],
	['C:\\dir "ü" 漢', 'C:\\dir "ü" 漢'],
])('%j is shown as %s', (text, shown) => {
	expect(oneLine(text)).toBe(shown);
});

test('multi-line text keeps only its line feeds', () => {
	expect(manyLines('a\tb\n\u202ec\r\n')).toBe('a\\tb\n\\u{202e}c\\r\n');
});
