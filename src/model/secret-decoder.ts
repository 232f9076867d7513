/**
 * Decodes a JSON-like value into a Secret, as strictly as an API server. Pure; knows nothing of YAML. Finds all
 * violations, not only the first; their texts contain no values.
 */

import { ObjectDecoder } from './object-decoder.js';
import type { ObjectKey } from './object-key.js';
import type { Secret } from './secret.js';
import { secretViolations } from './secret-validation.js';
import type { Violation } from './validation.js';

/** There is an object exactly if there is no violation. */
export interface DecodedSecret {
	readonly object: Secret | undefined;
	/** Undefined if the value has no valid name. */
	readonly key: ObjectKey | undefined;
	readonly violations: readonly Violation[];
}

/** Source: kubernetes v1.32 core/v1/defaults.go, SetDefaults_Secret. */
const DEFAULT_TYPE = 'Opaque';

/** Decodes one Secret. `defaultNamespace` is for an object that names none. Errors: none; see `violations`. */
export function decodeSecret(value: unknown, defaultNamespace: string): DecodedSecret {
	const decoder = new ObjectDecoder('Secret');
	const root = decoder.root(value);
	const { key, isNamed, annotations } = decoder.metadata(root, defaultNamespace);
	const stringData = decoder.texts(root, 'stringData');
	const data = new Map([...decoder.bytes(root, 'data'), ...stringData]);
	const type = decoder.text(root, 'type', 'v1.SecretType') || DEFAULT_TYPE;
	const immutable = decoder.flag(root, 'immutable');
	const object: Secret = { key, type, immutable, data };
	// A field that cannot be decoded would be reported as a missing key too.
	const content =
		decoder.violations.length > 0
			? []
			: secretViolations(object, { annotations, stringDataKeys: new Set(stringData.keys()) });
	const violations = [...decoder.violations, ...content];
	return { object: violations.length === 0 ? object : undefined, key: isNamed ? key : undefined, violations };
}
