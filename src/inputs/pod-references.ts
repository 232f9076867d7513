/**
 * The objects that a container refers to, and the comparison of two versions of its pod. Pure.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Container, Pod, PodVolume } from '../pod/pod-spec.js';

/** The volumes that the container mounts, in the order of the pod. Other volumes are not set up. */
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

/** Whether a process starts in the same way for both pods. Labels and annotations may differ. */
export function sameForProcess(a: Pod, b: Pod): boolean {
	return isDeepStrictEqual(a.spec, b.spec);
}

/**
 * The pod of the running process, after its workload was read again. Labels and annotations are the new ones, because a
 * downwardAPI volume follows them; other changes apply to the next start. Volumes whose definition has changed are left
 * out: the object that they named may be gone, such as a ConfigMap with a hash in its name.
 */
export function podAsItRuns(running: Pod, now: Pod): Pod {
	if (sameForProcess(running, now)) return { ...running, metadata: now.metadata };
	const volumes = running.spec.volumes.filter((volume) =>
		now.spec.volumes.some((other) => isDeepStrictEqual(volume, other)),
	);
	return { ...running, metadata: now.metadata, spec: { ...running.spec, volumes } };
}
