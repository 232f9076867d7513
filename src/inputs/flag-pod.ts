/**
 * The pod of `run` without a workload: one container with the volumes and the environment that the flags name. It goes
 * through the same decoder as the pod of a manifest. Pure.
 */

import type { ManifestObject } from '../model/manifest-object.js';

/** A ConfigMap or Secret of the pod's namespace. */
export interface ObjectReference {
	readonly kind: 'configMap' | 'secret';
	readonly name: string;
}

export interface FlagPodRequest {
	readonly volumes: readonly (ObjectReference & { readonly mountPath: string })[];
	readonly envFrom: readonly ObjectReference[];
}

/** Source: kubernetes v1.32 pkg/apis/core/validation, ValidateVolumes: a DNS label. */
const VOLUME_NAME = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** Name of the pod and of its container. */
const NAME = 'local';

export function flagPod({ volumes, envFrom }: FlagPodRequest): ManifestObject {
	const names = volumeNames(volumes);
	const spec = {
		containers: [
			{
				name: NAME,
				envFrom: envFrom.map(({ kind, name }) => ({ [`${kind}Ref`]: { name } })),
				volumeMounts: volumes.map((volume) => ({ name: names.get(idOf(volume)), mountPath: volume.mountPath })),
			},
		],
		volumes: [...new Map(volumes.map((volume) => [idOf(volume), volume])).values()].map((volume) => ({
			name: names.get(idOf(volume)),
			[volume.kind]: volume.kind === 'secret' ? { secretName: volume.name } : { name: volume.name },
		})),
	};
	return {
		apiVersion: 'v1',
		kind: 'Pod',
		name: NAME,
		value: { apiVersion: 'v1', kind: 'Pod', metadata: { name: NAME }, spec },
		location: 'command line',
	};
}

/** The name of each object's volume: that of the object if it is free and a valid name of a volume. */
function volumeNames(objects: readonly ObjectReference[]): ReadonlyMap<string, string> {
	const names = new Map<string, string>();
	const isUsable = (name: string) => VOLUME_NAME.test(name) && ![...names.values()].includes(name);
	for (const object of objects) {
		const id = idOf(object);
		if (names.has(id)) continue;
		const numbered = objects.map((_, index) => `volume-${index}`);
		names.set(id, [object.name, `${object.kind.toLowerCase()}-${object.name}`, ...numbered].find(isUsable) ?? '');
	}
	return names;
}

function idOf({ kind, name }: ObjectReference): string {
	return `${kind}/${name}`;
}
