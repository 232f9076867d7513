/**
 * The part of a ConfigMap that volumes and environments need.
 * Invariant: immutable after construction; a new state is a new object.
 */

import type { ObjectKey } from './object-key.js';

export interface ConfigMap {
	readonly key: ObjectKey;
	readonly labels: ReadonlyMap<string, string>;
	/** Whether `data` and `binaryData` stay the same until the object is deleted. */
	readonly immutable: boolean;
	/** Values of `data` as UTF-8 bytes. */
	readonly data: ReadonlyMap<string, Buffer>;
	/** Values of `binaryData`, decoded. Invariant: shares no key with `data`. */
	readonly binaryData: ReadonlyMap<string, Buffer>;
}

/** Size of all values, without keys and metadata: the size that the limit of 1 MiB applies to. Unit: bytes. */
export function totalBytes(object: Pick<ConfigMap, 'data' | 'binaryData'>): number {
	let total = 0;
	for (const value of object.data.values()) total += value.length;
	for (const value of object.binaryData.values()) total += value.length;
	return total;
}

/** Whether both have the same bytes under the same keys of the same map, `data` or `binaryData`. */
export function sameData(
	a: Pick<ConfigMap, 'data' | 'binaryData'>,
	b: Pick<ConfigMap, 'data' | 'binaryData'>,
): boolean {
	return sameValues(a.data, b.data) && sameValues(a.binaryData, b.binaryData);
}

/** Whether all fields are equal, labels included. */
export function sameConfigMap(a: ConfigMap, b: ConfigMap): boolean {
	if (a === b) return true;
	if (a.key.namespace !== b.key.namespace || a.key.name !== b.key.name) return false;
	if (a.immutable !== b.immutable || a.labels.size !== b.labels.size) return false;
	for (const [key, value] of a.labels) if (b.labels.get(key) !== value) return false;
	return sameData(a, b);
}

/** Whether both have equal bytes under equal keys, in any order. */
export function sameValues(a: ReadonlyMap<string, Buffer>, b: ReadonlyMap<string, Buffer>): boolean {
	if (a === b) return true;
	if (a.size !== b.size) return false;
	for (const [key, value] of a) {
		const other = b.get(key);
		if (other === undefined || (other !== value && !value.equals(other))) return false;
	}
	return true;
}
