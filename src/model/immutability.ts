/** The changes of an immutable ConfigMap that an API server refuses. Pure. */

import { type ConfigMap, sameValues } from './config-map.js';
import { invalidText, type Violation } from './validation.js';

/**
 * Why an API server would not replace `previous` with `next`; empty if it would. One update may make an object immutable
 * and change its data, and metadata may always change. An empty and a missing map are equal here, because `ConfigMap` does
 * not distinguish them; to the API server they differ.
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
