/** Manifests of workloads and the objects that they name, for tests: a file that is edited in one step. */

import { join } from 'node:path';
import { writeAtomically } from './manifest.js';
import { temporaryDirectory } from './temporary.js';

/** An object of any kind, as a person would write it. */
export interface Manifest {
	readonly apiVersion: string;
	readonly kind: string;
	readonly metadata: {
		readonly name: string;
		readonly namespace?: string;
		readonly labels?: Readonly<Record<string, string>>;
		readonly annotations?: Readonly<Record<string, string>>;
	};
	readonly [field: string]: unknown;
}

export type Fields = Readonly<Record<string, unknown>>;

export function configMap(name: string, data: Readonly<Record<string, string>>, more: Fields = {}): Manifest {
	return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data, ...more };
}

/** `data` is plain text; it is encoded here. */
export function secret(name: string, data: Readonly<Record<string, string>>): Manifest {
	const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
	return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data: Object.fromEntries(encoded) };
}

/** A pod with these containers; one without a name is called `test`. */
export function pod(
	name: string,
	containers: Fields | readonly Fields[],
	spec: Fields = {},
	metadata: Omit<Manifest['metadata'], 'name'> = {},
): Manifest {
	const all = Array.isArray(containers) ? (containers as readonly Fields[]) : [containers as Fields];
	return {
		apiVersion: 'v1',
		kind: 'Pod',
		metadata: { name, ...metadata },
		spec: {
			restartPolicy: 'Never',
			containers: all.map((container) => ({
				name: 'test',
				image: 'registry.k8s.io/e2e-test-images/agnhost',
				...container,
			})),
			...spec,
		},
	};
}

/** A manifest file in its own directory, readable for every user. */
export class ManifestFile {
	readonly path = join(temporaryDirectory('manifest'), 'pod.yaml');
	/** Every object that it has ever contained. */
	readonly history: Manifest[] = [];
	readonly #objects = new Map<string, Manifest>();

	constructor(...objects: readonly Manifest[]) {
		this.put(...objects);
	}

	get objects(): readonly Manifest[] {
		return [...this.#objects.values()];
	}

	/** Adds objects, each in the place of one of the same kind and name. */
	put(...objects: readonly Manifest[]): void {
		for (const object of objects) this.#objects.set(idOf(object), object);
		this.history.push(...objects);
		this.#write();
	}

	remove(...objects: readonly Manifest[]): void {
		for (const object of objects) this.#objects.delete(idOf(object));
		this.#write();
	}

	/** JSON text, which is YAML too. */
	#write(): void {
		writeAtomically(this.path, this.objects.map((object) => `${JSON.stringify(object, undefined, 2)}\n`).join('---\n'));
	}
}

function idOf({ kind, metadata }: Manifest): string {
	return `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
}
