/**
 * The pod and the container that `run` is about: found among what the sources have, or asked of the cluster, decoded,
 * and read again when a source changed. A workload that is bad for a while keeps its last good version.
 */

import { ConfigMapFsError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import type { ManifestObject } from '../model/manifest-object.js';
import { decodePod } from '../pod/decode/pod.js';
import type { Container, Pod } from '../pod/pod-spec.js';
import { isWorkload, selectContainer, selectWorkload } from '../pod/workload.js';
import type { PodCatalog } from './pod-catalog.js';

export interface PodReaderOptions {
	readonly catalog: PodCatalog;
	/** `KIND/NAME`, or a name alone; undefined: there is one. */
	readonly wanted: string | undefined;
	/** `-c`. */
	readonly container: string | undefined;
	/** `-n`: workloads of other namespaces are left out. */
	readonly namespace: string | undefined;
	/** Namespace of objects that name none. */
	readonly defaultNamespace: string;
	readonly strictEnvNames: boolean;
	/** Asks the cluster for a workload; undefined: there is no cluster. */
	readonly readFromCluster: ((wanted: string) => Promise<ManifestObject>) | undefined;
	readonly log: Logger;
}

export interface SelectedPod {
	readonly pod: Pod;
	readonly container: Container;
}

/** A workload whose fields have places in a file. */
type Located = ManifestObject & { locate?(path: readonly (string | number)[]): string };

export class PodReader {
	readonly #options: PodReaderOptions;
	#fromCluster: ManifestObject | undefined;
	#last: SelectedPod | undefined;
	/** Most changes are of other objects; this one is decoded again when it is another value. */
	#decoded: { readonly object: Located; readonly selected: SelectedPod } | undefined;
	#complaint: string | undefined;

	constructor(options: PodReaderOptions) {
		this.#options = options;
	}

	/**
	 * The first time, and again where the cluster may have something newer.
	 * Errors: USAGE, INPUT_MISSING, INPUT_INVALID, and those of the cluster.
	 */
	async read(): Promise<SelectedPod> {
		await this.#askCluster();
		if (this.#last !== undefined) return this.current();
		this.#last = this.#decode();
		return this.#last;
	}

	/** As the sources are now. Errors: none; what is wrong is said once, and the last good one stays. Requires: read. */
	current(): SelectedPod {
		const last = this.#last;
		if (last === undefined) return this.#decode();
		try {
			this.#last = this.#decode();
			this.#complaint = undefined;
		} catch (error) {
			if (!(error instanceof ConfigMapFsError)) throw error;
			if (this.#complaint !== error.message) {
				this.#options.log.error(`${error.message.replaceAll('\n', '; ')}; the last good one stays`);
			}
			this.#complaint = error.message;
		}
		return this.#last ?? last;
	}

	/** What is at hand wins over what the cluster has, and keeps it from being asked. */
	async #askCluster(): Promise<void> {
		const { catalog, wanted, namespace, readFromCluster } = this.#options;
		if (readFromCluster === undefined) return;
		const local = catalog.workloads;
		const isLocal = wanted === undefined ? local.length > 0 : hasMatch(local, wanted, namespace);
		if (isLocal) {
			this.#fromCluster = undefined;
			return;
		}
		if (wanted === undefined) {
			throw new ConfigMapFsError('USAGE', 'no workload given; name one in the cluster, such as deploy/web');
		}
		try {
			this.#fromCluster = await readFromCluster(wanted);
		} catch (error) {
			// What was read before is good enough for a restart.
			if (this.#fromCluster === undefined) throw error;
			this.#options.log.warn({ err: error }, 'the workload cannot be read again, it is as it was');
		}
	}

	#decode(): SelectedPod {
		const { catalog, wanted, namespace, container, defaultNamespace, strictEnvNames } = this.#options;
		const object: Located = this.#fromCluster ?? selectWorkload(catalog.candidates, wanted, namespace);
		if (this.#decoded?.object === object) return this.#decoded.selected;
		const { pod, violations } = decodePod(object, { defaultNamespace, strictEnvNames });
		if (pod === undefined) {
			const lines = violations.map(({ path, text }) => `${object.locate?.(path) ?? object.location}: ${text}`);
			throw new ConfigMapFsError('INPUT_INVALID', lines.join('\n'));
		}
		const selected = { pod, container: selectContainer(pod, container) };
		this.#decoded = { object, selected };
		return selected;
	}
}

function hasMatch(objects: readonly ManifestObject[], wanted: string, namespace: string | undefined): boolean {
	if (!objects.some(isWorkload)) return false;
	try {
		selectWorkload(objects, wanted, namespace);
		return true;
	} catch (error) {
		// Several that fit are somebody's mistake to see.
		return !(error instanceof ConfigMapFsError && error.code === 'INPUT_MISSING');
	}
}
