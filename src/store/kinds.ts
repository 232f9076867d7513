/**
 * The rules of each kind of object: one table, for the sources that decode objects and for the store that layers them.
 * A new kind is one entry of `Contents`, one of `KINDS`, and its line in `objectType`. Pure.
 */

import { type ConfigMap, sameConfigMap, sameData } from '../model/config-map.js';
import { decodeConfigMap } from '../model/config-map-decoder.js';
import { immutabilityViolations } from '../model/immutability.js';
import { losesField, sameJson } from '../model/json-comparison.js';
import type { LocatedObject, ManifestObject } from '../model/manifest-object.js';
import type { ObjectKey } from '../model/object-key.js';
import { type Secret, sameSecret } from '../model/secret.js';
import { decodeSecret } from '../model/secret-decoder.js';
import { secretSizeViolations, secretUpdateViolations } from '../model/secret-validation.js';
import { configMapSizeViolations, type Violation } from '../model/validation.js';
import { mergeConfigMaps, mergeSecrets } from './layer-merge.js';

/** The decoded form of each kind. */
export interface Contents {
	readonly ConfigMap: ConfigMap;
	readonly Secret: Secret;
	/** Every other kind. Workloads are decoded by the pod that is made from them. */
	readonly Other: LocatedObject;
}

export type ObjectType = keyof Contents;
export type Content = Contents[ObjectType];

/** There is an object exactly if there is no violation. */
export interface Decoded<C> {
	readonly object: C | undefined;
	/** Undefined if the object has no valid name. */
	readonly key: ObjectKey | undefined;
	readonly violations: readonly Violation[];
}

export interface KindRules<C> {
	/** `defaultNamespace` is for an object that names none. */
	decode(object: LocatedObject, defaultNamespace: string): Decoded<C>;
	/** One object made of several versions, the lowest layer first. */
	merge(versions: readonly [C, ...C[]]): C;
	/** Rules that an object made of valid versions may still break. */
	mergeViolations(merged: C): readonly Violation[];
	/** Why an API server would not replace `previous` with `next`; empty if it would. */
	updateViolations(previous: C, next: C): readonly Violation[];
	/** Whether a volume or an environment can differ between the two. */
	isNews(previous: C, next: C): boolean;
	/** `previous` if `next` equals it in everything; otherwise `next`, sharing the values that are equal. */
	reuse(previous: C, next: C): C;
	/** Whether `after` lacks something that `before` has, as it does while its file is being written. */
	loses(before: C, after: C): boolean;
	/** The labels that a selector is matched against. */
	labels(object: C): ReadonlyMap<string, string>;
}

const NO_LABELS: ReadonlyMap<string, string> = new Map();

/** Objects that are not layered: the highest version wins as a unit, and updates are not checked. */
const OTHER: KindRules<LocatedObject> = {
	decode: (object, defaultNamespace) => {
		const { name, namespace = defaultNamespace } = object;
		return { object, key: name === '' ? undefined : { namespace, name }, violations: [] };
	},
	merge: (versions) => versions.at(-1) ?? versions[0],
	mergeViolations: () => [],
	updateViolations: () => [],
	isNews: (previous, next) => previous !== next && !sameJson(previous.value, next.value),
	reuse: (previous, next) => (sameJson(previous.value, next.value) ? previous : next),
	loses: (before, after) => losesField(before.value, after.value),
	labels: () => NO_LABELS,
};

const CONFIG_MAP: KindRules<ConfigMap> = {
	decode: ({ value }, defaultNamespace) => decodeConfigMap(value, defaultNamespace),
	merge: mergeConfigMaps,
	mergeViolations: configMapSizeViolations,
	updateViolations: immutabilityViolations,
	isNews: (previous, next) => previous.immutable !== next.immutable || !sameData(previous, next),
	reuse: (previous, next) => {
		if (sameConfigMap(previous, next)) return previous;
		const data = shareValues(previous.data, next.data);
		return { ...next, data, binaryData: shareValues(previous.binaryData, next.binaryData) };
	},
	loses: (before, after) => {
		const has = (key: string) => after.data.has(key) || after.binaryData.has(key);
		return ![...before.data.keys(), ...before.binaryData.keys()].every(has);
	},
	labels: ({ labels }) => labels,
};

const SECRET: KindRules<Secret> = {
	decode: ({ value }, defaultNamespace) => decodeSecret(value, defaultNamespace),
	merge: mergeSecrets,
	mergeViolations: secretSizeViolations,
	updateViolations: secretUpdateViolations,
	isNews: (previous, next) => !sameSecret(previous, next),
	reuse: (previous, next) =>
		sameSecret(previous, next) ? previous : { ...next, data: shareValues(previous.data, next.data) },
	loses: (before, after) => ![...before.data.keys()].every((key) => after.data.has(key)),
	labels: () => NO_LABELS,
};

export const KINDS: { readonly [T in ObjectType]: KindRules<Contents[T]> } = {
	ConfigMap: CONFIG_MAP,
	Secret: SECRET,
	Other: OTHER,
};

/** The rules for objects whose type is known only at run time; both versions of a call are of that type. */
export function rulesOf(type: ObjectType): KindRules<Content> {
	return KINDS[type];
}

/** The type whose rules apply to an object. */
export function objectType({ apiVersion, kind }: Pick<ManifestObject, 'apiVersion' | 'kind'>): ObjectType {
	return apiVersion === 'v1' && (kind === 'ConfigMap' || kind === 'Secret') ? kind : 'Other';
}

/** `next` with the buffers of `previous` where the bytes are equal, so that later comparisons compare references. */
function shareValues(
	previous: ReadonlyMap<string, Buffer>,
	next: ReadonlyMap<string, Buffer>,
): ReadonlyMap<string, Buffer> {
	const shared = new Map<string, Buffer>();
	for (const [key, value] of next) {
		const before = previous.get(key);
		shared.set(key, before?.equals(value) ? before : value);
	}
	return shared;
}
