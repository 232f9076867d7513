import { describe, expect, it } from 'vitest';
import { quoteGo } from '../../../src/go/quote.js';

describe('quoteGo', () => {
	it.each([
		['a b', '"a b"'],
		['"\\\t\n\x07', '"\\"\\\\\\t\\n\\a"'],
		['\x01\x7f', '"\\x01\\x7f"'],
		['\u00e9\u4e2d\u{1F600}', '"\u00e9\u4e2d\u{1F600}"'],
		['\ufeff\u00a0\u2028', '"\\ufeff\\u00a0\\u2028"'],
		['\u{E0001}', '"\\U000e0001"'],
	])('quotes %j', (text, quoted) => {
		expect(quoteGo(text)).toBe(quoted);
	});
});
