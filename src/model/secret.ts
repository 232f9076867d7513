/**
 * The part of a Secret that volumes and environments need. Its values are never printed.
 * Invariant: immutable after construction; a new state is a new object.
 */

import { sameValues } from './config-map.js';
import type { ObjectKey } from './object-key.js';

export interface Secret {
	readonly key: ObjectKey;
	/** Such as `Opaque` or `kubernetes.io/tls`. */
	readonly type: string;
	readonly immutable: boolean;
	/** Decoded values. Those of `stringData` replace those of `data`, as in an API server. */
	readonly data: ReadonlyMap<string, Buffer>;
}

/** Whether all fields are equal. */
export function sameSecret(a: Secret, b: Secret): boolean {
	if (a === b) return true;
	if (a.key.namespace !== b.key.namespace || a.key.name !== b.key.name) return false;
	return a.type === b.type && a.immutable === b.immutable && sameValues(a.data, b.data);
}
