import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { beginning, padded, textWidth, wrapped } from '../../../../src/cli/print/text-width.js';

test.each([
	['', 0],
	['abc', 3],
	['ü', 1],
	['u\u0308', 1],
	['漢字', 4],
	['🙂', 2],
	['…', 1],
	['👩‍👩‍👧', 2],
])('%j takes %i columns', (text, width) => {
	expect(textWidth(text)).toBe(width);
	expect(textWidth(padded(text, 9))).toBe(9);
	expect(padded(text, 0)).toBe(text);
});

test.each([
	['abc', 2, 'ab'],
	['abc', 3, 'abc'],
	['漢字', 3, '漢'],
	['abc', 0, ''],
	['u\u0308x', 1, 'u\u0308'],
	['👩‍👩‍👧x', 2, '👩‍👩‍👧'],
	['abc', -1, ''],
])('of %j %i columns are %j', (text, width, expected) => {
	expect(beginning(text, width)).toBe(expected);
});

describe('wrapped', () => {
	test('breaks at blanks, and never a word', () => {
		expect(wrapped('one two three', 9, '  ')).toEqual(['  one two', '  three']);
		expect(wrapped('longer-than-the-width x', 9, '  ')).toEqual(['  longer-than-the-width', '  x']);
		expect(wrapped('', 9, '  ')).toEqual(['  ']);
	});

	test('loses nothing, and stays within the width where words do', () => {
		fc.assert(
			fc.property(fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1 }), (words) => {
				const lines = wrapped(words.join(' '), 12, '    ');
				expect(lines.map((line) => line.slice(4)).join(' ')).toBe(words.join(' '));
				expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(12);
			}),
		);
	});
});
