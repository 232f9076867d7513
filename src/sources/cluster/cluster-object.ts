/**
 * A ConfigMap as an API server gives it, reduced to what is used before anything is kept: managed fields, annotations
 * and owner references can be larger than the data. Fields of later API versions are passed over, not refused.
 */

import { isJsonObject } from '../../go/json/value.js';
import type { ConfigMap } from '../../model/config-map.js';
import { decodeConfigMap } from '../../model/config-map-decoder.js';
import type { ObjectKey } from '../../model/object-key.js';

/** One object of the cluster. */
export interface ClusterObject {
	/** Changes when an object is deleted and made again under the same name. */
	readonly uid: string;
	/** Opaque; see compareResourceVersions. */
	readonly resourceVersion: string;
	readonly object: ConfigMap;
}

/** What can be known of an API object; `object` is undefined exactly if there are faults. */
export interface DecodedClusterObject {
	/** Undefined: not even a name could be read. */
	readonly key: ObjectKey | undefined;
	readonly uid: string;
	readonly resourceVersion: string;
	readonly object: ConfigMap | undefined;
	/** The first rule that is broken, in the API server's words. */
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

/** `metadata.resourceVersion` of an object, list or bookmark; empty text where there is none. */
export function resourceVersionOf(value: unknown): string {
	const { resourceVersion } = metadataOf(value);
	return isText(resourceVersion) ? resourceVersion : '';
}

/**
 * Whether a bookmark says that everything there was has been sent.
 * Source: kubernetes v1.32 meta/v1, InitialEventsAnnotationKey.
 */
export function isInitialEventsEnd(value: unknown): boolean {
	const { annotations } = metadataOf(value);
	return isJsonObject(annotations) && annotations['k8s.io/initial-events-end'] === 'true';
}

/**
 * Order of two resourceVersions: negative, 0 or positive; undefined where they cannot be compared, because they are no
 * decimal numbers. Source: kubernetes KEP-5504, comparable resource versions: digits, no leading zero, any length.
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
