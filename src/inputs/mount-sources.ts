/** The sources of a mount. Code that talks to a cluster is loaded only if there is one. */

import type { Logger } from '../base/log.js';
import type { EventListener } from '../control/events.js';
import type { SyncRange } from '../model/sync-pace.js';
import type { Source } from '../store/source.js';
import { type LocalSourceOptions, makeLocalSource } from './local-sources.js';
import type { ClusterRequest, SourceRequest } from './requests.js';

export interface OpenedCluster {
	readonly source: Source;
	/** Namespace of local objects that name none. */
	readonly namespace: string;
}

/** Errors: CONFIG_INVALID if the kubeconfig, context, cluster or user does not exist. */
export async function openCluster(
	request: ClusterRequest,
	options: { readonly env: NodeJS.ProcessEnv; readonly log: Logger; readonly onEvent: EventListener },
): Promise<OpenedCluster> {
	const [{ loadKubeconfig }, { ClusterSource }] = await Promise.all([
		import('../sources/cluster/kubeconfig.js'),
		import('../sources/cluster/cluster-source.js'),
	]);
	const { kubeconfig: file, context, cluster, user, namespaces, ...rest } = request;
	const kubeconfig = loadKubeconfig({ kubeconfig: file, context, cluster, user, environment: options.env });
	const source = new ClusterSource({
		...rest,
		kubeconfig,
		...(namespaces === undefined ? {} : { namespaces }),
		log: options.log,
		onEvent: options.onEvent,
	});
	const [first] = namespaces === 'all' || namespaces === undefined ? [] : namespaces;
	return { source, namespace: first ?? kubeconfig.namespace };
}

export interface MountSourcesOptions extends LocalSourceOptions {
	readonly cluster: OpenedCluster | undefined;
	/** Delays all changes as kubelet does; undefined to pass them on at once. */
	readonly kubeletDelay: SyncRange | undefined;
}

/** All sources, the lowest layer first: local objects win over those of the cluster, and are never written to it. */
export async function makeMountSources(
	requests: readonly SourceRequest[],
	options: MountSourcesOptions,
): Promise<readonly Source[]> {
	const { cluster, kubeletDelay, ...rest } = options;
	const local = requests.map((request) => makeLocalSource(request, rest));
	const sources = cluster === undefined ? local : [cluster.source, ...local];
	return kubeletDelay === undefined ? sources : await delayLikeKubelet(sources, kubeletDelay);
}

async function delayLikeKubelet(sources: readonly Source[], range: SyncRange): Promise<readonly Source[]> {
	const { KubeletDelay } = await import('../sources/kubelet-delay.js');
	return sources.map((source) => new KubeletDelay(source, range));
}
