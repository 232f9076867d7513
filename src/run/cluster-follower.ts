/**
 * Follows the ConfigMaps of a container in the cluster. It requests only the names that the container refers to, so the
 * user needs permission for nothing else.
 */

import type { PodCluster } from '../inputs/pod-cluster.js';
import type { SelectedPod } from '../inputs/pod-reader.js';
import { configMapNames, secretNames } from '../inputs/pod-references.js';
import type { PodObjects } from '../pod/pod-objects.js';
import type { Source, SourceSink } from '../store/source.js';
import type { OnceLogger } from './once-logger.js';

export interface ClusterFollowerOptions {
	readonly cluster: Pick<PodCluster, 'follow'>;
	readonly sink: SourceSink;
	/** Volumes that come from a directory of this machine, by name; their objects are not needed. */
	readonly localVolumes: ReadonlyMap<string, string>;
	readonly warnings: OnceLogger;
}

export class ClusterFollower {
	readonly #options: ClusterFollowerOptions;
	#source: Source | undefined;
	/** Names that `#source` follows. */
	#followed = '';

	constructor(options: ClusterFollowerOptions) {
		this.#options = options;
	}

	/**
	 * Follows what this container refers to; resolves once the first state is in the sink. `objects` are those of the
	 * other sources. Errors: those of the cluster.
	 */
	async follow({ pod, container }: SelectedPod, objects: PodObjects): Promise<void> {
		const { cluster, sink, localVolumes } = this.#options;
		const volumes = pod.spec.volumes.filter(({ name }) => !localVolumes.has(name));
		const needed = { ...pod, spec: { ...pod.spec, volumes } };
		this.#warnOfSecrets(secretNames(needed, container).filter((name) => objects.secret(name) === undefined));
		const names = configMapNames(needed, container);
		if (names.length === 0 || this.#followed === names.join()) return;
		const previous = this.#source;
		this.#source = cluster.follow(names, pod.metadata.namespace);
		this.#followed = names.join();
		await previous?.close();
		await this.#source.start(sink);
	}

	#warnOfSecrets(names: readonly string[]): void {
		const text = 'Secrets are not read from a cluster; pass a manifest of it with -f';
		this.#options.warnings.warn(names.map((name) => ({ field: `secret "${name}"`, text })));
	}

	/** Idempotent. */
	async close(): Promise<void> {
		await this.#source?.close();
	}
}
