/** Updates of objects of each kind: the store refuses what an API server refuses, from every layer and by every call. */

import { beforeEach, describe, expect, test } from 'vitest';
import { parseManifest } from '../../../src/sources/manifests/manifest-parser.js';
import { LayeredStore } from '../../../src/store/layered-store.js';
import type { SourceObject, SourceSink } from '../../../src/store/source.js';

let changes: string[];
let problems: readonly string[];
let store: LayeredStore;

beforeEach(() => {
	changes = [];
	problems = [];
	store = new LayeredStore({
		layers: ['low', 'high'],
		needs: { explains: false },
		listener: {
			changed: (all) => {
				changes.push(all.map(({ type, key }) => `${type} ${key.name}`).join(', '));
			},
			problems: (all) => {
				problems = all.map(({ source, location, reason }) => `${source} | ${location} | ${reason}`);
			},
		},
	});
});

function layer(index: number): SourceSink {
	const sink = store.sinks[index];
	if (sink === undefined) throw new Error(`no layer ${index}`);
	return sink;
}

type Kind = 'ConfigMap' | 'Secret';

interface Sketch {
	readonly data?: Readonly<Record<string, string>>;
	readonly immutable?: boolean;
	readonly type?: string;
	readonly uid?: string;
	/** Name of the file. */
	readonly file?: string;
}

/** An object `app` in a file; `data` is text. */
function object(kind: Kind, { data = {}, file = 'f.yaml', uid, ...more }: Sketch): SourceObject {
	const values = kind === 'ConfigMap' ? { data } : { stringData: data };
	const text = JSON.stringify({ apiVersion: 'v1', kind, metadata: { name: 'app' }, ...values, ...more });
	const [parsed] = parseManifest(text, { file, defaultNamespace: 'default', needs: { explains: false } }).objects;
	if (parsed?.content === undefined) throw new Error(`not valid: ${text}`);
	return uid === undefined ? parsed : { ...parsed, uid };
}

function dataOf(kind: Kind): Readonly<Record<string, string>> | undefined {
	const found = store.get(kind, { namespace: 'default', name: 'app' });
	return found && Object.fromEntries([...found.data].map(([key, value]) => [key, value.toString()]));
}

