/**
 * Everything that the sources of a pod have, read once: nothing is watched afterwards. For what looks at a pod and does
 * not run it.
 */

import { ConfigMapFsError } from '../base/errors.js';
import { PodCatalog } from '../inputs/pod-catalog.js';
import type { PodSources } from '../inputs/pod-sources.js';
import type { ConfigMap } from '../model/config-map.js';
import { InvalidSourceError } from '../sources/invalid-source-error.js';
import type { OtherObject } from '../sources/manifests/manifest-parser.js';
import type { StoreProblem } from '../store/layered-store.js';
import type { Problem, SourceSink } from '../store/source.js';

export interface SnapshotOptions extends Pick<PodSources, 'sources' | 'cluster' | 'defaultNamespace'> {
	/** What is wrong with a source as a whole is a problem like any other. Default: it is an error. */
	readonly keepGoing?: boolean;
}

/** ConfigMaps of one namespace. */
export interface WantedConfigMaps {
	readonly namespace: string;
	readonly names: readonly string[];
}

export class Snapshot {
	readonly #options: SnapshotOptions;
	readonly catalog: PodCatalog;
	/** By layer. */
	readonly #others: (readonly OtherObject[])[];
	#problems: readonly StoreProblem[] = [];
	/** By layer, of sources that have no state at all. */
	readonly #failures: (readonly StoreProblem[])[];

	private constructor(options: SnapshotOptions) {
		const { sources, cluster, defaultNamespace } = options;
		this.#options = options;
		// The cluster is the lowest layer, whether it is asked for something or not.
		const layers = [cluster?.description ?? 'cluster', ...sources.map(({ description }) => description)];
		this.#others = layers.map(() => []);
		this.#failures = layers.map(() => []);
		this.catalog = new PodCatalog({
			layers,
			defaultNamespace,
			onChange: () => {},
			onProblems: (problems) => {
				this.#problems = problems;
			},
		});
	}

	/** Reads the local sources. Errors: theirs; with `keepGoing` none of code INPUT_INVALID. */
	static async read(options: SnapshotOptions): Promise<Snapshot> {
		const snapshot = new Snapshot(options);
		const { catalog } = snapshot;
		catalog.hold();
		await Promise.all(options.sources.map((_, index) => snapshot.#readSource(index)));
		catalog.release();
		return snapshot;
	}

	/** Objects of other kinds, and ConfigMaps where the sources list them, in the order of the sources. */
	get others(): readonly OtherObject[] {
		return this.#others.flat();
	}

	get problems(): readonly StoreProblem[] {
		return [...this.#failures.flat(), ...this.#problems];
	}

	/** Reads these from the cluster, if there is one; to be called once. Errors: those of the cluster. */
	async readFromCluster(wanted: readonly WantedConfigMaps[]): Promise<void> {
		const { cluster } = this.#options;
		const [sink] = this.catalog.sinks;
		if (cluster === undefined || sink === undefined) return;
		const found: ConfigMap[] = [];
		const problems: Problem[] = [];
		const collector: SourceSink = {
			replace: (objects) => void found.push(...objects),
			put: (object) => void found.push(object),
			remove: () => {},
			problems: (all) => void problems.push(...all),
		};
		const asked = wanted.filter(({ names }) => names.length > 0);
		for (const { names, namespace } of asked) {
			const source = cluster.follow([...new Set(names)].sort(), namespace);
			try {
				await source.start(collector);
			} finally {
				await source.close();
			}
		}
		sink.replace(found);
		sink.problems(problems);
	}

	async #readSource(index: number): Promise<void> {
		const { sources, keepGoing = false } = this.#options;
		const layer = index + 1;
		const { make, description } = sources[index] ?? {};
		const sink = this.catalog.sinks[layer];
		if (make === undefined || description === undefined || sink === undefined) return;
		const source = make((others) => {
			this.#others[layer] = others;
			this.catalog.setOthers(layer, others);
		});
		try {
			await source.start(sink);
		} catch (error) {
			if (!keepGoing || !(error instanceof ConfigMapFsError) || error.code !== 'INPUT_INVALID') throw error;
			const problems =
				error instanceof InvalidSourceError ? error.problems : [{ place: description, reason: error.message }];
			this.#failures[layer] = problems.map((problem) => ({ ...problem, source: description }));
		} finally {
			await source.close();
		}
	}
}
