/**
 * Merges the layers of one object. Pure. Kubernetes has no layers; the rule is what a user expects who gives a file on
 * top of a cluster to override single keys. In every kind a later layer wins key by key, and the merged object is
 * immutable only if every layer is: a layer that may change makes the result changeable.
 */

import type { ConfigMap } from '../model/config-map.js';
import type { Secret } from '../model/secret.js';

/**
 * The first version is the lowest layer. A key of a later layer's `data` replaces the same key of an earlier
 * `binaryData`, and the reverse. Labels are merged in the same way.
 */
export function mergeConfigMaps(versions: readonly [ConfigMap, ...ConfigMap[]]): ConfigMap {
	const [lowest, ...upper] = versions;
	if (upper.length === 0) return lowest;
	const labels = new Map(lowest.labels);
	const data = new Map(lowest.data);
	const binaryData = new Map(lowest.binaryData);
	for (const layer of upper) {
		for (const [key, value] of layer.labels) labels.set(key, value);
		for (const [key, value] of layer.data) {
			binaryData.delete(key);
			data.set(key, value);
		}
		for (const [key, value] of layer.binaryData) {
			data.delete(key);
			binaryData.set(key, value);
		}
	}
	return { key: lowest.key, labels, immutable: versions.every((version) => version.immutable), data, binaryData };
}

/** The first version is the lowest layer; the type is that of the highest. */
export function mergeSecrets(versions: readonly [Secret, ...Secret[]]): Secret {
	const [lowest] = versions;
	if (versions.length === 1) return lowest;
	const { key, type } = versions.at(-1) ?? lowest;
	const data = new Map(versions.flatMap((version) => [...version.data]));
	return { key, type, immutable: versions.every((version) => version.immutable), data };
}
