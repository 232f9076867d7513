/** The cluster of a mount as a source. Code that talks to a cluster is loaded only here. */

import type { Logger } from '../base/log.js';
import type { EventListener } from '../control/events.js';
import type { SyncRange } from '../model/sync-pace.js';
import type { Source } from '../store/source.js';
import type { ClusterRequest } from './requests.js';

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

/** The same sources, with their changes delayed as kubelet delays them. */
export async function delayLikeKubelet(sources: readonly Source[], range: SyncRange): Promise<readonly Source[]> {
	const { KubeletDelay } = await import('../sources/cluster/kubelet-delay.js');
	return sources.map((source) => new KubeletDelay(source, range));
}
