import fc from 'fast-check';
import { expect, test } from 'vitest';
import { valueText } from '../../../../src/pod/environment/value-text.js';

test('keeps UTF-8 unchanged, including a byte order mark and a NUL', () => {
	const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '\ufeffa', 'a\0b', '\ufffd', 'a\r\n'));
	fc.assert(
		fc.property(texts, (text) => {
			expect(valueText(Buffer.from(text))).toEqual({ text, isExact: true });
		}),
	);
});

// The results are those of Go's encoding/json.
test.each([
	[[0xff], '\ufffd'],
	[[0x61, 0xe2, 0x82, 0x62], 'a\ufffd\ufffdb'],
	[[0xff, 0xf0, 0x9f, 0x8c, 0x7a], '\ufffd\ufffd\ufffd\ufffdz'],
	[[0xed, 0xa0, 0x80], '\ufffd\ufffd\ufffd'],
	[[0xc0, 0x80], '\ufffd\ufffd'],
	[[0xc3, 0xa9, 0xc3], 'é\ufffd'],
	[[0xf0, 0x9f, 0x8c, 0x8d, 0x80], '🌍\ufffd'],
])('converts bytes %j to %j', (bytes, text) => {
	expect(valueText(Buffer.from(bytes))).toEqual({ text, isExact: false });
});
