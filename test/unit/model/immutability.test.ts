import { describe, expect, it } from 'vitest';
import { type ConfigMap, sameConfigMap, sameData, totalBytes } from '../../../src/model/config-map.js';
import { immutabilityViolations } from '../../../src/model/immutability.js';

function configMap(data: Record<string, string>, rest: Partial<ConfigMap> = {}): ConfigMap {
	return {
		key: { namespace: 'default', name: 'cm' },
		labels: new Map(),
		immutable: true,
		data: new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value)])),
		binaryData: new Map(),
		...rest,
	};
}

const FORBIDDEN = 'Forbidden: field is immutable when `immutable` is set';

describe('immutabilityViolations', () => {
	const a = configMap({ k: '1' });
	it.each<[string, ConfigMap, ConfigMap, string[]]>([
		['the same', a, configMap({ k: '1' }), []],
		['other labels', a, configMap({ k: '1' }, { labels: new Map([['a', 'b']]) }), []],
		['other data', a, configMap({ k: '2' }), ['data']],
		['a key more', a, configMap({ k: '1', l: '' }), ['data']],
		['no longer immutable', a, configMap({ k: '1' }, { immutable: false }), ['immutable']],
		['a binary key more', a, configMap({ k: '1' }, { binaryData: new Map([['b', Buffer.alloc(0)]]) }), ['binaryData']],
		['everything', a, configMap({}, { immutable: false }), ['immutable', 'data']],
		['mutable before', configMap({ k: '1' }, { immutable: false }), configMap({ k: '2' }), []],
	])('%s', (_name, previous, next, fields) => {
		expect(immutabilityViolations(previous, next)).toEqual(
			fields.map((field) => ({ path: [field], text: `ConfigMap "cm" is invalid: ${field}: ${FORBIDDEN}` })),
		);
	});
});

describe('comparison of ConfigMaps', () => {
	it('distinguishes bytes, keys and maps', () => {
		expect(sameData(configMap({ a: '1', b: '2' }), configMap({ b: '2', a: '1' }))).toBe(true);
		expect(sameData(configMap({ a: '1' }), configMap({ a: '2' }))).toBe(false);
		expect(sameData(configMap({ a: '1' }), configMap({ b: '1' }))).toBe(false);
		const binaryData = new Map([['a', Buffer.from('1')]]);
		expect(sameData(configMap({ a: '1' }), configMap({}, { binaryData }))).toBe(false);
	});

	it('distinguishes labels, names and immutability', () => {
		const one = configMap({ a: '1' });
		expect(sameConfigMap(one, configMap({ a: '1' }))).toBe(true);
		expect(sameConfigMap(one, configMap({ a: '1' }, { labels: new Map([['x', '']]) }))).toBe(false);
		expect(sameConfigMap(one, configMap({ a: '1' }, { immutable: false }))).toBe(false);
		expect(sameConfigMap(one, configMap({ a: '1' }, { key: { namespace: 'x', name: 'cm' } }))).toBe(false);
	});

	it('counts bytes, not characters', () => {
		expect(totalBytes(configMap({ a: '\u00e4', b: 'xy' }, { binaryData: new Map([['c', Buffer.alloc(3)]]) }))).toBe(7);
	});
});
