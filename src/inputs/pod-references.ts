/**
 * Which objects a container needs, and whether two pods are alike for it. Pure.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Container, Pod, PodVolume } from '../pod/pod-spec.js';

/** The volumes that the container mounts, in the order of the pod. What no container mounts is not set up. */
export function mountedVolumes(pod: Pod, container: Container): readonly PodVolume[] {
	const names = new Set(container.volumeMounts.map(({ name }) => name));
	return pod.spec.volumes.filter(({ name }) => names.has(name));
}

/** Names of all ConfigMaps that the container refers to, sorted. */
export function configMapNames(pod: Pod, container: Container): readonly string[] {
	return objectNames('configMap', pod, container);
}

/** Names of all Secrets that the container refers to, sorted. */
export function secretNames(pod: Pod, container: Container): readonly string[] {
	return objectNames('secret', pod, container);
}

function objectNames(kind: 'configMap' | 'secret', pod: Pod, container: Container): readonly string[] {
	const names = new Set<string>();
	for (const from of container.envFrom) if (from.kind === `${kind}Ref`) names.add(from.name);
	for (const { valueFrom } of container.env) {
		if (valueFrom !== undefined && 'name' in valueFrom && valueFrom.kind === `${kind}KeyRef`) names.add(valueFrom.name);
	}
	for (const { source } of mountedVolumes(pod, container)) {
		const sources = source.kind === 'projected' ? source.sources : [source];
		for (const one of sources) if (one.kind === kind) names.add(one.name);
	}
	return [...names].sort();
}

/** Whether a process started for one pod would be started alike for the other; labels and annotations may differ. */
export function sameForProcess(a: Pod, b: Pod): boolean {
	return isDeepStrictEqual(a.spec, b.spec);
}

/**
 * The pod whose process runs, after its workload was read again. Labels and annotations may be shown; what else changed
 * is for the next start, and so are volumes that are defined otherwise now: what they named before may be gone, as a
 * ConfigMap is whose name has a hash.
 */
export function podAsItRuns(running: Pod, now: Pod): Pod {
	if (sameForProcess(running, now)) return { ...running, metadata: now.metadata };
	const volumes = running.spec.volumes.filter((volume) =>
		now.spec.volumes.some((other) => isDeepStrictEqual(volume, other)),
	);
	return { ...running, metadata: now.metadata, spec: { ...running.spec, volumes } };
}
