/**
 * Several layers of one object as one object. Pure. Source of the rule: none in Kubernetes, where nothing is layered;
 * it is what someone expects who gives a file on top of a cluster to override single keys.
 */

import type { ConfigMap } from '../model/config-map.js';

/**
 * The merged object; undefined if no layer has it. The first layer is the lowest. A later layer wins key by key, and a
 * key of its `data` takes the place of the same key in an earlier `binaryData`, and the other way round. Labels are
 * merged alike. It is immutable only if every layer that has the object says so: one that may change makes the outcome
 * changeable.
 */
export function mergeLayers(layers: readonly (ConfigMap | undefined)[]): ConfigMap | undefined {
	const [lowest, ...upper] = layers.filter((layer) => layer !== undefined);
	if (lowest === undefined || upper.length === 0) return lowest;
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
	const immutable = lowest.immutable && upper.every((layer) => layer.immutable);
	return { key: lowest.key, labels, immutable, data, binaryData };
}
