/**
 * From a JSON-like value to a ConfigMap, as strict as an API server: no value is converted to a string, no unknown
 * field is passed over. Pure; knows nothing of YAML. All violations are found, not only the first.
 */

import type { ConfigMap } from './config-map.js';
import { ObjectDecoder } from './object-decoder.js';
import type { ObjectKey } from './object-key.js';
import { contentViolations, type Violation } from './validation.js';

/** Outcome of decoding. There is an object exactly if there is no violation. */
export interface DecodedConfigMap {
	readonly object: ConfigMap | undefined;
	/** Which object the value is, if that much can be read of it. */
	readonly key: ObjectKey | undefined;
	readonly violations: readonly Violation[];
}

const OBJECT_FIELDS = new Set(['apiVersion', 'kind', 'metadata', 'data', 'binaryData', 'immutable']);

/** Decodes one ConfigMap; `defaultNamespace` is for a manifest that names none. Errors: none, see violations. */
export function decodeConfigMap(value: unknown, defaultNamespace: string): DecodedConfigMap {
	const decoder = new ObjectDecoder('ConfigMap');
	const root = decoder.root(value, OBJECT_FIELDS);
	const { key, isNamed, labels } = decoder.metadata(root, defaultNamespace);
	const data = decoder.texts(root, 'data');
	const binaryData = decoder.bytes(root, 'binaryData');
	const immutable = decoder.flag(root, 'immutable');
	const object: ConfigMap = { key, labels, immutable, data, binaryData };
	const violations = [...decoder.violations, ...contentViolations(object)];
	return { object: violations.length === 0 ? object : undefined, key: isNamed ? key : undefined, violations };
}
