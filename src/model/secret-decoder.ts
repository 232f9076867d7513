/**
 * From a JSON-like value to a Secret, as strict as an API server. Pure; knows nothing of YAML. All violations are
 * found, not only the first, and none of their texts holds a value.
 */

import { ObjectDecoder } from './object-decoder.js';
import type { ObjectKey } from './object-key.js';
import type { Secret } from './secret.js';
import { secretViolations } from './secret-validation.js';
import type { Violation } from './validation.js';

/** Outcome of decoding. There is an object exactly if there is no violation. */
export interface DecodedSecret {
	readonly object: Secret | undefined;
	/** Which object the value is, if that much can be read of it. */
	readonly key: ObjectKey | undefined;
	readonly violations: readonly Violation[];
}

const OBJECT_FIELDS = new Set(['apiVersion', 'kind', 'metadata', 'type', 'data', 'stringData', 'immutable']);
/** Source: kubernetes v1.32 core/v1/defaults.go, SetDefaults_Secret. */
const DEFAULT_TYPE = 'Opaque';

/** Decodes one Secret; `defaultNamespace` is for a manifest that names none. Errors: none, see violations. */
export function decodeSecret(value: unknown, defaultNamespace: string): DecodedSecret {
	const decoder = new ObjectDecoder('Secret');
	const root = decoder.root(value, OBJECT_FIELDS);
	const { key, isNamed, annotations } = decoder.metadata(root, defaultNamespace);
	const stringData = decoder.texts(root, 'stringData');
	const data = new Map([...decoder.bytes(root, 'data'), ...stringData]);
	const type = decoder.text(root, 'type', 'v1.SecretType') || DEFAULT_TYPE;
	const immutable = decoder.flag(root, 'immutable');
	const object: Secret = { key, type, immutable, data };
	// With a field that cannot be read, what the type asks for would be missed twice.
	const content =
		decoder.violations.length > 0
			? []
			: secretViolations(object, { annotations, stringDataKeys: new Set(stringData.keys()) });
	const violations = [...decoder.violations, ...content];
	return { object: violations.length === 0 ? object : undefined, key: isNamed ? key : undefined, violations };
}
