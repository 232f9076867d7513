/** The sources of a pod, as `run`, `env` and `lint` read them: local sources, and a cluster below them. */

import type { EventListener } from '../control/events.js';
import type { Source } from '../store/source.js';
import type { InputEnvironment } from './input-environment.js';
import { type LocalSourceOptions, makeLocalSource } from './local-sources.js';
import { openPodCluster, type PodCluster } from './pod-cluster.js';
import type { PodRequest, SourceRequest } from './requests.js';

export interface PodSources {
	/** Lowest layer first. */
	readonly sources: readonly Source[];
	/** The layer below the sources. */
	readonly cluster: PodCluster | undefined;
	/** Namespace of objects that name none. */
	readonly defaultNamespace: string;
	/** Whether a source reads standard input, so that the application cannot. */
	readonly readsStdin: boolean;
}

/** Reads nothing but the kubeconfig. Errors: CONFIG_INVALID if the kubeconfig, context, cluster or user does not exist. */
export async function openPodSources(
	request: Pick<PodRequest, 'sources' | 'recursive' | 'fieldValidation' | 'cluster' | 'namespace'>,
	environment: InputEnvironment & Pick<LocalSourceOptions, 'exclude'> & { readonly onEvent: EventListener },
): Promise<PodSources> {
	const cluster =
		request.cluster === undefined
			? undefined
			: await openPodCluster(request.cluster, { ...environment, namespace: request.namespace });
	const namespace = request.namespace ?? cluster?.namespace ?? 'default';
	const options = { ...environment, recursive: request.recursive, fieldValidation: request.fieldValidation, namespace };
	return {
		sources: request.sources.map((source) => makeLocalSource(source, options)),
		cluster,
		defaultNamespace: namespace,
		readsStdin: request.sources.some(readsStandardInput),
	};
}

const STANDARD_INPUT: readonly string[] = ['-', '/dev/stdin', '/dev/fd/0'];

function readsStandardInput(source: SourceRequest): boolean {
	return source.kind === 'filename' && STANDARD_INPUT.includes(source.path);
}
