/** Random calls of all layers and kinds, compared with a simple model of each object. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ConfigMap } from '../../../src/model/config-map.js';
import type { Secret } from '../../../src/model/secret.js';
import { LayeredStore, type ObjectChange } from '../../../src/store/layered-store.js';
import type { SourceObject } from '../../../src/store/source.js';
import { configMapObject } from '../../../src/store/source-object.js';

const LAYERS = [0, 1, 2];
const KINDS = ['ConfigMap', 'Secret'] as const;
type Kind = (typeof KINDS)[number];
const NAMES = ['a', 'b'];
const KEYS = ['k', 'l', 'm'];

interface Version {
	readonly kind: Kind;
	readonly name: string;
	readonly data: Readonly<Record<string, string>>;
	/** Only of a ConfigMap. */
	readonly binaryData: Readonly<Record<string, string>>;
	readonly immutable: boolean;
}

function bytes(values: Readonly<Record<string, string>>): ReadonlyMap<string, Buffer> {
	return new Map(Object.entries(values).map(([key, value]) => [key, Buffer.from(value)]));
}

function sourceObject({ kind, name, data, binaryData, immutable }: Version): SourceObject {
	const key = { namespace: 'default', name };
	const configMap: ConfigMap = { key, labels: new Map(), immutable, data: bytes(data), binaryData: bytes(binaryData) };
	const object = configMapObject(configMap, 'f');
	if (kind === 'ConfigMap') return object;
	const secret: Secret = { key, type: 'Opaque', immutable, data: bytes(data) };
	return { ...object, kind, type: kind, content: secret };
}

/** The values by key; those of binaryData with a `*`. */
function valuesOf(object: ConfigMap | Secret): Readonly<Record<string, string>> {
	const binary = 'binaryData' in object ? [...object.binaryData].map(([key, value]) => [`${key}*`, `${value}`]) : [];
	return Object.fromEntries([...[...object.data].map(([key, value]) => [key, `${value}`]), ...binary]);
}

interface Result {
	readonly values: Readonly<Record<string, string>>;
	readonly immutable: boolean;
}

/** One object of one kind and name, by the rules of the store. */
class ModelObject {
	readonly #versions: (Version | undefined)[] = LAYERS.map(() => undefined);
	/** Counts the deletions of each layer. */
	readonly #deletions = LAYERS.map(() => 0);
	shown: Result | undefined;
	/** The deletions of each layer when the shown object was made; undefined for layers without it. */
	#shownDeletions: readonly (number | undefined)[] = [];

	set(layer: number, version: Version | undefined): void {
		if (version === undefined && this.#versions[layer] !== undefined) {
			this.#deletions[layer] = (this.#deletions[layer] ?? 0) + 1;
		}
		this.#versions[layer] = version;
		const present = this.#versions.filter((one) => one !== undefined);
		if (present.length === 0) {
			this.shown = undefined;
			return;
		}
		const next = { values: mergedValues(present), immutable: present.every((one) => one.immutable) };
		const wasDeleted = this.#shownDeletions.some(
			(count, index) => count !== undefined && count !== this.#deletions[index],
		);
		const differs = JSON.stringify(sorted(next)) !== JSON.stringify(this.shown && sorted(this.shown));
		if (this.shown?.immutable && !wasDeleted && differs) return;
		this.shown = next;
		this.#shownDeletions = this.#versions.map((one, index) => (one === undefined ? undefined : this.#deletions[index]));
	}
}

function sorted({ values, immutable }: Result): readonly unknown[] {
	return [Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)), immutable];
}

/** Each key has the value of the highest layer that has it in either map. */
function mergedValues(versions: readonly Version[]): Readonly<Record<string, string>> {
	const values: Record<string, string> = {};
	for (const key of KEYS) {
		const top = versions.findLast((one) => key in one.data || key in one.binaryData);
		const text = top?.data[key];
		const binary = top?.binaryData[key];
		if (text !== undefined) values[key] = text;
		if (binary !== undefined) values[`${key}*`] = binary;
	}
	return values;
}

const values = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom('1', '2', ''), { maxKeys: 2 });
const version: fc.Arbitrary<Version> = fc
	.record({
		kind: fc.constantFrom(...KINDS),
		name: fc.constantFrom(...NAMES),
		data: values,
		binaryData: values,
		immutable: fc.boolean(),
	})
	.map((one) => ({
		...one,
		// Valid: no key in both maps, and a Secret has one map.
		binaryData: Object.fromEntries(
			Object.entries(one.binaryData).filter(([key]) => one.kind === 'ConfigMap' && !(key in one.data)),
		),
	}));
const identity = fc.record({ kind: fc.constantFrom(...KINDS), name: fc.constantFrom(...NAMES) });
const layer = fc.constantFrom(...LAYERS);
const selector = ({ kind, name }: Version): string => `${kind} ${name}`;
const call = fc.oneof(
	fc.record({ layer, replace: fc.uniqueArray(version, { selector, maxLength: 3 }) }),
	fc.record({ layer, put: version }),
	fc.record({ layer, remove: identity }),
);

test('the listener knows the present version of each object, and receives no change twice', () => {
	fc.assert(
		fc.property(fc.array(call, { maxLength: 30 }), (calls) => {
			const model = new Map<string, ModelObject>();
			for (const kind of KINDS) for (const name of NAMES) model.set(`${kind} ${name}`, new ModelObject());
			const known = new Map<string, Result>();
			const store = new LayeredStore({
				layers: LAYERS.map(String),
				needs: { explains: false },
				listener: { changed: (changes) => take(changes, known), problems: () => {} },
			});
			for (const step of calls) {
				const sink = store.sinks[step.layer];
				if ('replace' in step) {
					for (const [id, object] of model) {
						object.set(
							step.layer,
							step.replace.find((one) => `${one.kind} ${one.name}` === id),
						);
					}
					sink?.replace(step.replace.map(sourceObject));
				} else if ('put' in step) {
					model.get(`${step.put.kind} ${step.put.name}`)?.set(step.layer, step.put);
					sink?.put(sourceObject(step.put));
				} else {
					model.get(`${step.remove.kind} ${step.remove.name}`)?.set(step.layer, undefined);
					sink?.remove(sourceObject({ ...step.remove, data: {}, binaryData: {}, immutable: false }));
				}
				for (const [id, object] of model) {
					const result = known.get(id);
					expect(result && sorted(result)).toEqual(object.shown && sorted(object.shown));
				}
			}
		}),
		{ numRuns: 500 },
	);
});

function take(changes: readonly ObjectChange[], known: Map<string, Result>): void {
	expect(changes.length).toBeGreaterThan(0);
	for (const { type, key, object } of changes) {
		if (type === 'Other') throw new Error('no such object was reported');
		const id = `${type} ${key.name}`;
		const before = known.get(id);
		const after = object && { values: valuesOf(object), immutable: object.immutable };
		expect(after && sorted(after)).not.toEqual(before && sorted(before));
		if (after === undefined) known.delete(id);
		else known.set(id, after);
	}
}
