/**
 * Finds where fields of objects are written in files, and knows which Secrets are made from other objects. Pure. If
 * several layers have an object, a field is located in the highest layer that has it.
 */

import { formatObjectKey, type ObjectKey } from '../model/object-key.js';
import { madeSecretName } from '../pod/secret-maker.js';
import type { SourceObject } from '../store/source.js';

export type LocatedKind = 'ConfigMap' | 'Secret';

type Path = readonly (string | number)[];

/** The fields with the values of each kind. If a key is in two fields, the first one wins. */
const VALUE_FIELDS: Readonly<Record<LocatedKind, readonly string[]>> = {
	ConfigMap: ['data', 'binaryData'],
	Secret: ['stringData', 'data'],
};

export class ObjectLocations {
	readonly #versions: readonly SourceObject[];
	/** The versions of each object, the lowest layer first. */
	readonly #objects = new Map<string, SourceObject[]>();
	/** Secrets that controllers make from other objects. */
	readonly #made = new Set<string>();

	/** `versions` are the objects of all layers, the lowest first. Objects that are in no file have no locations. */
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

	/** Whether a file contains the object, valid or not. */
	has(kind: LocatedKind, key: ObjectKey): boolean {
		return this.#objects.has(identity(kind, key));
	}

	/** Whether a controller makes this Secret from an object that a file contains. */
	isMadeSecret(key: ObjectKey): boolean {
		return this.#made.has(formatObjectKey(key));
	}

	/** The object as its highest layer has it in a file, not decoded; undefined if no file contains it. */
	valueOf(kind: LocatedKind, key: ObjectKey): unknown {
		return this.#objects.get(identity(kind, key))?.at(-1)?.value;
	}

	/** `file:line:column` of a field, or of the nearest field above it; undefined if no file contains the object. */
	of(kind: LocatedKind, key: ObjectKey, path: Path = []): string | undefined {
		const versions = this.#objects.get(identity(kind, key)) ?? [];
		const version = versions.findLast(({ value }) => hasField(value, path)) ?? versions.at(-1);
		return version?.locate(path);
	}

	/** `file:line:column` of the value of a key; undefined if no file contains it. */
	ofValue(kind: LocatedKind, key: ObjectKey, name: string): string | undefined {
		const versions = this.#objects.get(identity(kind, key)) ?? [];
		for (const version of versions.toReversed()) {
			const field = VALUE_FIELDS[kind].find((one) => hasField(version.value, [one, name]));
			if (field !== undefined) return version.locate([field, name]);
		}
		return undefined;
	}

	/** `file:line:column` of a field of the object at a location; undefined if no file contains it. */
	within(location: string, path: Path): string | undefined {
		return this.#versions.find((version) => version.location === location)?.locate(path);
	}
}

function identity(kind: LocatedKind, key: ObjectKey): string {
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

/** Parses `spec.containers[0].env[2]` into a path. */
export function fieldPath(field: string): Path {
	return [...field.matchAll(STEP)].map(([, name, index]) => (index === undefined ? (name ?? '') : Number(index)));
}
