/**
 * A Secret reduced to what a pod's environment and volumes need. Its values are never printed.
 * Invariant: values are never changed after construction; a new state is a new object.
 */

import type { ObjectKey } from './object-key.js';

export interface Secret {
	readonly key: ObjectKey;
	/** `Opaque`, `kubernetes.io/tls`. */
	readonly type: string;
	readonly immutable: boolean;
	/** Values, decoded; `stringData` laid over `data`, as an API server does. */
	readonly data: ReadonlyMap<string, Buffer>;
}
