/**
 * The parts of a pod that matter to a local process (types only), with the defaults of the API server filled in. Source: kubernetes v1.32 core/v1 types.go.
 */

import type { KeyToPath, Projection } from '../volume/projection.js';

/** The pod that a workload's controller would create. */
export interface Pod {
	readonly workload: WorkloadName;
	readonly metadata: PodMetadata;
	readonly spec: PodSpec;
}

/** The object that the pod is made from. */
export interface WorkloadName {
	/** As in the manifest: `Deployment`. */
	readonly kind: string;
	readonly name: string;
	readonly namespace: string;
	/** `file:line:column`, or another description of the source. */
	readonly location: string;
}

/** Metadata of the pod, as opposed to that of the workload. */
export interface PodMetadata {
	readonly name: string;
	readonly namespace: string;
	readonly uid: string;
	readonly labels: ReadonlyMap<string, string>;
	readonly annotations: ReadonlyMap<string, string>;
}

export interface PodSpec {
	readonly initContainers: readonly Container[];
	/** At least one. */
	readonly containers: readonly Container[];
	readonly volumes: readonly PodVolume[];
	/** Of all containers together; a container without an amount of its own has this one. */
	readonly resources: ContainerResources;
	readonly securityContext: PodSecurityContext;
	readonly nodeName: string | undefined;
	readonly serviceAccountName: string;
	readonly hostname: string | undefined;
	readonly subdomain: string | undefined;
	readonly setHostnameAsFQDN: boolean;
	/** Overrides the other three. */
	readonly hostnameOverride: string | undefined;
	/** Whether the environment includes the variables of Services, which a local process never has. */
	readonly enableServiceLinks: boolean;
}

export interface PodSecurityContext {
	readonly runAsUser: number | undefined;
	readonly runAsGroup: number | undefined;
	readonly fsGroup: number | undefined;
	readonly supplementalGroups: readonly number[];
}

export interface Container {
	readonly name: string;
	readonly image: string | undefined;
	/** Undefined: the ENTRYPOINT of the image. */
	readonly command: readonly string[] | undefined;
	/** Undefined: the CMD of the image if `command` is undefined too, otherwise no arguments. */
	readonly args: readonly string[] | undefined;
	readonly workingDir: string | undefined;
	readonly envFrom: readonly EnvFromSource[];
	readonly env: readonly EnvVar[];
	readonly volumeMounts: readonly VolumeMount[];
	/** Names of the volumes that are attached as block devices instead of mounted. */
	readonly volumeDevices: readonly string[];
	readonly resources: ContainerResources;
	/** Overrides the pod's. */
	readonly runAsUser: number | undefined;
	readonly runAsGroup: number | undefined;
}

/** Quantities as written: `500m`, `64Mi`. */
export interface ContainerResources {
	readonly limits: ReadonlyMap<string, string>;
	readonly requests: ReadonlyMap<string, string>;
}

export interface EnvFromSource {
	readonly kind: 'configMapRef' | 'secretRef';
	readonly name: string;
	readonly optional: boolean;
	/** Empty if the manifest has none. */
	readonly prefix: string;
}

export interface EnvVar {
	readonly name: string;
	/** Empty if the manifest has neither a value nor a source. */
	readonly value: string;
	readonly valueFrom: EnvVarSource | undefined;
}

export type EnvVarSource =
	| {
			readonly kind: 'configMapKeyRef' | 'secretKeyRef';
			readonly name: string;
			readonly key: string;
			readonly optional: boolean;
	  }
	| FieldRef
	| ResourceFieldRef
	| {
			readonly kind: 'fileKeyRef';
			readonly volumeName: string;
			readonly path: string;
			readonly key: string;
			readonly optional: boolean;
	  };

export interface FieldRef {
	readonly kind: 'fieldRef';
	/** `metadata.labels['app']`, `status.podIP`. */
	readonly fieldPath: string;
}

export interface ResourceFieldRef {
	readonly kind: 'resourceFieldRef';
	/** Undefined: the container itself. A volume always names one. */
	readonly containerName: string | undefined;
	/** `limits.cpu`. */
	readonly resource: string;
	/** A quantity; `1` if the manifest has none. */
	readonly divisor: string;
}

export interface VolumeMount {
	/** Name of the volume. */
	readonly name: string;
	/** As written. */
	readonly mountPath: string;
	readonly subPath: string | undefined;
	readonly subPathExpr: string | undefined;
	/** Also true if the source of the volume is read-only. */
	readonly readOnly: boolean;
}

export interface PodVolume {
	readonly name: string;
	readonly source: VolumeSource;
}

export type VolumeSource =
	| ObjectVolumeSource
	| { readonly kind: 'downwardAPI'; readonly items: readonly DownwardItem[]; readonly defaultMode: number }
	| { readonly kind: 'projected'; readonly sources: readonly ProjectedSource[]; readonly defaultMode: number }
	| { readonly kind: 'emptyDir'; readonly medium: string; readonly sizeLimit: string | undefined }
	| { readonly kind: 'hostPath'; readonly path: string; readonly type: string }
	/**
	 * A kind that only a cluster has: `persistentVolumeClaim`, `csi`, …; `type` is the name of the field. `readOnly` also
	 * applies to a local replacement.
	 */
	| { readonly kind: 'other'; readonly type: string; readonly readOnly?: true };

export interface ObjectVolumeSource {
	readonly kind: 'configMap' | 'secret';
	/** Name of the object. */
	readonly name: string;
	readonly projection: Projection;
}

/** One of `projected.sources`. Its default mode is that of the volume. */
export type ProjectedSource =
	| {
			readonly kind: 'configMap' | 'secret';
			readonly name: string;
			readonly items: readonly KeyToPath[];
			readonly optional: boolean;
	  }
	| { readonly kind: 'downwardAPI'; readonly items: readonly DownwardItem[] }
	/** A kind that only a cluster has: `serviceAccountToken`, `clusterTrustBundle`, …; `path` is that of its file. */
	| { readonly kind: 'other'; readonly type: string; readonly path: string | undefined };

export interface DownwardItem {
	/** Relative to the root of the volume. */
	readonly path: string;
	readonly mode: number | undefined;
	readonly ref: FieldRef | ResourceFieldRef;
}
