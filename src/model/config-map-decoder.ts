/**
 * Decodes a JSON-like value into a ConfigMap, as strictly as an API server: converts no value to a string. Unknown fields
 * are ignored. Pure; knows nothing of YAML. Finds all violations, not only the first.
 */

import type { ConfigMap } from './config-map.js';
import { ObjectDecoder } from './object-decoder.js';
import type { ObjectKey } from './object-key.js';
import { contentViolations, type Violation } from './validation.js';

/** There is an object exactly if there is no violation. */
export interface DecodedConfigMap {
	readonly object: ConfigMap | undefined;
	/** Undefined if the value has no valid name. */
	readonly key: ObjectKey | undefined;
	readonly violations: readonly Violation[];
}

/** Decodes one ConfigMap. `defaultNamespace` is for an object that names none. Errors: none; see `violations`. */
export function decodeConfigMap(value: unknown, defaultNamespace: string): DecodedConfigMap {
	const decoder = new ObjectDecoder('ConfigMap');
	const root = decoder.root(value);
	const { key, isNamed, labels } = decoder.metadata(root, defaultNamespace);
	const data = decoder.texts(root, 'data');
	const binaryData = decoder.bytes(root, 'binaryData');
	const immutable = decoder.flag(root, 'immutable');
	const object: ConfigMap = { key, labels, immutable, data, binaryData };
	const violations = [...decoder.violations, ...contentViolations(object)];
	return { object: violations.length === 0 ? object : undefined, key: isNamed ? key : undefined, violations };
}
