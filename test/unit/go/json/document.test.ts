/** JSON documents: objects, locations and problems equal those of the YAML reader, which a comment line forces. */

import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../../../src/sources/manifests/manifest-parser.js';
import { configMaps } from '../../store/source-objects.js';

const item = (name: string, data: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
const list = (items: readonly object[]) => ({ apiVersion: 'v1', kind: 'List', items });

const DOCUMENTS = [
	{ name: 'one object', value: item('a', { k: 'v' }) },
	{ name: 'a List', value: list([item('a', { k: 'v' }), item('b', { k: '{"items": [1, 2]}', q: 'a \\" [ , b' })]) },
	{ name: 'items inside an item', value: list([{ ...item('a', {}), items: [1, [2, 3]] }, item('b', { k: 'v' })]) },
	{ name: 'a value that is not a string', value: list([item('a', { k: 'v' }), item('b', { k: 1 })]) },
	{ name: 'an item that is not an object', value: list([item('a', { k: 'v' }), [], item('c', { k: 'v' })]) },
	{ name: 'an empty List', value: list([]) },
];

describe('readJson', () => {
	for (const { name, value } of DOCUMENTS) {
		for (const indent of [0, 2]) {
			it(`reads ${name} as the YAML reader does, indent ${indent}`, () => {
				const text = JSON.stringify(value, null, indent);
				const options = { file: 'f', defaultNamespace: 'default' };
				const json = parseManifest(`\n${text}`, options);
				const yaml = parseManifest(`# a comment makes it YAML\n${text}`, options);
				expect(configMaps(json.objects)).toEqual(configMaps(yaml.objects));
				expect(json.objects.map(({ value }) => value)).toEqual(yaml.objects.map(({ value }) => value));
				expect(json.objects.map(({ location }) => location)).toEqual(yaml.objects.map(({ location }) => location));
				expect(json.problems).toEqual(yaml.problems);
			});
		}
	}

	it('takes the last of several equal keys, as kubectl does', () => {
		const text = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"1","k":"2"}}';
		const { objects } = parseManifest(text, { file: 'f', defaultNamespace: 'default' });
		expect(configMaps(objects)[0]?.data.get('k')?.toString()).toBe('2');
	});

	it('locates the items of the last of several "items"', () => {
		const one = JSON.stringify(item('a', { k: 'v' }));
		const text = `{"apiVersion":"v1","kind":"List","items":[${one}],\n"items":[${one},\n${one}]}`;
		const { objects } = parseManifest(text, { file: 'f', defaultNamespace: 'default' });
		expect(objects.map(({ location }) => location)).toEqual(['f:2:10', 'f:3:1']);
	});
});
