/**
 * The parts of a pod that a local process can have, as values (types only). Defaults of the API server are filled in;
 * what nobody here uses is left out. Source: kubernetes v1.32 core/v1 types.go.
 */

import type { KeyToPath, Projection } from '../volume/projection.js';

/** What a pod of a workload would be. */
export interface Pod {
	readonly workload: WorkloadName;
	readonly metadata: PodMetadata;
	readonly spec: PodSpec;
}

/** The object that the pod comes from. */
export interface WorkloadName {
	/** As in the manifest: `Deployment`. */
	readonly kind: string;
	readonly name: string;
	readonly namespace: string;
	/** `file:line:column`, or where else it was read. */
	readonly location: string;
}

/** Of the pod, not of the workload. */
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
	readonly securityContext: PodSecurityContext;
	readonly nodeName: string | undefined;
	readonly serviceAccountName: string;
	readonly hostname: string | undefined;
	/** Whether any container of the pod asks for what only a cluster has is not decided here. */
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
	/** Undefined: the image's ENTRYPOINT. */
	readonly command: readonly string[] | undefined;
	/** Undefined: the image's CMD, where `command` is undefined too. */
	readonly args: readonly string[] | undefined;
	readonly workingDir: string | undefined;
	readonly envFrom: readonly EnvFromSource[];
	readonly env: readonly EnvVar[];
	readonly volumeMounts: readonly VolumeMount[];
	/** Names of volumes that it has as block devices, not as files. */
	readonly volumeDevices: readonly string[];
	readonly resources: ContainerResources;
	/** Over the pod's. */
	readonly runAsUser: number | undefined;
	readonly runAsGroup: number | undefined;
}

/** Quantities as they are written: `500m`, `64Mi`. */
export interface ContainerResources {
	readonly limits: ReadonlyMap<string, string>;
	readonly requests: ReadonlyMap<string, string>;
}

export interface EnvFromSource {
	readonly kind: 'configMapRef' | 'secretRef';
	readonly name: string;
	readonly optional: boolean;
	/** Empty text where there is none. */
	readonly prefix: string;
}

export interface EnvVar {
	readonly name: string;
	/** Empty text where the manifest has neither a value nor a source. */
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
	/** Undefined: the container itself; a volume must name one. */
	readonly containerName: string | undefined;
	/** `limits.cpu`. */
	readonly resource: string;
	/** A quantity; `1` where the manifest has none. */
	readonly divisor: string;
}

export interface VolumeMount {
	/** Of the volume. */
	readonly name: string;
	/** As written. */
	readonly mountPath: string;
	readonly subPath: string | undefined;
	readonly subPathExpr: string | undefined;
	/** Also where the volume's source says so. */
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
	 * What a local process cannot have: `persistentVolumeClaim`, `csi`, …; `type` is the field's name. What takes its place
	 * is `readOnly` where it says so.
	 */
	| { readonly kind: 'other'; readonly type: string; readonly readOnly?: true };

export interface ObjectVolumeSource {
	readonly kind: 'configMap' | 'secret';
	/** Of the object. */
	readonly name: string;
	readonly projection: Projection;
}

/** One of `projected.sources`; each with the volume's default mode. */
export type ProjectedSource =
	| {
			readonly kind: 'configMap' | 'secret';
			readonly name: string;
			readonly items: readonly KeyToPath[];
			readonly optional: boolean;
	  }
	| { readonly kind: 'downwardAPI'; readonly items: readonly DownwardItem[] }
	/** What a local process cannot have: `serviceAccountToken`, `clusterTrustBundle`, …; `path` is where it would be. */
	| { readonly kind: 'other'; readonly type: string; readonly path: string | undefined };

export interface DownwardItem {
	/** Inside the volume. */
	readonly path: string;
	readonly mode: number | undefined;
	readonly ref: FieldRef | ResourceFieldRef;
}
