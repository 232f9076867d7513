/** The files of a volume from a ConfigMap or Secret and the volume's source, as kubelet makes them. Pure. */

import { ConfigMapFsError } from '../base/errors.js';
import type { ConfigMap } from '../model/config-map.js';
import type { Secret } from '../model/secret.js';
import { checkConflicts, EMPTY_PAYLOAD, type FileProjection, type Payload, payloadPath } from './payload.js';

/** `items[]` of a volume: one key, shown at a path. */
export interface KeyToPath {
	readonly key: string;
	readonly path: string;
	/** Permission bits; absent for the volume's default mode. */
	readonly mode?: number;
}

/** A configMap or secret volume source without its name. */
export interface Projection {
	/** Absent or empty to show every key under its own name. */
	readonly items?: readonly KeyToPath[];
	/** Permission bits of files without a mode of their own. API default: 0644. */
	readonly defaultMode: number;
	/** Whether the object and each listed key may be missing. */
	readonly optional: boolean;
}

export const DEFAULT_MODE = 0o644;

/** The payload for a missing object: empty if the volume is optional, else undefined, and the volume has to wait. */
export function projectMissing(projection: Projection): Payload | undefined {
	return projection.optional ? EMPTY_PAYLOAD : undefined;
}

/** The content of an object, for a volume. */
export interface ProjectionSource {
	/** Bytes by key. */
	readonly values: ReadonlyMap<string, Buffer>;
	/** Kubelet's error for a missing key of `items`, without the key. */
	readonly missingKey: string;
}

/** Source: kubelet v1.32 pkg/volume/configmap, MakePayload. */
export function configMapSource({ data, binaryData }: Pick<ConfigMap, 'data' | 'binaryData'>): ProjectionSource {
	return {
		values: binaryData.size === 0 ? data : new Map([...data, ...binaryData]),
		missingKey: 'configmap references non-existent config key',
	};
}

/** Source: kubelet v1.32 pkg/volume/secret, MakePayload. */
export function secretSource({ data }: Pick<Secret, 'data'>): ProjectionSource {
	return { values: data, missingKey: 'references non-existent secret key' };
}

/** One file of a volume and the key that it shows. */
export interface ProjectedFile {
	/** Clean. If several files have the same path, the last one is shown. */
	readonly path: string;
	readonly key: string;
	readonly file: FileProjection;
}

/**
 * Errors: CONFIGMAP_NOT_FOUND for a missing key of `items` that is not optional; INPUT_INVALID for a path that kubelet
 * refuses. In both cases the volume keeps its content.
 */
export function projectFiles(source: ProjectionSource, projection: Projection): readonly ProjectedFile[] {
	const { items = [], defaultMode, optional } = projection;
	if (items.length === 0) {
		return [...source.values].map(([key, bytes]) => ({
			path: payloadPath(key),
			key,
			file: { bytes, mode: defaultMode },
		}));
	}
	const files: ProjectedFile[] = [];
	for (const { key, path, mode } of items) {
		const bytes = source.values.get(key);
		if (bytes !== undefined) {
			files.push({ path: payloadPath(path), key, file: { bytes, mode: mode ?? defaultMode } });
		} else if (!optional) {
			throw new ConfigMapFsError('CONFIGMAP_NOT_FOUND', `${source.missingKey}: ${key}`);
		}
	}
	return files;
}

/** The payload of a configMap volume. Errors: as `projectFiles`, and INPUT_INVALID if a path is a file and a directory. */
export function project(object: ConfigMap, projection: Projection): Payload {
	const files = projectFiles(configMapSource(object), projection);
	const payload = new Map(files.map(({ path, file }) => [path, file]));
	checkConflicts(payload);
	return payload;
}
