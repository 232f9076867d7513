/**
 * The size of the annotations of an object after `kubectl apply`, which keeps a copy of the manifest in an annotation.
 * Pure.
 * Source: kubectl v1.32 pkg/util/apply.go, GetModifiedConfiguration.
 */

import { encodeGoJsonString } from '../go/json/encode.js';
import { isJsonObject } from '../go/json/value.js';

/** The annotation with the copy. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Bytes of all annotations, keys included. The copy is compact JSON with a newline, has an `annotations` field in any
 * case, and names the namespace. Unit: bytes.
 */
export function appliedAnnotationBytes(value: unknown, namespace: string): number {
	const root = isJsonObject(value) ? value : {};
	const metadata = isJsonObject(root.metadata) ? root.metadata : {};
	const { [LAST_APPLIED]: _copy, ...annotations } = isJsonObject(metadata.annotations) ? metadata.annotations : {};
	const copy = { ...root, metadata: { ...metadata, namespace: metadata.namespace ?? namespace, annotations } };
	let bytes = Buffer.byteLength(LAST_APPLIED) + jsonBytes(copy, new Map()) + 1;
	for (const [key, text] of Object.entries(annotations)) {
		bytes += Buffer.byteLength(key) + (typeof text === 'string' ? Buffer.byteLength(text) : 0);
	}
	return bytes;
}

/** `known` has the sizes of values that aliases may repeat very often. */
function jsonBytes(value: unknown, known: Map<object, number>): number {
	if (typeof value === 'string') return Buffer.byteLength(encodeGoJsonString(value));
	if (typeof value !== 'object' || value === null) return String(value).length;
	const before = known.get(value);
	if (before !== undefined) return before;
	const parts = Array.isArray(value)
		? value.map((item) => jsonBytes(item, known))
		: Object.entries(value).map(([key, item]) => jsonBytes(key, known) + 1 + jsonBytes(item, known));
	const bytes = parts.reduce((sum, part) => sum + part, 2 + Math.max(0, parts.length - 1));
	known.set(value, bytes);
	return bytes;
}
