import { describe, expect, it } from 'vitest';
import type { ConfigMap } from '../../../src/model/config-map.js';
import { LabelSelector } from '../../../src/model/label-selector.js';
import { formatObjectKey, type ObjectKey } from '../../../src/model/object-key.js';
import { mergeConfigMaps } from '../../../src/store/layer-merge.js';
import { LayeredStore, type StoreFilter } from '../../../src/store/layered-store.js';
import type { Problem } from '../../../src/store/source.js';
import { configMapIdentity } from '../../../src/store/source-object.js';
import { reported } from './source-objects.js';

interface Sketch {
	readonly namespace?: string;
	readonly labels?: Record<string, string>;
	readonly data?: Record<string, string>;
	readonly binaryData?: Record<string, string>;
	readonly immutable?: boolean;
}

function bytes(values: Record<string, string> = {}): Map<string, Buffer> {
	return new Map(Object.entries(values).map(([key, value]) => [key, Buffer.from(value)]));
}

function configMap(name: string, sketch: Sketch = {}): ConfigMap {
	return {
		key: { namespace: sketch.namespace ?? 'default', name },
		labels: new Map(Object.entries(sketch.labels ?? {})),
		immutable: sketch.immutable ?? false,
		data: bytes(sketch.data),
		binaryData: bytes(sketch.binaryData),
	};
}

/** `name: key=value …`, binary keys with a `*`. */
function show(object: ConfigMap): string {
	const data = [...object.data].map(([key, value]) => `${key}=${value}`);
	const binary = [...object.binaryData].map(([key, value]) => `${key}*=${value}`);
	return [`${object.key.name}:`, ...[...data, ...binary].sort()].join(' ');
}

function setUp(layerCount: number, filter?: StoreFilter) {
	const batches: string[][] = [];
	const problemLists: string[][] = [];
	const store = new LayeredStore({
		layers: Array.from({ length: layerCount }, (_none, index) => `-f ${index}`),
		needs: { types: new Set(['ConfigMap']), explains: false },
		listener: {
			changed: (changes) =>
				batches.push(
					changes.map(({ type, key, object }) => {
						if (type !== 'ConfigMap') throw new Error(`a change of a ${type}`);
						return object === undefined ? `${key.name} gone` : show(object);
					}),
				),
			problems: (problems) =>
				problemLists.push(problems.map(({ source, location, reason }) => `${source} | ${location} | ${reason}`)),
		},
		...(filter === undefined ? {} : { filter }),
	});
	/** The sink of a layer, for ConfigMaps. */
	const sink = (index: number) => {
		const found = store.sinks[index];
		if (found === undefined) throw new Error(`no layer ${index}`);
		return {
			replace: (objects: readonly ConfigMap[]) => found.replace(objects.map(reported)),
			put: (object: ConfigMap) => found.put(reported(object)),
			remove: (key: ObjectKey) => found.remove(configMapIdentity(key)),
			problems: (problems: readonly Problem[]) => found.problems(problems),
		};
	};
	return { store, sink, batches, problemLists };
}

describe('mergeConfigMaps', () => {
	it.each<[string, Sketch[], string]>([
		['one', [{ data: { a: '1' } }], 'x: a=1'],
		['other keys', [{ data: { a: '1' } }, { data: { b: '2' } }], 'x: a=1 b=2'],
		['the same key', [{ data: { a: '1', b: '1' } }, { data: { a: '2' } }, { data: { a: '3' } }], 'x: a=3 b=1'],
		['data over binaryData', [{ binaryData: { a: '1', b: '1' } }, { data: { a: '2' } }], 'x: a=2 b*=1'],
		['binaryData over data', [{ data: { a: '1', b: '1' } }, { binaryData: { a: '2' } }], 'x: a*=2 b=1'],
		['there and back', [{ data: { a: '1' } }, { binaryData: { a: '2' } }, { data: { a: '3' } }], 'x: a=3'],
		['an empty layer', [{ data: { a: '1' } }, {}], 'x: a=1'],
	])('%s', (_name, sketches, expected) => {
		const [lowest, ...upper] = sketches.map((sketch) => configMap('x', sketch));
		expect(lowest && show(mergeConfigMaps([lowest, ...upper]))).toBe(expected);
	});

	it('merges labels in the same way, and is immutable only if all layers are', () => {
		const low = configMap('x', { labels: { a: '1', b: '1' }, immutable: true });
		const high = configMap('x', { labels: { b: '2' } });
		expect(mergeConfigMaps([low, high])).toMatchObject({ immutable: false });
		expect(mergeConfigMaps([low, high])?.labels).toEqual(
			new Map([
				['a', '1'],
				['b', '2'],
			]),
		);
		expect(mergeConfigMaps([low, { ...high, immutable: true }])?.immutable).toBe(true);
	});
});

