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
