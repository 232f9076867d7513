/** The inputs that a command line names, before anything is read. Types only; the parsers of flags make the values. */

import type { FieldValidation } from '../model/fields/unknown-fields.js';
import type { SyncRange } from '../model/sync-pace.js';
import type { ChangeDetection } from '../sources/cluster/change-detection.js';
import type { GeneratorFlags } from '../sources/generators/generated-config-map.js';
import type { FlagPodRequest } from './flag-pod.js';

/** A local source. */
export type SourceRequest =
	/** A manifest file or directory; `-` is standard input. */
	| { readonly kind: 'filename'; readonly path: string }
	/** `args` go to the program that builds the kustomization. */
	| { readonly kind: 'kustomize'; readonly directory: string; readonly args: readonly string[] }
	| { readonly kind: 'create'; readonly flags: GeneratorFlags };

/** A cluster, and the objects of it to follow. */
export interface ClusterRequest {
	/** Path; undefined for `$KUBECONFIG` or `~/.kube/config`. */
	readonly kubeconfig: string | undefined;
	readonly context: string | undefined;
	readonly cluster: string | undefined;
	readonly user: string | undefined;
	/** Undefined for the namespace of the kubeconfig's context. */
	readonly namespaces: readonly string[] | 'all' | undefined;
	/** Empty for all ConfigMaps. */
	readonly names: readonly string[];
	readonly labelSelector: string | undefined;
	readonly fieldSelector: string | undefined;
	readonly changeDetection: ChangeDetection;
	readonly stateDirectory: string | undefined;
}

/** A pod, and the sources that describe it. */
export interface PodRequest {
	/** `KIND/NAME`; undefined for the only workload of the sources. */
	readonly workload: string | undefined;
	/** The pod of the flags --volume and --env-from, which is used instead of a workload; undefined without them. */
	readonly flagPod: FlagPodRequest | undefined;
	/** Lowest layer first. */
	readonly sources: readonly SourceRequest[];
	/** Whether directories of manifests are read with their subdirectories. */
	readonly recursive: boolean;
	/** What unknown fields of manifests do. */
	readonly fieldValidation: FieldValidation;
	/** The layer below the other sources. */
	readonly cluster: ClusterRequest | undefined;
	/** Undefined for the namespace of the cluster's context, or `default`. */
	readonly namespace: string | undefined;
	/** Undefined for the first container. */
	readonly container: string | undefined;
	/** Undefined to pass changes on at once. */
	readonly kubeletDelay: SyncRange | undefined;
}
