/**
 * The sources of a run: the local ones in the order of the command line, and the cluster below them. They fill one
 * catalog.
 */

import { PodCatalog } from '../inputs/pod-catalog.js';
import type { SelectedPod } from '../inputs/pod-reader.js';
import type { PodSources } from '../inputs/pod-sources.js';
import { LayeredStore, type StoreProblem } from '../store/layered-store.js';
import { ClusterFollower } from './cluster-follower.js';
import type { OnceLogger } from './once-logger.js';

export interface ObjectSourcesOptions extends Pick<PodSources, 'sources' | 'cluster'> {
	/** `--local-volume`: volumes that need no objects. */
	readonly localVolumes: ReadonlyMap<string, string>;
	readonly warnings: OnceLogger;
	/** An object that the pod could use has changed, or a workload. */
	readonly onChange: () => void;
	/** All present problems, whenever the list changes. */
	readonly onProblems: (problems: readonly StoreProblem[]) => void;
}

export class ObjectSources {
	readonly catalog: PodCatalog;
	readonly #options: ObjectSourcesOptions;
	readonly #store: LayeredStore;
	readonly #cluster: ClusterFollower | undefined;
	#isStarted = false;

	constructor(options: ObjectSourcesOptions) {
		const { sources, cluster, onChange, onProblems } = options;
		this.#options = options;
		const layers = [...(cluster === undefined ? [] : [cluster]), ...sources].map(({ description }) => description);
		const listener = { changed: onChange, problems: onProblems };
		this.#store = new LayeredStore({ layers, needs: { explains: false }, listener });
		this.catalog = new PodCatalog(this.#store, cluster !== undefined);
		const [sink] = this.#store.sinks;
		if (cluster !== undefined && sink !== undefined) this.#cluster = new ClusterFollower({ ...options, cluster, sink });
	}

	/**
	 * Starts the local sources and waits for the first state of each. Later calls do nothing. Errors: those of a source.
	 */
	async start(): Promise<void> {
		if (this.#isStarted) return;
		this.#isStarted = true;
		const first = this.#options.cluster === undefined ? 0 : 1;
		this.#store.hold();
		await Promise.all(
			this.#options.sources.map(async (source, index) => {
				const sink = this.#store.sinks[first + index];
				if (sink !== undefined) await source.start(sink);
			}),
		);
		this.#store.release();
	}

	/** Reads what this container refers to from the cluster, if there is one. Errors: those of the cluster. */
	async follow(selected: SelectedPod): Promise<void> {
		await this.#cluster?.follow(selected, this.catalog.objects(selected.pod.metadata.namespace));
	}

	/** Idempotent. */
	async close(): Promise<void> {
		await Promise.all([...this.#options.sources, this.#cluster].map((source) => source?.close()));
	}
}
