/**
 * Decodes a ConfigMap of an API server and keeps only the fields in use: managed fields, annotations and owner references
 * can be larger than the data. Fields of later API versions are ignored.
 */

import { isJsonObject } from '../../go/json/value.js';
import type { ConfigMap } from '../../model/config-map.js';
import { decodeConfigMap } from '../../model/config-map-decoder.js';
import type { ObjectKey } from '../../model/object-key.js';

/** One object of the cluster. */
export interface ClusterObject {
	/** Differs after an object was deleted and created again under the same name. */
	readonly uid: string;
	/** Opaque; see compareResourceVersions. */
	readonly resourceVersion: string;
	readonly object: ConfigMap;
}

/** A decoded API object; `object` is undefined exactly if there is a fault. */
export interface DecodedClusterObject {
	/** Undefined if even the name is invalid. */
	readonly key: ObjectKey | undefined;
	readonly uid: string;
	readonly resourceVersion: string;
	readonly object: ConfigMap | undefined;
	/** The first violation, in the API server's words. */
	readonly fault: string | undefined;
}

/** Errors: none; see `fault`. */
export function decodeClusterObject(value: unknown): DecodedClusterObject {
	const { name, namespace, labels, uid, resourceVersion } = metadataOf(value);
	const root = isJsonObject(value) ? value : {};
	const { object, key, violations } = decodeConfigMap(
		{ metadata: { name, namespace, labels }, data: root.data, binaryData: root.binaryData, immutable: root.immutable },
		'',
	);
	return {
		key: key ?? (isText(name) && isText(namespace) ? { namespace, name } : undefined),
		uid: isText(uid) ? uid : '',
		resourceVersion: isText(resourceVersion) ? resourceVersion : '',
		object,
		fault: violations[0]?.text,
	};
}

/** `metadata.resourceVersion` of an object, list or bookmark; empty if absent. */
export function resourceVersionOf(value: unknown): string {
	const { resourceVersion } = metadataOf(value);
	return isText(resourceVersion) ? resourceVersion : '';
}

/**
 * Whether a bookmark marks the end of the existing objects.
 * Source: kubernetes v1.32 meta/v1, InitialEventsAnnotationKey.
 */
export function isInitialEventsEnd(value: unknown): boolean {
	const { annotations } = metadataOf(value);
	return isJsonObject(annotations) && annotations['k8s.io/initial-events-end'] === 'true';
}

/**
 * Compares two resourceVersions: negative, 0 or positive; undefined if they are not decimal numbers, which have no order.
 * Source: kubernetes KEP-5504, comparable resource versions: digits, no leading zero, any length.
 */
export function compareResourceVersions(a: string, b: string): number | undefined {
	if (a === b) return 0;
	if (!COMPARABLE.test(a) || !COMPARABLE.test(b)) return undefined;
	if (a.length !== b.length) return a.length - b.length;
	return a < b ? -1 : 1;
}

const COMPARABLE = /^[1-9][0-9]*$/;

function metadataOf(value: unknown): Readonly<Record<string, unknown>> {
	const metadata = isJsonObject(value) ? value.metadata : undefined;
	return isJsonObject(metadata) ? metadata : {};
}

function isText(value: unknown): value is string {
	return typeof value === 'string' && value !== '';
}
