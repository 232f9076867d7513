/**
 * ConfigMap and volume source to payload, as kubelet makes it. Pure.
 * Source: kubelet v1.32 pkg/volume/configmap, MakePayload.
 */

import { ConfigMapFsError } from '../base/errors.js';
import type { ConfigMap } from '../model/config-map.js';
import { checkConflicts, EMPTY_PAYLOAD, type FileProjection, type Payload, payloadPath } from './payload.js';

/** `items[]` of a volume: one key, shown at a path. */
export interface KeyToPath {
	readonly key: string;
	readonly path: string;
	/** Permission bits; the volume's default mode when absent. */
	readonly mode?: number;
}

/** A configMap volume source without its name. */
export interface Projection {
	/** Absent or empty: every key, at its own name. */
	readonly items?: readonly KeyToPath[];
	/** Permission bits of files without a mode of their own. API default: 0644. */
	readonly defaultMode: number;
	/** Whether the object and each listed key may be missing. */
	readonly optional: boolean;
}

export const DEFAULT_MODE = 0o644;

/** A missing object is an empty payload where the volume is optional, and undefined (wait) where it is not. */
export function projectMissing(projection: Projection): Payload | undefined {
	return projection.optional ? EMPTY_PAYLOAD : undefined;
}

/**
 * Errors: CONFIGMAP_NOT_FOUND for a listed key that is missing and not optional; INPUT_INVALID for a path that kubelet
 * refuses. In both cases the whole volume keeps what it has.
 */
export function project(object: ConfigMap, projection: Projection): Payload {
	const files = new Map<string, FileProjection>();
	if (projection.items === undefined || projection.items.length === 0) {
		for (const values of [object.data, object.binaryData]) {
			for (const [key, bytes] of values) files.set(payloadPath(key), { bytes, mode: projection.defaultMode });
		}
	} else {
		for (const item of projection.items) {
			const bytes = object.data.get(item.key) ?? object.binaryData.get(item.key);
			if (bytes !== undefined) {
				files.set(payloadPath(item.path), { bytes, mode: item.mode ?? projection.defaultMode });
			} else if (!projection.optional) {
				throw new ConfigMapFsError('CONFIGMAP_NOT_FOUND', `configmap references non-existent config key: ${item.key}`);
			}
		}
	}
	checkConflicts(files);
	return files;
}
