import { expect, test } from 'vitest';
import { closest } from '../../../src/base/suggestion.js';

test.each([
	['moutn', 'mount'],
	['unmout', 'unmount'],
	['unmont', 'unmount'],
	['creat', 'create'],
	['xyz', undefined],
	['m', undefined],
])('suggests for "%s": %s', (input, suggestion) => {
	expect(closest(input, ['mount', 'unmount', 'create'])).toBe(suggestion);
});
