/** The cluster below the sources of a pod: its workload, and the ConfigMaps that the workload refers to. */

import { ConfigMapFsError } from '../base/errors.js';
import type { EventListener } from '../control/events.js';
import type { ManifestObject } from '../model/manifest-object.js';
import { workloadKindOfName } from '../pod/workload-kinds.js';
import type { Source } from '../store/source.js';
import type { InputEnvironment } from './input-environment.js';
import type { ClusterRequest } from './requests.js';

export interface PodCluster {
	/** For messages: the flag that names the cluster. */
	readonly description: string;
	/** Namespace of the pod. */
	readonly namespace: string;
	/** `wanted` is KIND/NAME. Errors: USAGE, INPUT_MISSING, and those of the cluster. */
	readWorkload(wanted: string): Promise<ManifestObject>;
	/** A source of these ConfigMaps of a namespace. */
	follow(names: readonly string[], namespace: string): Source;
}

export interface PodClusterOptions extends Pick<InputEnvironment, 'env' | 'log'> {
	/** Undefined for the namespace of the kubeconfig's context. */
	readonly namespace: string | undefined;
	readonly onEvent: EventListener;
}

/**
 * Reads the kubeconfig, not the cluster. Code that talks to a cluster is loaded only here.
 * Errors: CONFIG_INVALID if the kubeconfig, context, cluster or user does not exist.
 */
export async function openPodCluster(request: ClusterRequest, options: PodClusterOptions): Promise<PodCluster> {
	const [{ loadKubeconfig }, { ClusterSource }, { readWorkload }] = await Promise.all([
		import('../sources/cluster/kubeconfig.js'),
		import('../sources/cluster/cluster-source.js'),
		import('../sources/cluster/workload-reader.js'),
	]);
	const { kubeconfig: file, context, cluster, user, namespaces: _, names: _names, ...rest } = request;
	const { env, log, onEvent } = options;
	const kubeconfig = loadKubeconfig({ kubeconfig: file, context, cluster, user, environment: env });
	const namespace = options.namespace ?? kubeconfig.namespace;
	return {
		namespace,
		description: context === undefined ? 'cluster' : `--context ${context}`,
		readWorkload: async (wanted) => await readWorkload(kubeconfig, { ...kindAndName(wanted), namespace }, log),
		follow: (names, of) => new ClusterSource({ ...rest, kubeconfig, names, namespaces: [of], log, onEvent }),
	};
}

function kindAndName(wanted: string): { readonly kind: string; readonly name: string } {
	const [word = '', name, ...more] = wanted.split('/');
	const kind = workloadKindOfName(word.split('.')[0] ?? '');
	if (kind === undefined || name === undefined || name === '' || more.length > 0) {
		throw new ConfigMapFsError('USAGE', `invalid workload "${wanted}"; write KIND/NAME, such as deploy/web`);
	}
	return { kind: kind.kind, name };
}
