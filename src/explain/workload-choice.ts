/** The workloads that `lint` checks, and the ConfigMaps of a cluster that they need. */

import { ConfigMapFsError } from '../base/errors.js';
import type { PodCatalog } from '../inputs/pod-catalog.js';
import type { PodCluster } from '../inputs/pod-cluster.js';
import { configMapNames } from '../inputs/pod-references.js';
import type { ManifestObject } from '../model/manifest-object.js';
import { decodePod } from '../pod/decode/pod.js';
import { selectWorkload } from '../pod/workload.js';
import { workloadKind } from '../pod/workload-kinds.js';
import type { WantedConfigMaps } from './snapshot.js';

export interface WorkloadChoice {
	/** `KIND/NAME`; undefined for all. */
	readonly workload: string | undefined;
	readonly namespace: string | undefined;
	readonly cluster: PodCluster | undefined;
}

export interface ChosenWorkloads {
	readonly workloads: readonly ManifestObject[];
	/** Why there are none; undefined if there are. */
	readonly failure: ConfigMapFsError | undefined;
}

/** The workloads of the local sources, or one workload of the cluster. Errors: USAGE, and those of the cluster. */
export async function chooseWorkloads(
	{ workloads: local, candidates }: Pick<PodCatalog, 'workloads' | 'candidates'>,
	{ workload: wanted, namespace, cluster }: WorkloadChoice,
): Promise<ChosenWorkloads> {
	const inNamespace = local.filter(
		(object) =>
			workloadKind(object) !== undefined &&
			(namespace === undefined || object.namespace === undefined || object.namespace === namespace),
	);
	if (wanted === undefined && inNamespace.length > 0) return { workloads: inNamespace, failure: undefined };
	if (wanted === undefined && cluster !== undefined) {
		const text = 'no workload given; name one in the cluster, such as deploy/web';
		throw new ConfigMapFsError('USAGE', text);
	}
	try {
		return { workloads: [selectWorkload(candidates, wanted, namespace)], failure: undefined };
	} catch (error) {
		if (!(error instanceof ConfigMapFsError) || error.code !== 'INPUT_MISSING') throw error;
		if (cluster === undefined || wanted === undefined) return { workloads: [], failure: error };
		return { workloads: [await cluster.readWorkload(wanted)], failure: undefined };
	}
}

export function wantedConfigMaps(object: ManifestObject, defaultNamespace: string): readonly WantedConfigMaps[] {
	const { pod } = decodePod(object, { defaultNamespace });
	if (pod === undefined) return [];
	const { initContainers, containers } = pod.spec;
	const names = [...initContainers, ...containers].flatMap((container) => configMapNames(pod, container));
	return [{ namespace: pod.metadata.namespace, names }];
}
