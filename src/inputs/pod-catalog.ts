/** The objects of a store as a pod asks for them: those of its namespace, and the workloads. A view; it holds nothing. */

import type { ManifestObject } from '../model/manifest-object.js';
import { formatObjectKey } from '../model/object-key.js';
import type { PodObjects } from '../pod/pod-objects.js';
import { isWorkload } from '../pod/workload.js';
import type { LayeredStore } from '../store/layered-store.js';
import type { SourceObject } from '../store/source.js';

export class PodCatalog {
	readonly #store: Pick<LayeredStore, 'get' | 'versions'>;

	constructor(store: Pick<LayeredStore, 'get' | 'versions'>) {
		this.#store = store;
	}

	/** The ConfigMaps and Secrets that a pod of `namespace` finds, at the moment of each call. */
	objects(namespace: string): PodObjects {
		return {
			configMap: (name) => this.#store.get('ConfigMap', { namespace, name }),
			secret: (name) => this.#store.get('Secret', { namespace, name }),
		};
	}

	/** Each workload once, in the order of the sources; the highest version of it. */
	get workloads(): readonly ManifestObject[] {
		return highestVersions(this.#store.versions.filter(isWorkload));
	}

	/** The workloads and every other object, for a search that reports what it found instead. */
	get candidates(): readonly ManifestObject[] {
		return [...this.workloads, ...this.#store.versions.filter((object) => !isWorkload(object))];
	}
}

function highestVersions(objects: readonly SourceObject[]): readonly ManifestObject[] {
	const found = new Map<string, ManifestObject>();
	for (const object of objects) {
		const { kind, name, key, location, content } = object;
		const id = `${kind} ${name === '' ? location : formatObjectKey(key)}`;
		// The content of an unchanged object stays the same value, so that its readers can tell.
		if (content !== undefined && object.type === 'Other') found.set(id, content as ManifestObject);
	}
	return [...found.values()];
}
