import { describe, expect, it } from 'vitest';
import { decodeSecret } from '../../../src/model/secret-decoder.js';

const HEAD = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } };
const b64 = (text: string) => Buffer.from(text).toString('base64');

function texts(value: unknown): string[] {
	return decodeSecret(value, 'default').violations.map(({ path, text }) => `${path.join('/')}| ${text}`);
}

describe('decodeSecret', () => {
	it('decodes all fields; stringData replaces data', () => {
		const { object, key, violations } = decodeSecret(
			{
				...HEAD,
				metadata: { name: 's', namespace: 'prod', labels: { a: 'b' }, annotations: { x: 'y' } },
				type: 'example.com/own',
				data: { both: b64('old'), bin: 'AAEC\n/w==', none: null },
				stringData: { both: 'h\u00e4\n', text: 'x', nothing: null },
				immutable: true,
			},
			'default',
		);
		expect(violations).toEqual([]);
		expect(key).toEqual({ namespace: 'prod', name: 's' });
		expect(object).toEqual({
			key: { namespace: 'prod', name: 's' },
			type: 'example.com/own',
			immutable: true,
			data: new Map([
				['both', Buffer.from('h\u00e4\n')],
				['bin', Buffer.from([0, 1, 2, 255])],
				['none', Buffer.alloc(0)],
				['text', Buffer.from('x')],
				['nothing', Buffer.alloc(0)],
			]),
		});
	});

	it.each([undefined, null, ''])('uses the default namespace and type for %j', (type) => {
		const { object } = decodeSecret({ ...HEAD, type, data: null, stringData: null }, 'dev');
		expect(object).toEqual({ key: { namespace: 'dev', name: 's' }, type: 'Opaque', immutable: false, data: new Map() });
	});

	it.each<[string, unknown, string[]]>([
		[
			'values that are no strings',
			{ ...HEAD, data: { a: 1 }, stringData: { b: true } },
			[
				'stringData/b| json: cannot unmarshal bool into Go struct field Secret.stringData of type string',
				'data/a| json: cannot unmarshal number into Go struct field Secret.data of type []uint8',
			],
		],
		[
			'bad base64, which is what plain text in data is',
			{ ...HEAD, data: { a: 'hunter2-really' } },
			['data/a| data[a]: illegal base64 data at input byte 7'],
		],
		[
			'a type that is not a string',
			{ ...HEAD, type: 1 },
			['type| json: cannot unmarshal number into Go struct field Secret.type of type v1.SecretType'],
		],
		['no name', { apiVersion: 'v1', kind: 'Secret' }, ['metadata| resource name may not be empty']],
		[
			'a bad label',
			{ ...HEAD, metadata: { name: 's', labels: { a: '-' } } },
			[
				expect.stringMatching(
					/^metadata\/labels\/a\| Secret "s" is invalid: metadata\.labels: Invalid value: "-": a valid label/,
				),
			],
		],
		[
			'keys, where they were written',
			{ ...HEAD, data: { '..a': '' }, stringData: { 'b c': '' } },
			[
				'data/..a| Secret "s" is invalid: data[..a]: Invalid value: "..a": must not start with \'..\'',
				expect.stringMatching(
					/^stringData\/b c\| Secret "s" is invalid: data\[b c\]: Invalid value: "b c": a valid config/,
				),
			],
		],
		[
			'more than 1 MiB together',
			{ ...HEAD, data: { a: Buffer.alloc(1_048_576).toString('base64') }, stringData: { b: 'x' } },
			['| Secret "s" is invalid: data: Too long: must have at most 1048576 bytes'],
		],
		[
			'TLS without its keys',
			{ ...HEAD, type: 'kubernetes.io/tls', data: { 'tls.crt': '' } },
			['data| Secret "s" is invalid: data[tls.key]: Required value'],
		],
		[
			'basic-auth without user and password',
			{ ...HEAD, type: 'kubernetes.io/basic-auth' },
			[
				'data| Secret "s" is invalid: data[username]: Required value',
				'data| Secret "s" is invalid: data[password]: Required value',
			],
		],
		[
			'an empty SSH key',
			{ ...HEAD, type: 'kubernetes.io/ssh-auth', stringData: { 'ssh-privatekey': '' } },
			['data| Secret "s" is invalid: data[ssh-privatekey]: Required value'],
		],
		[
			'a registry login that is no JSON',
			{ ...HEAD, type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': 'hunter2' } },
			[
				'stringData/.dockerconfigjson| Secret "s" is invalid: data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": it is not a JSON object',
			],
		],
		[
			'a service account token without an account',
			{ ...HEAD, type: 'kubernetes.io/service-account-token' },
			[
				'metadata/annotations| Secret "s" is invalid: metadata.annotations[kubernetes.io/service-account.name]: Required value',
			],
		],
	])('refuses %s', (_name, value, expected) => {
		expect(texts(value)).toEqual(expected);
		expect(decodeSecret(value, 'default').object).toBeUndefined();
		expect(texts(value).join()).not.toContain('hunter2');
	});

	it.each([
		['kubernetes.io/basic-auth', { password: '' }],
		['kubernetes.io/ssh-auth', { 'ssh-privatekey': 'x' }],
		['kubernetes.io/tls', { 'tls.crt': '', 'tls.key': '' }],
		['kubernetes.io/dockerconfigjson', { '.dockerconfigjson': '{"auths":{}}' }],
		['kubernetes.io/dockercfg', { '.dockercfg': 'null' }],
		['bootstrap.kubernetes.io/token', {}],
	])('accepts %s with its required keys', (type, stringData) => {
		expect(texts({ ...HEAD, type, stringData })).toEqual([]);
	});

	it('returns the key of an invalid object if its name is valid', () => {
		expect(decodeSecret({ ...HEAD, data: { a: 1 } }, 'default').key).toEqual({ namespace: 'default', name: 's' });
		expect(decodeSecret({ ...HEAD, metadata: { name: '../x' } }, 'default').key).toBeUndefined();
	});

	it('repeats no value in any violation', () => {
		const value = 'hunter2';
		const wrongs = [
			{ data: { a: `${value}-` } },
			{ data: { a: [value] } },
			{ data: { a: { b: value } } },
			{ data: value },
			{ stringData: { a: [value] } },
			{ stringData: [value] },
			{ type: 'kubernetes.io/dockercfg', stringData: { '.dockercfg': `{${value}` } },
			{ stringData: { 'no key': value } },
			{ immutable: value },
		];
		for (const wrong of wrongs) {
			const found = texts({ ...HEAD, ...wrong });
			expect(found.length, JSON.stringify(wrong)).toBeGreaterThan(0);
			expect(found.join()).not.toContain(value);
		}
	});
});
