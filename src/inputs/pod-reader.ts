/**
 * Finds the workload of `run` and `env` among the objects of the sources, or reads it from the cluster, decodes its pod
 * and selects the container. A workload that becomes invalid keeps its last valid version.
 */

import { ConfigMapFsError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import type { ManifestObject } from '../model/manifest-object.js';
import { decodePod } from '../pod/decode/pod.js';
import type { Container, Pod } from '../pod/pod-spec.js';
import {
	defaultedContainerText,
	isWorkload,
	namesWorkloadKind,
	selectContainer,
	selectWorkload,
} from '../pod/workload.js';
import { type FlagPodRequest, flagPod } from './flag-pod.js';
import type { PodCatalog } from './pod-catalog.js';

export interface PodReaderOptions {
	readonly catalog: PodCatalog;
	/** `KIND/NAME`, or a name alone; undefined for the only workload. */
	readonly wanted: string | undefined;
	/** The pod of the flags, which is used instead of a workload; undefined without them. */
	readonly flagPod?: FlagPodRequest | undefined;
	/** `-c`. */
	readonly container: string | undefined;
	/** `-n`: workloads of other namespaces are ignored. */
	readonly namespace: string | undefined;
	/** Namespace of objects that name none. */
	readonly defaultNamespace: string;
	readonly strictEnvNames: boolean;
	/** Reads a workload from the cluster; undefined if there is no cluster. */
	readonly readFromCluster: ((wanted: string) => Promise<ManifestObject>) | undefined;
	readonly log: Logger;
	/** Added to the error if `wanted` does not name a workload: how to run a command of that name instead. */
	readonly commandHint?: string;
}

export interface SelectedPod {
	readonly pod: Pod;
	readonly container: Container;
}

/** A workload; one of a file has a location for each field. */
type Located = ManifestObject & { locate?(path: readonly (string | number)[]): string };

export class PodReader {
	readonly #options: PodReaderOptions;
	readonly #flagPod: ManifestObject | undefined;
	#fromCluster: ManifestObject | undefined;
	#lastValid: SelectedPod | undefined;
	/** The object that was decoded last: most changes concern other objects, and leave it the same value. */
	#decoded: { readonly object: Located; readonly selected: SelectedPod } | undefined;
	#loggedError: string | undefined;
	#loggedDefault: string | undefined;

	constructor(options: PodReaderOptions) {
		this.#options = options;
		this.#flagPod = options.flagPod === undefined ? undefined : flagPod(options.flagPod);
	}

	/**
	 * Reads the workload, from the cluster too if it is there. To be called before each start of the application.
	 * Errors: USAGE, INPUT_MISSING and INPUT_INVALID at the first call, and those of the cluster.
	 */
	async read(): Promise<SelectedPod> {
		await this.#readCluster();
		if (this.#lastValid !== undefined) return this.current();
		this.#lastValid = this.#decode();
		return this.#lastValid;
	}

	/**
	 * The pod as the sources have it now. Requires: `read` has returned. Errors: none; a new error is logged once, and the
	 * last valid version stays in use.
	 */
	current(): SelectedPod {
		const last = this.#lastValid;
		if (last === undefined) return this.#decode();
		try {
			this.#lastValid = this.#decode();
			this.#loggedError = undefined;
		} catch (error) {
			if (!(error instanceof ConfigMapFsError)) throw error;
			if (this.#loggedError !== error.message) {
				this.#options.log.error(`${error.message.replaceAll('\n', '; ')}; the last valid version stays in use`);
			}
			this.#loggedError = error.message;
		}
		return this.#lastValid ?? last;
	}

	/** Reads the workload from the cluster, unless a local source has it. */
	async #readCluster(): Promise<void> {
		const { catalog, wanted, namespace, readFromCluster } = this.#options;
		if (readFromCluster === undefined || this.#flagPod !== undefined) return;
		const local = catalog.workloads;
		const isLocal = wanted === undefined ? local.length > 0 : hasMatch(catalog.candidates, wanted, namespace);
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
			if (error instanceof ConfigMapFsError && error.code === 'USAGE') throw this.#withCommandHint(error);
			// A restart of the application can use the version that was read before.
			if (this.#fromCluster === undefined) throw error;
			this.#options.log.warn({ err: error }, 'cannot read the workload again; its last version stays in use');
		}
	}

	#decode(): SelectedPod {
		const { container, defaultNamespace, strictEnvNames } = this.#options;
		const object: Located = this.#flagPod ?? this.#fromCluster ?? this.#select();
		if (this.#decoded?.object === object) return this.#decoded.selected;
		const { pod, violations } = decodePod(object, { defaultNamespace, strictEnvNames });
		if (pod === undefined) {
			const lines = violations.map(({ path, text }) => `${object.locate?.(path) ?? object.location}: ${text}`);
			throw new ConfigMapFsError('INPUT_INVALID', lines.join('\n'));
		}
		const selected = { pod, container: selectContainer(pod, container) };
		if (container === undefined) this.#logDefault(selected);
		this.#decoded = { object, selected };
		return selected;
	}

	#select(): Located {
		const { catalog, wanted, namespace } = this.#options;
		try {
			return selectWorkload(catalog.candidates, wanted, namespace);
		} catch (error) {
			throw error instanceof ConfigMapFsError ? this.#withCommandHint(error) : error;
		}
	}

	#withCommandHint(error: ConfigMapFsError): ConfigMapFsError {
		const { wanted, commandHint } = this.#options;
		if (commandHint === undefined || wanted === undefined || namesWorkloadKind(wanted)) return error;
		const { code, message } = error;
		const isQuestion = message.endsWith('?');
		const hint = isQuestion ? ` ${commandHint[0]?.toUpperCase()}${commandHint.slice(1)}` : `; ${commandHint}`;
		return new ConfigMapFsError(code, message + hint, { cause: error });
	}

	/** Logs which container was chosen, once for each choice. */
	#logDefault({ pod, container }: SelectedPod): void {
		const text = defaultedContainerText(pod, container);
		if (text !== undefined && text !== this.#loggedDefault) this.#options.log.warn(text);
		this.#loggedDefault = text;
	}
}

function hasMatch(objects: readonly ManifestObject[], wanted: string, namespace: string | undefined): boolean {
	if (!objects.some(isWorkload)) return false;
	try {
		selectWorkload(objects, wanted, namespace);
		return true;
	} catch (error) {
		// Several matches are an error that the user must see.
		return !(error instanceof ConfigMapFsError && error.code === 'INPUT_MISSING');
	}
}
