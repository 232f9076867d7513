/**
 * A Secret reduced to what a pod's environment and volumes need. Its values are never printed.
 * Invariant: values are never changed after construction; a new state is a new object.
 */

import { sameValues } from './config-map.js';
import type { ObjectKey } from './object-key.js';

export interface Secret {
	readonly key: ObjectKey;
	/** `Opaque`, `kubernetes.io/tls`. */
	readonly type: string;
	readonly immutable: boolean;
	/** Values, decoded; `stringData` laid over `data`, as an API server does. */
	readonly data: ReadonlyMap<string, Buffer>;
}

/** Whether both are the same in everything this program looks at. */
export function sameSecret(a: Secret, b: Secret): boolean {
	if (a === b) return true;
	if (a.key.namespace !== b.key.namespace || a.key.name !== b.key.name) return false;
	return a.type === b.type && a.immutable === b.immutable && sameValues(a.data, b.data);
}
