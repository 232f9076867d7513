/**
 * What a pod asks its surroundings for (types only): the objects that it names, and the machine that it is on.
 */

import type { ConfigMap } from '../model/config-map.js';
import type { Secret } from '../model/secret.js';

/** The ConfigMaps and Secrets of the pod's namespace, at one moment. */
export interface PodObjects {
	configMap(name: string): ConfigMap | undefined;
	secret(name: string): Secret | undefined;
}

/** What a cluster would tell a pod about where it is; local stand-ins, which are said to people. */
export interface PodSurroundings {
	readonly nodeName: string;
	readonly hostIP: string;
	readonly podIP: string;
	/** Of the machine, where a container has no limit of its own. Units: CPUs, bytes. */
	readonly cpuCount: number;
	readonly memoryBytes: number;
}

/**
 * Something that a container needs and that is not there (yet): kubelet waits for it and says why.
 */
export interface Missing {
	/** Why a container waits: `CreateContainerConfigError` for the environment, `ContainerCreating` for volumes. */
	readonly reason: 'ContainerCreating' | 'CreateContainerConfigError';
	/** Kubelet's text: `configmap "foo" not found`. */
	readonly message: string;
}

/** A thing worth saying that stops nothing: what a local process will not have, or a name that was passed over. */
export interface PodWarning {
	/** The field: `spec.containers[0].env[2]`, `volume "data"`. */
	readonly place: string;
	readonly text: string;
}