describe('LayeredStore', () => {
	it('reports the changed merged objects of each call in one batch', () => {
		const { sink, batches, store } = setUp(2);
		sink(0).replace([configMap('a', { data: { k: '1', l: '1' } }), configMap('b', { data: { k: '1' } })]);
		sink(1).put(configMap('a', { data: { k: '2' } }));
		sink(0).replace([configMap('a', { data: { k: '3', l: '3' } })]);
		sink(1).remove({ namespace: 'default', name: 'a' });
		sink(0).remove({ namespace: 'default', name: 'a' });
		expect(batches).toEqual([
			['a: k=1 l=1', 'b: k=1'],
			['a: k=2 l=1'],
			['a: k=2 l=3', 'b gone'],
			['a: k=3 l=3'],
			['a gone'],
		]);
		expect(store.list('ConfigMap')).toEqual([]);
	});

	it('does not report a change that no volume can see', () => {
		const { sink, batches, store } = setUp(2);
		sink(0).put(configMap('a', { data: { k: '1' } }));
		sink(1).put(configMap('a', { data: { k: '2' } }));
		batches.length = 0;
		sink(0).put(configMap('a', { data: { k: 'hidden' } }));
		sink(1).put(configMap('a', { data: { k: '2' }, labels: { new: 'label' } }));
		sink(1).put(configMap('a', { data: { k: '2' }, labels: { new: 'label' } }));
		sink(1).replace([configMap('a', { data: { k: '2' } })]);
		sink(1).remove({ namespace: 'default', name: 'none' });
		expect(batches).toEqual([]);
		expect(store.get('ConfigMap', { namespace: 'default', name: 'a' })?.labels.size).toBe(0);
	});

	it('reports a change of immutability alone, and of the map alone', () => {
		const { sink, batches } = setUp(1);
		sink(0).put(configMap('a', { data: { k: '1' } }));
		sink(0).put(configMap('a', { binaryData: { k: '1' } }));
		sink(0).put(configMap('a', { binaryData: { k: '1' }, immutable: true }));
		expect(batches).toEqual([['a: k=1'], ['a: k*=1'], ['a: k*=1']]);
	});

	it('shows only objects that the filter accepts', () => {
		const filter = { namespaces: new Set(['x']), selector: new LabelSelector('app=web') };
		const { sink, batches } = setUp(2, filter);
		sink(0).replace([
			configMap('a', { namespace: 'x', labels: { app: 'web' } }),
			configMap('b', { namespace: 'y', labels: { app: 'web' } }),
			configMap('c', { namespace: 'x', labels: { app: 'db' } }),
		]);
		sink(0).put(configMap('c', { namespace: 'x', labels: { app: 'web' } }));
		sink(0).put(configMap('a', { namespace: 'x' }));
		// An override needs no labels: the merged labels are matched.
		sink(1).put(configMap('c', { namespace: 'x', data: { k: '1' } }));
		expect(batches).toEqual([['a:'], ['c:'], ['a gone'], ['c: k=1']]);
	});

	it('keeps the last valid version of an object whose layers together are too large', () => {
		const { sink, batches, problemLists } = setUp(2);
		const big = 'x'.repeat(600_000);
		sink(0).put(configMap('a', { data: { low: big } }));
		sink(1).put(configMap('b', { data: { k: '1' } }));
		batches.length = 0;
		sink(1).put(configMap('a', { data: { high: big } }));
		expect(batches).toEqual([]);
		expect(problemLists).toEqual([
			['-f 0 + -f 1 | -f 0 + -f 1 | ConfigMap "a" is invalid: []: Too long: must have at most 1048576 bytes'],
		]);
		sink(1).put(configMap('a', { data: { high: 'small' } }));
		expect(batches).toHaveLength(1);
		expect(problemLists.at(-1)).toEqual([]);
	});

	it('joins the problems of all sources, and reports a list only if it has changed', () => {
		const { sink, problemLists, store } = setUp(2);
		const problem = (location: string): Problem => ({ location, reason: 'bad' });
		sink(1).problems([problem('b:1:1')]);
		sink(0).problems([problem('a:1:1')]);
		sink(0).problems([problem('a:1:1')]);
		sink(1).problems([]);
		sink(0).problems([]);
		sink(0).problems([]);
		expect(problemLists).toEqual([
			['-f 1 | b:1:1 | bad'],
			['-f 0 | a:1:1 | bad', '-f 1 | b:1:1 | bad'],
			['-f 0 | a:1:1 | bad'],
			[],
		]);
		expect(store.problems).toEqual([]);
	});

	it('reports held changes in one batch', () => {
		const { store, sink, batches, problemLists } = setUp(2);
		store.hold();
		sink(0).replace([configMap('a', { data: { k: '1' } }), configMap('b')]);
		sink(0).problems([{ location: 'p', reason: 'r' }]);
		sink(1).put(configMap('a', { data: { k: '2' } }));
		sink(0).remove({ namespace: 'default', name: 'b' });
		expect(batches).toEqual([]);
		store.release();
		store.release();
		expect(batches).toEqual([['a: k=2']]);
		expect(problemLists).toEqual([['-f 0 | p | r']]);
	});

	it('lists by namespace and name', () => {
		const { store, sink } = setUp(1);
		sink(0).replace([configMap('b'), configMap('a', { namespace: 'z' }), configMap('a')]);
		expect(store.list('ConfigMap').map((object) => formatObjectKey(object.key))).toEqual([
			'default/a',
			'default/b',
			'z/a',
		]);
	});
});
