/**
 * Everything that the sources of `run` have, as a pod asks for it: ConfigMaps and Secrets layered key by key, and the
 * workloads. What a later source says wins. A Secret that is bad for a while keeps its last good version.
 */

import type { ManifestObject } from '../model/manifest-object.js';
import { formatObjectKey, type ObjectKey } from '../model/object-key.js';
import type { Secret } from '../model/secret.js';
import { decodeSecret } from '../model/secret-decoder.js';
import type { PodObjects } from '../pod/pod-objects.js';
import { isWorkload } from '../pod/workload.js';
import type { OtherObject } from '../sources/manifests/manifest-parser.js';
import { LayeredStore, type StoreProblem } from '../store/layered-store.js';
import type { SourceSink } from '../store/source.js';

export interface PodCatalogOptions {
	/** Descriptions of the sources; the first is the lowest layer. */
	readonly layers: readonly string[];
	/** Namespace of objects that name none. */
	readonly defaultNamespace: string;
	/** Something changed: an object that a pod could use, or a workload. */
	readonly onChange: () => void;
	/** The complete list of present problems, when it changed. */
	readonly onProblems: (problems: readonly StoreProblem[]) => void;
}

export class PodCatalog {
	readonly #options: PodCatalogOptions;
	readonly #store: LayeredStore;
	/** Objects of other kinds, by layer. */
	readonly #others: (readonly OtherObject[])[];
	/** The last good version of each Secret of each layer, by key. */
	readonly #secrets: ReadonlyMap<string, Secret>[];
	#secretProblems: readonly StoreProblem[] = [];
	#storeProblems: readonly StoreProblem[] = [];
	#isHeld = false;

	constructor(options: PodCatalogOptions) {
		this.#options = options;
		this.#others = options.layers.map(() => []);
		this.#secrets = options.layers.map(() => new Map());
		this.#store = new LayeredStore({
			layers: options.layers,
			listener: {
				changed: () => this.#changed(),
				problems: (problems) => {
					this.#storeProblems = problems;
					this.#reportProblems();
				},
			},
		});
	}

	/** Where the sources report ConfigMaps to, in the order of the layers. */
	get sinks(): readonly SourceSink[] {
		return this.#store.sinks;
	}

	/** Objects of other kinds of one layer, all of them. */
	setOthers(layer: number, others: readonly OtherObject[]): void {
		this.#others[layer] = others;
		this.#decodeSecrets(layer);
		this.#reportProblems();
		this.#changed();
	}

	/** Collects changes until `release`. */
	hold(): void {
		this.#isHeld = true;
		this.#store.hold();
	}

	release(): void {
		this.#isHeld = false;
		this.#store.release();
		this.#reportProblems();
	}

	/** What a pod of `namespace` finds at this moment. */
	objects(namespace: string): PodObjects {
		return {
			configMap: (name) => this.#store.get({ namespace, name }),
			secret: (name) => this.#secret({ namespace, name }),
		};
	}

	/** Each workload once, in the order of the sources; the last of equal ones. */
	get workloads(): readonly ManifestObject[] {
		const found = new Map<string, ManifestObject>();
		for (const other of this.#others.flat()) {
			if (!isWorkload(other)) continue;
			const { kind, name, namespace = this.#options.defaultNamespace } = other;
			found.set(`${kind} ${formatObjectKey({ namespace, name })}`, other);
		}
		return [...found.values()];
	}

	/** The workloads and what is beside them, for who looks for one and says what was found instead. */
	get candidates(): readonly ManifestObject[] {
		return [...this.workloads, ...this.#others.flat().filter((other) => !isWorkload(other))];
	}

	#secret(key: ObjectKey): Secret | undefined {
		const text = formatObjectKey(key);
		const versions = this.#secrets.flatMap((layer) => layer.get(text) ?? []);
		const top = versions.at(-1);
		if (top === undefined || versions.length === 1) return top;
		return { ...top, data: new Map(versions.flatMap(({ data }) => [...data])) };
	}

	#decodeSecrets(layer: number): void {
		const { defaultNamespace, layers } = this.#options;
		const before = this.#secrets[layer];
		const secrets = new Map<string, Secret>();
		const source = layers[layer] ?? '';
		const problems = this.#secretProblems.filter((problem) => problem.source !== source);
		for (const other of this.#others[layer] ?? []) {
			if (other.kind !== 'Secret' || other.apiVersion !== 'v1') continue;
			const { object, key, violations } = decodeSecret(other.value, defaultNamespace);
			for (const { path, text } of violations) {
				problems.push({ source, place: other.locate(path), reason: text, ...(key === undefined ? {} : { key }) });
			}
			const good = object ?? (key === undefined ? undefined : before?.get(formatObjectKey(key)));
			if (good !== undefined) secrets.set(formatObjectKey(good.key), good);
		}
		this.#secrets[layer] = secrets;
		this.#secretProblems = problems;
	}

	#changed(): void {
		if (!this.#isHeld) this.#options.onChange();
	}

	#reportProblems(): void {
		if (!this.#isHeld) this.#options.onProblems([...this.#storeProblems, ...this.#secretProblems]);
	}
}
