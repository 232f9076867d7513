import { describe, expect, it } from 'vitest';
import {
	configKeyFaults,
	contentViolations,
	labelKeyFaults,
	labelValueFaults,
	labelViolations,
	MAX_VALUE_BYTES,
	namespaceFaults,
	objectKeyViolations,
	subdomainFaults,
} from '../../../src/model/validation.js';

const KEY_TEXT =
	"a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  " +
	"or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

describe('configKeyFaults', () => {
	it.each(['a', 'A_b-c.d', '.x', 'x..', 'a..b', '-', '_', 'x'.repeat(253), '0', '.x.', '__proto__'])(
		'takes %j',
		(key) => {
			expect(configKeyFaults(key)).toEqual([]);
		},
	);

	it.each([
		['', [KEY_TEXT]],
		['a b', [KEY_TEXT]],
		['a/b', [KEY_TEXT]],
		['../x', [KEY_TEXT, "must not start with '..'"]],
		['a\0', [KEY_TEXT]],
		['a\n', [KEY_TEXT]],
		['\u00e4', [KEY_TEXT]],
		['.', ["must not be '.'"]],
		['..', ["must not be '..'"]],
		['...', ["must not start with '..'"]],
		['..data', ["must not start with '..'"]],
		['x'.repeat(254), ['must be no more than 253 characters']],
	])('refuses %j', (key, faults) => {
		expect(configKeyFaults(key)).toEqual(faults);
	});
});

describe('names', () => {
	it('accepts subdomains only, with the texts of the API server', () => {
		for (const name of ['a', 'a.b', 'a-b.c-d', '0', 'a'.repeat(253)]) expect(subdomainFaults(name)).toEqual([]);
		for (const name of ['A', 'a_b', '-a', 'a-', 'a..b', '.a', '', 'a/b', '..']) {
			expect(subdomainFaults(name)).toEqual([
				expect.stringContaining('a lowercase RFC 1123 subdomain must consist of'),
			]);
		}
		expect(subdomainFaults('a'.repeat(254))).toEqual(['must be no more than 253 characters']);
	});

	it('accepts labels as namespaces', () => {
		for (const name of ['a', 'a-b', '0', 'a'.repeat(63)]) expect(namespaceFaults(name)).toEqual([]);
		for (const name of ['a.b', 'A', '', '-a', '../x']) {
			expect(namespaceFaults(name)).toEqual([expect.stringContaining('a lowercase RFC 1123 label must consist of')]);
		}
		expect(namespaceFaults('a'.repeat(64))).toEqual(['must be no more than 63 characters']);
	});

	it('names the object and the field', () => {
		expect(objectKeyViolations({ namespace: 'default', name: 'A' })).toEqual([
			{
				path: ['metadata', 'name'],
				text:
					'ConfigMap "A" is invalid: metadata.name: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of ' +
					"lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character " +
					"(e.g. 'example.com', regex used for validation is " +
					"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
			},
		]);
	});
});

describe('labels', () => {
	it.each([
		['a', []],
		['a.b/c', []],
		['A_.-b', []],
		['/a', ['prefix part must be non-empty']],
		['a/', ['name part must be non-empty', expect.stringContaining('name part must consist of')]],
		['a/b/c', [expect.stringMatching(/^a qualified name must .* with an optional DNS subdomain prefix and '\/'/)]],
		['A_/c', [expect.stringContaining('prefix part a lowercase RFC 1123 subdomain')]],
		['x'.repeat(64), ['name part must be no more than 63 characters']],
	])('key %j', (key, faults) => {
		expect(labelKeyFaults(key)).toEqual(faults);
	});

	it.each([
		['', 0],
		['a', 0],
		['-a', 1],
		['a b', 1],
		['x'.repeat(64), 1],
	])('value %j has %i faults', (value, count) => {
		expect(labelValueFaults(value)).toHaveLength(count);
	});

	it('names the field', () => {
		expect(labelViolations('cm', new Map([['a', '-']]))[0]?.text).toMatch(
			/^ConfigMap "cm" is invalid: metadata\.labels: Invalid value: "-": a valid label must be an empty string or consist/,
		);
	});
});

describe('contentViolations', () => {
	const key = { namespace: 'default', name: 'cm' };
	const check = (data: Record<string, Buffer>, binaryData: Record<string, Buffer> = {}) =>
		contentViolations({ key, data: new Map(Object.entries(data)), binaryData: new Map(Object.entries(binaryData)) });

	it('counts the bytes of all values, not of keys', () => {
		const half = Buffer.alloc(MAX_VALUE_BYTES / 2);
		expect(check({ a: half }, { b: half })).toEqual([]);
		expect(check({ a: half }, { b: Buffer.concat([half, Buffer.alloc(1)]) })).toEqual([
			{ path: [], text: 'ConfigMap "cm" is invalid: []: Too long: must have at most 1048576 bytes' },
		]);
	});

	it('refuses a key in both maps', () => {
		expect(check({ k: Buffer.from('1') }, { k: Buffer.from('1') })).toEqual([
			{
				path: ['data', 'k'],
				text: 'ConfigMap "cm" is invalid: data[k]: Invalid value: "k": duplicate of key present in binaryData',
			},
		]);
	});

	it('refuses invalid keys of both maps', () => {
		const texts = check({ 'a b': Buffer.alloc(0) }, { '..': Buffer.alloc(0) }).map((violation) => violation.text);
		expect(texts).toEqual([
			`ConfigMap "cm" is invalid: data[a b]: Invalid value: "a b": ${KEY_TEXT}`,
			'ConfigMap "cm" is invalid: binaryData[..]: Invalid value: "..": must not be \'..\'',
		]);
	});
});
