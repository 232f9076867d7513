import { describe, expect, it } from 'vitest';
import { encodeGoJsonString } from '../../../../src/go/json/encode.js';

describe('encodeGoJsonString', () => {
	it.each([
		['<>&', '"\\u003c\\u003e\\u0026"'],
		['\u2028\u2029', '"\\u2028\\u2029"'],
		['\b\f\n\r\t', '"\\b\\f\\n\\r\\t"'],
		['\0\x1b\x7f', '"\\u0000\\u001b\x7f"'],
		['"\\/', '"\\"\\\\/"'],
		['\u00e9\u{1F600}', '"\u00e9\u{1F600}"'],
	])('writes %j as %s', (text, json) => {
		expect(encodeGoJsonString(text)).toBe(json);
	});
});
