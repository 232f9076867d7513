/** What an API server refuses to change in an immutable ConfigMap. Pure; knows nothing of sources. */

import { type ConfigMap, sameValues } from './config-map.js';
import { invalidText, type Violation } from './validation.js';

/**
 * Why `next` may not replace `previous`; empty: it may. Making a mutable object immutable and changing its data in the
 * same step is allowed, and so is any change of metadata. An empty and a missing map count as equal here, because a
 * ConfigMap does not tell them apart; the API server does.
 * Source: kubernetes v1.32 core/validation, ValidateConfigMapUpdate.
 */
export function immutabilityViolations(previous: ConfigMap, next: ConfigMap): readonly Violation[] {
	if (!previous.immutable) return [];
	const fields: string[] = [];
	if (!next.immutable) fields.push('immutable');
	if (!sameValues(previous.data, next.data)) fields.push('data');
	if (!sameValues(previous.binaryData, next.binaryData)) fields.push('binaryData');
	return fields.map((field) => ({
		path: [field],
		text: invalidText(previous.key.name, field, 'Forbidden: field is immutable when `immutable` is set'),
	}));
}
