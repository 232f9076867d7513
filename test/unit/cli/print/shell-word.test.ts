import { expect, test } from 'vitest';
import { shellWord } from '../../../../src/cli/print/shell-word.js';

test.each([
	['--flag=a/b:c,d', '--flag=a/b:c,d'],
	['', "''"],
	['two words', "'two words'"],
	["it's", "'it'\\''s'"],
])('%j as a word of a shell', (word, written) => {
	expect(shellWord(word)).toBe(written);
});
