/** A view of a store for pods: the ConfigMaps and Secrets of a namespace, and the workloads. Has no state of its own. */

import type { ManifestObject } from '../model/manifest-object.js';
import { formatObjectKey } from '../model/object-key.js';
import type { PodObjects } from '../pod/pod-objects.js';
import { isWorkload, workloadsOf } from '../pod/workload.js';
import type { LayeredStore } from '../store/layered-store.js';
import type { SourceObject } from '../store/source.js';

export class PodCatalog {
	readonly #store: Pick<LayeredStore, 'get' | 'versions'>;
	readonly #hasCluster: boolean;

	/** `hasCluster`: whether one of the layers is a cluster. */
	constructor(store: Pick<LayeredStore, 'get' | 'versions'>, hasCluster = false) {
		this.#store = store;
		this.#hasCluster = hasCluster;
	}

	/** The ConfigMaps and Secrets of a namespace; each call reads the present state. */
	objects(namespace: string): PodObjects {
		return {
			configMap: (name) => this.#store.get('ConfigMap', { namespace, name }),
			secret: (name) => this.#store.get('Secret', { namespace, name }),
			hasCluster: this.#hasCluster,
		};
	}

	/**
	 * The highest version of each workload, in the order of the sources; custom resources with a pod template only if there
	 * is nothing else.
	 */
	get workloads(): readonly ManifestObject[] {
		return workloadsOf(this.#templated);
	}

	/** The workloads and every other object, so that a failed search can report which objects there are. */
	get candidates(): readonly ManifestObject[] {
		return [...this.#templated, ...this.#store.versions.filter((object) => !isWorkload(object))];
	}

	get #templated(): readonly ManifestObject[] {
		return highestVersions(this.#store.versions.filter(isWorkload));
	}
}

function highestVersions(objects: readonly SourceObject[]): readonly ManifestObject[] {
	const found = new Map<string, ManifestObject>();
	for (const object of objects) {
		const { kind, name, key, location, content } = object;
		const id = `${kind} ${name === '' ? location : formatObjectKey(key)}`;
		// The content, unlike the object around it, is the same value until it changes.
		if (content !== undefined && object.type === 'Other') found.set(id, content as ManifestObject);
	}
	return [...found.values()];
}