describe.each<Kind>(['ConfigMap', 'Secret'])('an immutable %s', (kind) => {
	const fixed = (value: string, more: Sketch = {}) => object(kind, { data: { k: value }, immutable: true, ...more });
	const forbidden = (field: string) =>
		`${kind} "app" is invalid: ${field}: Forbidden: field is immutable when \`immutable\` is set`;

	test.each<[string, (next: SourceObject) => void]>([
		['put', (next) => layer(0).put(next)],
		['the complete state', (next) => layer(0).replace([next])],
	])('keeps its content when its source changes it by %s', (_name, change) => {
		layer(0).put(fixed('1'));
		change(fixed('2', { file: 'next.yaml' }));
		expect(dataOf(kind)).toEqual({ k: '1' });
		expect(changes).toEqual([`${kind} app`]);
		expect(problems).toEqual([`low | next.yaml:1:1 | ${forbidden('data')}`]);
	});

	test('stays immutable', () => {
		layer(0).put(fixed('1'));
		layer(0).put(object(kind, { data: { k: '1' } }));
		expect(problems).toEqual([`low | f.yaml:1:1 | ${forbidden('immutable')}`]);
		expect(store.get(kind, { namespace: 'default', name: 'app' })?.immutable).toBe(true);
		layer(0).put(object(kind, { data: { k: '2' } }));
		expect(problems).toEqual([
			`low | f.yaml:1:1 | ${forbidden('data')}`,
			`low | f.yaml:1:1 | ${forbidden('immutable')}`,
		]);
		expect(dataOf(kind)).toEqual({ k: '1' });
	});

	test('keeps its content when a layer is added above it', () => {
		layer(0).put(fixed('1'));
		layer(1).put(fixed('2', { file: 'over.yaml' }));
		expect(dataOf(kind)).toEqual({ k: '1' });
		expect(problems).toEqual([`high | over.yaml:1:1 | ${forbidden('data')}`]);
		layer(1).replace([]);
		expect([dataOf(kind), problems]).toEqual([{ k: '1' }, []]);
	});

	test('may change below a layer that is not immutable', () => {
		layer(0).put(fixed('1'));
		layer(1).put(object(kind, { data: { l: '1' } }));
		// The first state was immutable, so a layer that would make it changeable is refused too.
		expect(problems).toHaveLength(2);
		layer(0).remove(fixed('1'));
		expect([dataOf(kind), problems]).toEqual([{ l: '1' }, []]);
		layer(0).put(fixed('2'));
		layer(0).put(fixed('3'));
		expect([dataOf(kind), problems]).toEqual([{ k: '3', l: '1' }, []]);
	});

	test('has no problem once the change is undone', () => {
		layer(0).put(fixed('1'));
		layer(0).put(fixed('2'));
		layer(0).put(fixed('1'));
		expect([dataOf(kind), problems, changes]).toEqual([{ k: '1' }, [], [`${kind} app`]]);
	});

	test('may be deleted and created again', () => {
		layer(0).put(fixed('1'));
		layer(0).put(fixed('2'));
		layer(0).remove(fixed('2'));
		expect([dataOf(kind), problems]).toEqual([undefined, []]);
		layer(0).put(fixed('2'));
		expect([dataOf(kind), problems]).toEqual([{ k: '2' }, []]);
	});

	test('may be deleted and created again while changes are held', () => {
		layer(0).put(fixed('1'));
		store.hold();
		layer(0).remove(fixed('1'));
		layer(0).put(fixed('2'));
		store.release();
		expect([dataOf(kind), problems]).toEqual([{ k: '2' }, []]);
	});

	test('may change in a cluster if its uid changes too', () => {
		layer(0).replace([fixed('1', { uid: 'a' })]);
		layer(0).put(fixed('2', { uid: 'a' }));
		expect([dataOf(kind), problems.length]).toEqual([{ k: '1' }, 1]);
		layer(0).replace([fixed('3', { uid: 'b' })]);
		expect([dataOf(kind), problems]).toEqual([{ k: '3' }, []]);
	});

	test('may lose a layer', () => {
		layer(0).put(fixed('1'));
		layer(1).put(object(kind, { data: { k: '1' }, immutable: true, file: 'over.yaml' }));
		layer(0).remove(fixed('1'));
		expect([dataOf(kind), problems]).toEqual([{ k: '1' }, []]);
	});
});

describe('the type of a Secret', () => {
	test('never changes', () => {
		layer(0).put(object('Secret', { type: 'a/b', data: { k: '1' } }));
		layer(0).put(object('Secret', { type: 'c/d', data: { k: '2' } }));
		expect(dataOf('Secret')).toEqual({ k: '1' });
		expect(problems).toEqual([
			'low | f.yaml:1:1 | Secret "app" is invalid: type: Invalid value: "c/d": field is immutable',
		]);
	});
});

describe.each<[Kind, string]>([
	['ConfigMap', '[]'],
	['Secret', 'data'],
])('a %s of several layers', (kind, field) => {
	const big = 'x'.repeat(600_000);

	test('keeps its last valid content when the layers together are too large', () => {
		layer(0).put(object(kind, { data: { low: big } }));
		layer(1).put(object(kind, { data: { high: big } }));
		expect(dataOf(kind)).toEqual({ low: big });
		const reason = `${kind} "app" is invalid: ${field}: Too long: must have at most 1048576 bytes`;
		expect(problems).toEqual([`low + high | low + high | ${reason}`]);
		layer(1).put(object(kind, { data: { high: 'small' } }));
		expect([dataOf(kind), problems]).toEqual([{ low: big, high: 'small' }, []]);
	});

	test('is absent if it was never valid', () => {
		store.hold();
		layer(0).put(object(kind, { data: { low: big } }));
		layer(1).put(object(kind, { data: { high: big } }));
		store.release();
		expect([dataOf(kind), problems.length]).toEqual([undefined, 1]);
	});
});

test('objects of different kinds may have the same name', () => {
	layer(0).put(object('ConfigMap', { data: { k: 'config' } }));
	layer(0).put(object('Secret', { data: { k: 'secret' } }));
	expect([dataOf('ConfigMap'), dataOf('Secret')]).toEqual([{ k: 'config' }, { k: 'secret' }]);
	layer(0).remove(object('ConfigMap', {}));
	expect([dataOf('ConfigMap'), dataOf('Secret')]).toEqual([undefined, { k: 'secret' }]);
});
