/** The sources of a pod, as `run`, `env` and `lint` read them: local ones, and a cluster below them. Types only. */

import type { ManifestObject } from '../model/manifest-object.js';
import type { Source } from '../store/source.js';

/** A cluster below the other sources. */
export interface RunCluster {
	readonly description: string;
	/** `wanted` is KIND/NAME. Errors: INPUT_MISSING, and those of the cluster. */
	readWorkload(wanted: string): Promise<ManifestObject>;
	/** These ConfigMaps of a namespace, and their changes. */
	follow(names: readonly string[], namespace: string): Source;
}

export interface PodSources {
	/** In command-line order; a later one wins. */
	readonly sources: readonly Source[];
	readonly cluster: RunCluster | undefined;
	/** Namespace of objects that name none. */
	readonly defaultNamespace: string;
	/** Whether standard input is one of the sources, so that no other reader can have it. */
	readonly readsStdin: boolean;
}
