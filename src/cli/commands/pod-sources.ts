/**
 * The sources of a pod, as `run`, `env` and `lint` read them: local ones by their flags, and a cluster below them.
 */

import type { Logger } from '../../base/log.js';
import type { PodSources } from '../../inputs/pod-sources.js';
import type { PodRequest } from '../../inputs/requests.js';
import type { CliContext } from '../context.js';
import { makeLocalSource } from './local-sources.js';
import { openRunCluster } from './run-cluster.js';

/**
 * Errors: CONFIG_INVALID when a cluster is asked for and no kubeconfig, context, cluster or user is found.
 */
export async function podSources(flags: PodRequest, context: CliContext, log: Logger): Promise<PodSources> {
	const { env } = context;
	const cluster =
		flags.cluster === undefined
			? undefined
			: await openRunCluster(flags.cluster, { env, log, namespace: flags.namespace });
	const namespace = flags.namespace ?? cluster?.namespace ?? 'default';
	const options = { recursive: flags.recursive, namespace, context, log };
	return {
		sources: flags.sources.map((flag) => makeLocalSource(flag, options)),
		cluster,
		defaultNamespace: namespace,
		readsStdin: flags.sources.some((source) => source.kind === 'filename' && readsStandardInput(source.path)),
	};
}

function readsStandardInput(path: string): boolean {
	return path === '-' || path === '/dev/stdin' || path === '/dev/fd/0';
}
