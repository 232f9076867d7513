import fc from 'fast-check';
import { expect, test } from 'vitest';
import { valueText } from '../../../../src/pod/environment/value-text.js';

test('text comes through as it is, a byte order mark and a NUL too', () => {
	const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '\ufeffa', 'a\0b', '\ufffd', 'a\r\n'));
	fc.assert(
		fc.property(texts, (text) => {
			expect(valueText(Buffer.from(text))).toEqual({ text, isExact: true });
		}),
	);
});

// What Go's encoding/json makes of the same bytes.
test.each([
	[[0xff], '\ufffd'],
	[[0x61, 0xe2, 0x82, 0x62], 'a\ufffd\ufffdb'],
	[[0xff, 0xf0, 0x9f, 0x8c, 0x7a], '\ufffd\ufffd\ufffd\ufffdz'],
	[[0xed, 0xa0, 0x80], '\ufffd\ufffd\ufffd'],
	[[0xc0, 0x80], '\ufffd\ufffd'],
	[[0xc3, 0xa9, 0xc3], 'é\ufffd'],
	[[0xf0, 0x9f, 0x8c, 0x8d, 0x80], '🌍\ufffd'],
])('bytes %j become %j', (bytes, text) => {
	expect(valueText(Buffer.from(bytes))).toEqual({ text, isExact: false });
});
