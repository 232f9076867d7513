/**
 * ConfigMap or Secret and volume source to files, as kubelet makes them. Pure.
 */

import { ConfigMapFsError } from '../base/errors.js';
import type { ConfigMap } from '../model/config-map.js';
import type { Secret } from '../model/secret.js';
import { checkConflicts, EMPTY_PAYLOAD, type FileProjection, type Payload, payloadPath } from './payload.js';

/** `items[]` of a volume: one key, shown at a path. */
export interface KeyToPath {
	readonly key: string;
	readonly path: string;
	/** Permission bits; the volume's default mode when absent. */
	readonly mode?: number;
}

/** A configMap or secret volume source without its name. */
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

/** What an object offers to a volume. */
export interface ProjectionSource {
	/** Bytes by key. */
	readonly values: ReadonlyMap<string, Buffer>;
	/** Kubelet's words before a listed key that is missing. */
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
	/** Clean. Several files may have the same one; the last is shown. */
	readonly path: string;
	readonly key: string;
	readonly file: FileProjection;
}

/**
 * Errors: CONFIGMAP_NOT_FOUND for a listed key that is missing and not optional; INPUT_INVALID for a path that kubelet
 * refuses. In both cases the whole volume keeps what it has.
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

/** The payload of a configMap volume. Errors: as `projectFiles`, and INPUT_INVALID where a file is a directory too. */
export function project(object: ConfigMap, projection: Projection): Payload {
	const files = projectFiles(configMapSource(object), projection);
	const payload = new Map(files.map(({ path, file }) => [path, file]));
	checkConflicts(payload);
	return payload;
}
