import { describe, expect, it } from 'vitest';
import { decodeConfigMap } from '../../../src/model/config-map-decoder.js';

const HEAD = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cm' } };

function texts(value: unknown): string[] {
	return decodeConfigMap(value, 'default').violations.map(({ path, text }) => `${path.join('/')}| ${text}`);
}

describe('decodeConfigMap', () => {
	it('decodes all fields', () => {
		const { object, key, violations } = decodeConfigMap(
			{
				...HEAD,
				metadata: { name: 'cm', namespace: 'prod', labels: { a: 'b', c: null }, annotations: { x: 'y' }, uid: 'u' },
				data: { text: 'h\u00e4\0\n', empty: '', none: null, lone: '\ud800' },
				binaryData: { bin: 'AAEC\n/w==', nothing: null },
				immutable: true,
			},
			'default',
		);
		expect(violations).toEqual([]);
		expect(key).toEqual({ namespace: 'prod', name: 'cm' });
		expect(object).toEqual({
			key: { namespace: 'prod', name: 'cm' },
			labels: new Map([
				['a', 'b'],
				['c', ''],
			]),
			immutable: true,
			data: new Map([
				['text', Buffer.from('h\u00e4\0\n')],
				['empty', Buffer.alloc(0)],
				['none', Buffer.alloc(0)],
				['lone', Buffer.from('\ufffd')],
			]),
			binaryData: new Map([
				['bin', Buffer.from([0, 1, 2, 255])],
				['nothing', Buffer.alloc(0)],
			]),
		});
	});

	it('uses the default namespace, and accepts missing maps', () => {
		const { object } = decodeConfigMap({ ...HEAD, data: null, binaryData: null, immutable: null }, 'dev');
		expect(object?.key).toEqual({ namespace: 'dev', name: 'cm' });
		expect(object?.data.size).toBe(0);
		expect(object?.immutable).toBe(false);
	});

	it.each<[string, unknown, string[]]>([
		[
			'numbers',
			{ ...HEAD, data: { a: 1 } },
			['data/a| json: cannot unmarshal number into Go struct field ConfigMap.data of type string'],
		],
		[
			'booleans, lists and mappings, all of them',
			{ ...HEAD, data: { a: true, b: [], c: {} } },
			[
				'data/a| json: cannot unmarshal bool into Go struct field ConfigMap.data of type string',
				'data/b| json: cannot unmarshal array into Go struct field ConfigMap.data of type string',
				'data/c| json: cannot unmarshal object into Go struct field ConfigMap.data of type string',
			],
		],
		[
			'data that is not a mapping',
			{ ...HEAD, data: 'x' },
			['data| json: cannot unmarshal string into Go struct field ConfigMap.data of type map[string]string'],
		],
		[
			'bad base64',
			{ ...HEAD, binaryData: { a: 'a-_=', b: 3 } },
			[
				'binaryData/a| binaryData[a]: illegal base64 data at input byte 1',
				'binaryData/b| json: cannot unmarshal number into Go struct field ConfigMap.binaryData of type []uint8',
			],
		],
		[
			'immutable that is not a boolean',
			{ ...HEAD, immutable: 'yes' },
			['immutable| json: cannot unmarshal string into Go struct field ConfigMap.immutable of type bool'],
		],
		['no name', { apiVersion: 'v1', kind: 'ConfigMap' }, ['metadata| resource name may not be empty']],
		['an empty name', { ...HEAD, metadata: { name: '' } }, ['metadata| resource name may not be empty']],
		[
			'generateName',
			{ ...HEAD, metadata: { generateName: 'x-' } },
			['metadata/generateName| from x-: cannot use generate name with apply'],
		],
		[
			'a number as name',
			{ ...HEAD, metadata: { name: 1 } },
			['metadata/name| json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string'],
		],
		[
			'a number as label',
			{ ...HEAD, metadata: { name: 'cm', labels: { a: 1 } } },
			[
				'metadata/labels/a| json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
			],
		],
		[
			'too many annotations',
			{ ...HEAD, metadata: { name: 'cm', annotations: { a: 'x'.repeat(262_144) } } },
			[
				'metadata/annotations| ConfigMap "cm" is invalid: metadata.annotations: Too long: must have at most 262144 bytes',
			],
		],
		['no object at all', [], expect.arrayContaining([expect.stringContaining('cannot unmarshal array')])],
	])('refuses %s', (_name, value, expected) => {
		expect(texts(value)).toEqual(expected);
	});

	it('returns the key of an invalid object if its name is valid', () => {
		expect(decodeConfigMap({ ...HEAD, data: { a: 1 } }, 'default').key).toEqual({ namespace: 'default', name: 'cm' });
		expect(decodeConfigMap({ ...HEAD, data: { a: 1 } }, 'default').object).toBeUndefined();
		expect(decodeConfigMap({ ...HEAD, metadata: { name: '../x' } }, 'default').key).toBeUndefined();
	});

	it('accepts 10 000 keys, and keys such as __proto__', () => {
		const data = Object.fromEntries(Array.from({ length: 10_000 }, (_none, index) => [`key-${index}`, 'x']));
		expect(decodeConfigMap({ ...HEAD, data }, 'default').object?.data.size).toBe(10_000);
		const odd = JSON.parse('{"__proto__":"a","constructor":"b"}');
		expect([...(decodeConfigMap({ ...HEAD, data: odd }, 'd').object?.data.keys() ?? [])]).toEqual([
			'__proto__',
			'constructor',
		]);
	});
});
