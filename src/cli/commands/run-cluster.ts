/** The cluster below the sources of a pod: its workload, and the ConfigMaps that the workload refers to. */

import { ConfigMapFsError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { RunCluster } from '../../inputs/pod-sources.js';
import type { ClusterRequest } from '../../inputs/requests.js';
import { workloadKindOfName } from '../../pod/workload-kinds.js';
import { eventLog } from '../print/event-log.js';

/** What speaks with a cluster is loaded only when there is one. Errors: CONFIG_INVALID. */
export async function openRunCluster(
	flags: ClusterRequest,
	options: { readonly env: NodeJS.ProcessEnv; readonly log: Logger; readonly namespace: string | undefined },
): Promise<RunCluster & { readonly namespace: string }> {
	const [{ loadKubeconfig }, { ClusterSource }, { readWorkload }] = await Promise.all([
		import('../../sources/cluster/kubeconfig.js'),
		import('../../sources/cluster/cluster-source.js'),
		import('../../sources/cluster/workload-reader.js'),
	]);
	const { kubeconfig: file, context, cluster, user, namespaces: _, names: _names, ...rest } = flags;
	const kubeconfig = loadKubeconfig({ kubeconfig: file, context, cluster, user, environment: options.env });
	const namespace = options.namespace ?? kubeconfig.namespace;
	const onEvent = eventLog(options.log);
	return {
		namespace,
		description: context === undefined ? 'cluster' : `--context ${context}`,
		readWorkload: async (wanted) => await readWorkload(kubeconfig, { ...kindAndName(wanted), namespace }, options.log),
		follow: (names, of) => {
			return new ClusterSource({ ...rest, kubeconfig, names, namespaces: [of], log: options.log, onEvent });
		},
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
