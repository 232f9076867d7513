import { describe, expect, test } from 'vitest';
import { fieldPath, ObjectLocations } from '../../../src/explain/object-locations.js';
import { parseManifest } from '../../../src/sources/manifests/manifest-parser.js';

function objects(file: string, text: string, defaultNamespace = 'default') {
	return parseManifest(text, { file, defaultNamespace }).objects;
}

const BASE = `apiVersion: v1
kind: ConfigMap
metadata: {name: app}
data:
  a: "1"
  b: "1"
binaryData:
  c: AA==
---
apiVersion: v1
kind: Secret
metadata: {name: app}
data:
  a: AA==
stringData:
  b: x
`;
const OVER = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app, namespace: default}\ndata:\n  b: "2"\n';
const POD =
	'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c\n    env:\n    - name: A\n';

const places = new ObjectLocations([...objects('base', BASE), ...objects('over', OVER), ...objects('pod', POD)]);
const APP = { namespace: 'default', name: 'app' };

describe('a value', () => {
	test.each([
		['ConfigMap', 'a', 'base:5:6'],
		['ConfigMap', 'b', 'over:5:6'],
		['ConfigMap', 'c', 'base:8:6'],
		['ConfigMap', 'd', undefined],
		['Secret', 'a', 'base:14:6'],
		['Secret', 'b', 'base:16:6'],
	] as const)('of a %s under the key %s is located in the highest layer that has it', (kind, key, place) => {
		expect(places.ofValue(kind, APP, key)).toBe(place);
	});

	test('of another namespace is not found', () => {
		expect(places.ofValue('ConfigMap', { namespace: 'x', name: 'app' }, 'a')).toBeUndefined();
	});
});

describe('a field', () => {
	test.each([
		[[], 'over:1:1'],
		[['data', 'a'], 'base:5:6'],
		[['immutable'], 'over:1:1'],
	])('%j of an object', (path, place) => {
		expect(places.of('ConfigMap', APP, path)).toBe(place);
	});

	test('of an object that is in no file', () => {
		expect(places.of('ConfigMap', { namespace: 'default', name: 'none' })).toBeUndefined();
		expect(places.within('cluster default pod/p', ['spec'])).toBeUndefined();
	});

	test('of the object at a location', () => {
		expect(places.within('pod:1:1', fieldPath('spec.containers[0].env[0].name'))).toBe('pod:8:13');
	});
});

test('an invalid object of a file is found', () => {
	const bad = new ObjectLocations(
		objects('bad', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata: 1\n', 'x'),
	);
	expect(bad.has('ConfigMap', { namespace: 'x', name: 'app' })).toBe(true);
	expect(bad.has('Secret', { namespace: 'x', name: 'app' })).toBe(false);
	expect(bad.has('ConfigMap', APP)).toBe(false);
});

test.each([
	['spec.containers[0].env[12].value', ['spec', 'containers', 0, 'env', 12, 'value']],
	['spec', ['spec']],
	['', []],
])('%s as a path', (field, path) => {
	expect(fieldPath(field)).toEqual(path);
});
