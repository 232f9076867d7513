import { describe, expect, test } from 'vitest';
import type { ConfigMap } from '../../../src/model/config-map.js';
import { parseManifest } from '../../../src/sources/manifests/manifest-parser.js';
import type { SourceObject } from '../../../src/store/source.js';
import { formatIdentity, reuseContent } from '../../../src/store/source-object.js';

function parse(text: string): SourceObject {
	const [object] = parseManifest(text, { file: 'f.yaml', defaultNamespace: 'default' }).objects;
	if (object === undefined) throw new Error('no object');
	return object;
}

const configMap = (data: object, line = '') =>
	parse(`${line}{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: ${JSON.stringify(data)}}`);

describe('the identity of an object', () => {
	test.each([
		['apps/v1', 'Deployment', 'name: a', 'apps/Deployment default/a'],
		['apps/v1beta1', 'Deployment', 'name: a', 'apps/Deployment default/a'],
		['v1', 'Service', 'name: a, namespace: ns', '/Service ns/a'],
		['serving.knative.dev/v1', 'Service', 'name: a', 'serving.knative.dev/Service default/a'],
		['batch/v1', 'Job', 'generateName: a-', 'batch/Job f.yaml:1:1'],
	])('of %s %s with %s', (apiVersion, kind, metadata, identity) => {
		const object = parse(`{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {${metadata}}}`);
		expect(formatIdentity(object)).toBe(identity);
	});
});

describe('an object that is read again', () => {
	test('keeps the same content value if nothing has changed, with the new location', () => {
		const before = configMap({ k: '1' });
		const after = reuseContent(before, configMap({ k: '1' }, '# a line more\n'));
		expect(after.content).toBe(before.content);
		expect([before.location, after.location]).toEqual(['f.yaml:1:1', 'f.yaml:2:1']);
	});

	test('shares the buffers of equal values', () => {
		const before = configMap({ k: '1', l: '1' });
		const after = reuseContent(before, configMap({ k: '1', l: '2' }));
		const [old, next] = [before, after].map(({ content }) => (content as ConfigMap).data);
		expect(next?.get('k')).toBe(old?.get('k'));
		expect([old?.get('l'), next?.get('l')].map(String)).toEqual(['1', '2']);
	});
});

test('other objects are not decoded for a consumer of ConfigMaps', () => {
	const documents = Array.from({ length: 10_000 }, (_none, index) => {
		return `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s${index}"},"data":{"k":"not base64!"}}`;
	});
	const text = [...documents, '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"1"}}'];
	const needs = { types: new Set(['ConfigMap'] as const), explains: false };
	const parsed = parseManifest(text.join('\n'), { file: 'f.json', defaultNamespace: 'default', needs });
	expect(parsed.problems).toEqual([]);
	expect(parsed.objects.map(({ kind, value, location }) => [kind, value, location])).toEqual([
		['ConfigMap', undefined, 'f.json:10001:1'],
	]);
});
