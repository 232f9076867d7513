/**
 * Where the fields of objects are written, as far as they are written in a file, and which objects what is written makes
 * elsewhere. Pure. What counts is what the sources say last: of equal objects the last one that has the field.
 */

import { formatObjectKey, type ObjectKey } from '../model/object-key.js';
import { madeSecretName } from '../pod/secret-maker.js';
import type { SourceObject } from '../store/source.js';

export type PlacedKind = 'ConfigMap' | 'Secret';

type Path = readonly (string | number)[];

/** Where each kind keeps its values; of a key in two of them the first counts. */
const VALUE_FIELDS: Readonly<Record<PlacedKind, readonly string[]>> = {
	ConfigMap: ['data', 'binaryData'],
	Secret: ['stringData', 'data'],
};

export class ObjectPlaces {
	readonly #versions: readonly SourceObject[];
	/** By kind and key, in the order of the sources. */
	readonly #objects = new Map<string, SourceObject[]>();
	/** Secrets that controllers make of other objects. */
	readonly #made = new Set<string>();

	/** `versions` are those of all sources, the lowest layer first; with the locations of their fields. */
	constructor(versions: readonly SourceObject[]) {
		this.#versions = versions.filter(({ value }) => value !== undefined);
		for (const version of this.#versions) {
			const { type, key } = version;
			const made = madeSecretName(version);
			if (made !== undefined) this.#made.add(formatObjectKey({ ...key, name: made }));
			if (type === 'Other') continue;
			const id = identity(type, key);
			this.#objects.set(id, [...(this.#objects.get(id) ?? []), version]);
		}
	}

	/** Whether it is written, good or not. */
	has(kind: PlacedKind, key: ObjectKey): boolean {
		return this.#objects.has(identity(kind, key));
	}

	/** Whether something that is written makes this Secret in a cluster. */
	isMadeSecret(key: ObjectKey): boolean {
		return this.#made.has(formatObjectKey(key));
	}

	/** `file:line:column` of a field, or of the nearest one above it; undefined where the object is in no file. */
	of(kind: PlacedKind, key: ObjectKey, path: Path = []): string | undefined {
		const versions = this.#objects.get(identity(kind, key)) ?? [];
		const version = versions.findLast(({ value }) => hasField(value, path)) ?? versions.at(-1);
		return version?.locate(path);
	}

	/** Of the value of a key. */
	ofValue(kind: PlacedKind, key: ObjectKey, name: string): string | undefined {
		const versions = this.#objects.get(identity(kind, key)) ?? [];
		for (const version of versions.toReversed()) {
			const field = VALUE_FIELDS[kind].find((one) => hasField(version.value, [one, name]));
			if (field !== undefined) return version.locate([field, name]);
		}
		return undefined;
	}

	/** Of a field of the object that is at `place`; undefined where that is in no file. */
	within(place: string, path: Path): string | undefined {
		return this.#versions.find((version) => version.location === place)?.locate(path);
	}
}

function identity(kind: PlacedKind, key: ObjectKey): string {
	return `${kind} ${formatObjectKey(key)}`;
}

function hasField(value: unknown, path: Path): boolean {
	let found: unknown = value;
	for (const step of path) {
		if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return false;
		found = (found as Readonly<Record<string | number, unknown>>)[step];
	}
	return true;
}

const STEP = /([^.[\]]+)|\[(\d+)\]/g;

/** `spec.containers[0].env[2]` as a path. */
export function fieldPath(field: string): Path {
	return [...field.matchAll(STEP)].map(([, name, index]) => (index === undefined ? (name ?? '') : Number(index)));
}
