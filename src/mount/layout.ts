/** What the mount point shows: which object has which path, and which directories the paths need. No input or output. */

import { ConfigMapFsError } from '../base/errors.js';
import { formatObjectKey, type ObjectKey } from '../model/object-key.js';
import type { Projection } from '../volume/projection.js';

export type LayoutOptions =
	/** A directory for each ConfigMap, with `byNamespace` below a directory for its namespace. */
	| { readonly kind: 'tree'; readonly byNamespace: boolean; readonly projection: Projection }
	/** The mount point itself is the volume of one ConfigMap. Without a namespace, the first of that name to arrive. */
	| {
			readonly kind: 'volume';
			readonly name: string;
			readonly namespace: string | undefined;
			readonly projection: Projection;
	  };

export class Layout {
	readonly #options: LayoutOptions;
	/** The object that each path shows. Objects of several namespaces may have one path. */
	readonly #owners = new Map<string, ObjectKey>();
	/** Number of volumes in the directory of each namespace. */
	readonly #namespaces = new Map<string, number>();

	constructor(options: LayoutOptions) {
		this.#options = options;
	}

	/** Path of the object's volume below the mount point; empty for the mount point itself. */
	pathOf(key: ObjectKey): string {
		if (this.#options.kind === 'volume') return '';
		return this.#options.byNamespace ? `${key.namespace}/${key.name}` : key.name;
	}

	/** Whether the layout shows an object of this key at all. */
	accepts(key: ObjectKey): boolean {
		const options = this.#options;
		if (options.kind === 'tree') return true;
		return key.name === options.name && (options.namespace === undefined || key.namespace === options.namespace);
	}

	/** Gives the object its path. Errors: INPUT_INVALID if an object of another namespace has it. */
	claim(key: ObjectKey): void {
		const path = this.pathOf(key);
		const owner = this.#owners.get(path);
		if (owner !== undefined && !isSame(owner, key)) {
			const [shown, hidden] = [formatObjectKey(owner), formatObjectKey(key)];
			throw new ConfigMapFsError(
				'INPUT_INVALID',
				`two ConfigMaps are named "${key.name}": "${shown}" is shown and "${hidden}" is not; choose one with -n, or show both with -A`,
			);
		}
		this.#owners.set(path, key);
	}

	/** Frees the object's path. Returns false if the object did not have it. */
	release(key: ObjectKey): boolean {
		const path = this.pathOf(key);
		const owner = this.#owners.get(path);
		if (owner === undefined || !isSame(owner, key)) return false;
		return this.#owners.delete(path);
	}

	/** The first of the objects that has the same path, so that it can take over a path that became free. */
	heirOf<Item extends { readonly key: ObjectKey }>(key: ObjectKey, objects: readonly Item[]): Item | undefined {
		const path = this.pathOf(key);
		return objects.find((object) => this.accepts(object.key) && this.pathOf(object.key) === path);
	}

	/** Directories of namespaces that have volumes. */
	get directories(): readonly string[] {
		return [...this.#namespaces.keys()];
	}

	/** The directory to make before the object's volume; undefined if it is there, or none is needed. */
	missingDirectory({ namespace }: ObjectKey): string | undefined {
		return this.#hasNamespaces && !this.#namespaces.has(namespace) ? namespace : undefined;
	}

	volumeMade({ namespace }: ObjectKey): void {
		if (this.#hasNamespaces) this.#namespaces.set(namespace, (this.#namespaces.get(namespace) ?? 0) + 1);
	}

	/** Returns the directory to remove, if this was its last volume. */
	volumeRemoved({ namespace }: ObjectKey): string | undefined {
		const count = this.#namespaces.get(namespace);
		if (count === undefined) return undefined;
		if (count > 1) {
			this.#namespaces.set(namespace, count - 1);
			return undefined;
		}
		this.#namespaces.delete(namespace);
		return namespace;
	}

	get #hasNamespaces(): boolean {
		return this.#options.kind === 'tree' && this.#options.byNamespace;
	}
}

function isSame(a: ObjectKey, b: ObjectKey): boolean {
	return a.namespace === b.namespace && a.name === b.name;
}
