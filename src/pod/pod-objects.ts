/**
 * What a pod takes from outside its manifest (types only): the ConfigMaps and Secrets that it names, and the node.
 */

import type { ConfigMap } from '../model/config-map.js';
import type { Secret } from '../model/secret.js';

/**
 * The valid ConfigMaps and Secrets of the pod's namespace. An implementation may be live: two calls may return
 * different versions of an object, so a caller that needs one version reads each object once.
 */
export interface PodObjects {
	/** Undefined if the namespace has no valid ConfigMap of this name. */
	configMap(name: string): ConfigMap | undefined;
	/** Undefined if the namespace has no valid Secret of this name. */
	secret(name: string): Secret | undefined;
	/** Whether objects that manifests lack can come from a cluster. Default: false. */
	readonly hasCluster?: boolean;
}

/** This machine in the role of the pod's node. A cluster would give other values, so a warning names each one used. */
export interface PodSurroundings {
	readonly nodeName: string;
	readonly hostIP: string;
	readonly podIP: string;
	/** The machine's own, for containers without a limit. Unit: CPUs. */
	readonly cpuCount: number;
	/** The machine's own, for containers without a limit. Unit: bytes. */
	readonly memoryBytes: number;
	/** The machine's own, for containers without a limit. Unit: bytes. */
	readonly diskBytes: number;
}
