import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64 } from '../../../src/go/base64.js';

describe('decodeBase64', () => {
	it.each([
		['', ''],
		['aGk=', 'hi'],
		['aA==', 'h'],
		['aGVs', 'hel'],
		['aG\nk=\n', 'hi'],
		['a\r\nG\rk\n=\r\n', 'hi'],
		['aA=\n=\n', 'h'],
		['\n\r', ''],
	])('decodes %j', (text, expected) => {
		expect(decodeBase64(text)).toEqual(Buffer.from(expected));
	});

	// The offsets are those of Go's decoder.
	it.each([
		['aGk', 0],
		['aGVsaGk', 4],
		['a', 0],
		['aA=', 3],
		['aA=x', 2],
		['aG k=', 2],
		['aGk= ', 4],
		['aGk=aGk=', 4],
		['aGk==', 4],
		['a-_=', 1],
		['=', 0],
		['a===', 1],
		['\u00e4', 0],
		['aGk\t', 3],
		['aGk\0', 3],
		['\uff21AAA', 0],
	])('refuses %j at %i', (text, badOffset) => {
		expect(decodeBase64(text)).toEqual({ badOffset });
	});

	it('decodes what Node encodes', () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
				expect(decodeBase64(Buffer.from(bytes).toString('base64'))).toEqual(Buffer.from(bytes));
			}),
		);
	});
});
