import { describe, expect, it } from 'vitest';
import { jsonTokens } from '../../../../src/go/json/tokens.js';
import { readDocuments } from '../../../../src/go/yaml/locations.js';

describe('jsonTokens', () => {
	it.each([
		['{"a": [1,null]}', ['{', '"a"', ':', '[', '1', ',', 'null', ']', '}']],
		['"\\"" "\\\\" x', ['"\\""', '"\\\\"', 'x']],
		['["}', ['[', '"}']],
		['a\\"b"', ['a\\', '"b"']],
	])('cuts %j', (text, tokens) => {
		expect([...jsonTokens(text)].map(({ token }) => token)).toEqual(tokens);
	});

	it('accepts a string of many megabytes', () => {
		expect([...jsonTokens(`{"${'x'.repeat(12_000_000)}"}{`)].map(({ index }) => index)).toEqual([
			0, 1, 12_000_003, 12_000_004,
		]);
	});
});

describe('readDocuments', () => {
	it('refuses YAML that would take gigabytes of memory', () => {
		const text = 'a'.repeat(33 * 1024 * 1024);
		expect(readDocuments({ text, offset: 0, json: false })).toEqual([
			{
				offset: 0,
				syntax: false,
				reason: 'yaml: document is longer than 33554432 characters; write it as JSON, or as several documents',
			},
		]);
	});
});
