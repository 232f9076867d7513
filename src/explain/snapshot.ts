/**
 * Reads the sources of a pod once, and closes them. For commands that explain a pod without running it.
 */

import { ConfigMapFsError } from '../base/errors.js';
import { PodCatalog } from '../inputs/pod-catalog.js';
import type { PodSources } from '../inputs/pod-sources.js';
import { InvalidSourceError } from '../store/invalid-source-error.js';
import { LayeredStore, type StoreProblem } from '../store/layered-store.js';
import type { Problem, Source, SourceObject, SourceSink } from '../store/source.js';

export interface SnapshotOptions extends Pick<PodSources, 'sources' | 'cluster'> {
	/** Whether an invalid source is a problem, and not an error. Default is false. */
	readonly keepGoing?: boolean;
}

/** ConfigMaps of one namespace. */
export interface WantedConfigMaps {
	readonly namespace: string;
	readonly names: readonly string[];
}

export class Snapshot {
	readonly #options: SnapshotOptions;
	readonly #store: LayeredStore;
	readonly catalog: PodCatalog;
	/** By layer: the problems of sources that could not start. */
	readonly #failures: (readonly StoreProblem[])[];

	private constructor(options: SnapshotOptions) {
		const { sources, cluster } = options;
		this.#options = options;
		// The cluster is the lowest layer, even if nothing is read from it.
		const layers = [cluster?.description ?? 'cluster', ...sources.map(({ description }) => description)];
		this.#failures = layers.map(() => []);
		const listener = { changed: () => {}, problems: () => {} };
		this.#store = new LayeredStore({ layers, needs: { explains: true }, listener });
		this.catalog = new PodCatalog(this.#store, cluster !== undefined);
	}

	/** Reads the local sources. Errors: those of the sources; with `keepGoing`, not INPUT_INVALID. */
	static async read(options: SnapshotOptions): Promise<Snapshot> {
		const snapshot = new Snapshot(options);
		snapshot.#store.hold();
		await Promise.all(options.sources.map((source, index) => snapshot.#readSource(source, index + 1)));
		snapshot.#store.release();
		return snapshot;
	}

	/** Every version of every object, invalid versions too, in the order of the layers. */
	get versions(): readonly SourceObject[] {
		return this.#store.versions;
	}

	get problems(): readonly StoreProblem[] {
		return [...this.#failures.flat(), ...this.#store.problems];
	}

	/** Reads these ConfigMaps from the cluster, if there is one. To be called once. Errors: those of the cluster. */
	async readFromCluster(wanted: readonly WantedConfigMaps[]): Promise<void> {
		const { cluster } = this.#options;
		const [sink] = this.#store.sinks;
		if (cluster === undefined || sink === undefined) return;
		const found: SourceObject[] = [];
		const problems: Problem[] = [];
		const collector: SourceSink = {
			needs: sink.needs,
			replace: (objects) => void found.push(...objects),
			put: (object) => void found.push(object),
			remove: () => {},
			problems: (all) => void problems.push(...all),
		};
		const nonEmpty = wanted.filter(({ names }) => names.length > 0);
		for (const { names, namespace } of nonEmpty) {
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

	async #readSource(source: Source, layer: number): Promise<void> {
		const { keepGoing = false } = this.#options;
		const { description } = source;
		const sink = this.#store.sinks[layer];
		if (sink === undefined) return;
		try {
			await source.start(sink);
		} catch (error) {
			if (!keepGoing || !(error instanceof ConfigMapFsError) || error.code !== 'INPUT_INVALID') throw error;
			const problems =
				error instanceof InvalidSourceError ? error.problems : [{ location: description, reason: error.message }];
			this.#failures[layer] = problems.map((problem) => ({ ...problem, source: description }));
		} finally {
			await source.close();
		}
	}
}
