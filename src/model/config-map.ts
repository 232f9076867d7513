/**
 * A ConfigMap reduced to what a volume needs. Knows nothing of where it came from.
 * Invariant: values are never changed after construction; a new state is a new object.
 */

import type { ObjectKey } from './object-key.js';

export interface ConfigMap {
	readonly key: ObjectKey;
	readonly labels: ReadonlyMap<string, string>;
	/** `immutable: true`: data and binaryData may not change until the object is deleted. */
	readonly immutable: boolean;
	/** Values of `data` as UTF-8 bytes. */
	readonly data: ReadonlyMap<string, Buffer>;
	/** Values of `binaryData`, decoded. Invariant: shares no key with `data`. */
	readonly binaryData: ReadonlyMap<string, Buffer>;
}

/** Bytes of all values, what the limit of 1 MiB counts: neither keys nor metadata. Unit: bytes. */
export function totalBytes(object: Pick<ConfigMap, 'data' | 'binaryData'>): number {
	let total = 0;
	for (const value of object.data.values()) total += value.length;
	for (const value of object.binaryData.values()) total += value.length;
	return total;
}

/** Whether both hold the same bytes under the same keys of the same map; `data` and `binaryData` are told apart. */
export function sameData(
	a: Pick<ConfigMap, 'data' | 'binaryData'>,
	b: Pick<ConfigMap, 'data' | 'binaryData'>,
): boolean {
	return sameValues(a.data, b.data) && sameValues(a.binaryData, b.binaryData);
}

/** Whether both are the same in everything this program looks at, labels included. */
export function sameConfigMap(a: ConfigMap, b: ConfigMap): boolean {
	if (a === b) return true;
	if (a.key.namespace !== b.key.namespace || a.key.name !== b.key.name) return false;
	if (a.immutable !== b.immutable || a.labels.size !== b.labels.size) return false;
	for (const [key, value] of a.labels) if (b.labels.get(key) !== value) return false;
	return sameData(a, b);
}

/** Whether both hold equal bytes under equal keys; order does not matter. */
export function sameValues(a: ReadonlyMap<string, Buffer>, b: ReadonlyMap<string, Buffer>): boolean {
	if (a === b) return true;
	if (a.size !== b.size) return false;
	for (const [key, value] of a) {
		const other = b.get(key);
		if (other === undefined || (other !== value && !value.equals(other))) return false;
	}
	return true;
}
