/** Pods and objects for the tests of lint; each case sets only the fields that it needs. */

import type { ConfigMap } from '../../../../src/model/config-map.js';
import type { Secret } from '../../../../src/model/secret.js';
import type { Severity } from '../../../../src/pod/lint/finding.js';
import type { Absence } from '../../../../src/pod/lint/subject.js';
import type { PodObjects } from '../../../../src/pod/pod-objects.js';
import type {
	Container,
	EnvFromSource,
	EnvVar,
	Pod,
	PodSecurityContext,
	PodVolume,
	ProjectedSource,
	VolumeMount,
	VolumeSource,
} from '../../../../src/pod/pod-spec.js';
import type { KeyToPath, Projection } from '../../../../src/volume/projection.js';
import { makeContainer } from '../environment/environment-pod.js';

/** The findings of one rule for one pod. */
export interface LintCase {
	readonly it: string;
	readonly pod: PodParts;
	readonly objects?: readonly (ConfigMap | Secret)[];
	readonly walk?: boolean;
	/** Why an object is absent. Default: missing. */
	readonly absence?: Absence;
	/** Bytes of annotations after `kubectl apply`. Default: the objects are in no manifest. */
	readonly appliedBytes?: number;
	/** Empty: the rule has no finding. Each text is a part of the text of the finding. */
	readonly finds: readonly (readonly [severity: Severity, field: string, text: string])[];
}

/** Cases by rule. */
export type LintCases = Readonly<Record<string, readonly LintCase[]>>;

export interface PodParts {
	/** Default: Pod, so that fields begin with `spec`. */
	readonly kind?: string;
	readonly volumes?: readonly PodVolume[];
	/** The first container. */
	readonly app?: Partial<Container>;
	readonly initContainer?: Partial<Container>;
	readonly securityContext?: Partial<PodSecurityContext>;
	readonly enableServiceLinks?: boolean;
}

export function podOf({ kind = 'Pod', volumes = [], app, initContainer, ...more }: PodParts): Pod {
	return {
		workload: { kind, name: 'app', namespace: 'default', location: 'pod.yaml:1:1' },
		metadata: { name: 'app', namespace: 'default', uid: 'u', labels: new Map(), annotations: new Map() },
		spec: {
			initContainers: initContainer === undefined ? [] : [makeContainer(initContainer)],
			containers: [makeContainer(app ?? {})],
			volumes,
			resources: { limits: new Map(), requests: new Map() },
			securityContext: {
				runAsUser: undefined,
				runAsGroup: undefined,
				fsGroup: undefined,
				supplementalGroups: [],
				...more.securityContext,
			},
			nodeName: undefined,
			serviceAccountName: 'default',
			hostname: undefined,
			subdomain: undefined,
			setHostnameAsFQDN: false,
			hostnameOverride: undefined,
			enableServiceLinks: more.enableServiceLinks ?? true,
		},
	};
}

type Values = Readonly<Record<string, string | Buffer>>;

function bytesOf(values: Values): ReadonlyMap<string, Buffer> {
	return new Map(Object.entries(values).map(([key, value]) => [key, Buffer.from(value)]));
}

export function configMap(
	name: string,
	data: Values,
	more: { readonly binaryData?: Values; readonly immutable?: boolean } = {},
): ConfigMap {
	return {
		key: { namespace: 'default', name },
		labels: new Map(),
		immutable: more.immutable ?? false,
		data: bytesOf(data),
		binaryData: bytesOf(more.binaryData ?? {}),
	};
}

export function secret(name: string, data: Values, type = 'Opaque'): Secret {
	return { key: { namespace: 'default', name }, type, immutable: false, data: bytesOf(data) };
}

export function objectsOf(all: readonly (ConfigMap | Secret)[]): PodObjects {
	return {
		configMap: (name) => all.find((one): one is ConfigMap => 'binaryData' in one && one.key.name === name),
		secret: (name) => all.find((one): one is Secret => 'type' in one && one.key.name === name),
	};
}

/** A volume named `v` of the ConfigMap `cm`. */
export function configMapVolume(projection: Partial<Projection> = {}, name = 'cm', volume = 'v'): PodVolume {
	return {
		name: volume,
		source: { kind: 'configMap', name, projection: { defaultMode: 0o644, optional: false, ...projection } },
	};
}

export function secretVolume(projection: Partial<Projection> = {}): PodVolume {
	return {
		name: 'v',
		source: { kind: 'secret', name: 'key', projection: { defaultMode: 0o644, optional: false, ...projection } },
	};
}

/** A volume named `v`. */
export function projectedVolume(sources: readonly ProjectedSource[], defaultMode = 0o644): PodVolume {
	return { name: 'v', source: { kind: 'projected', sources, defaultMode } };
}

export function source(
	kind: 'configMap' | 'secret',
	name: string,
	items: readonly KeyToPath[] = [],
	optional = false,
): ProjectedSource {
	return { kind, name, items, optional };
}

/** A volume with the pod's name in `podname`. */
export function downwardVolume(path = 'podname', mode?: number): PodVolume {
	const items = [{ path, mode, ref: { kind: 'fieldRef', fieldPath: 'metadata.name' } }] as const;
	return { name: 'v', source: { kind: 'downwardAPI', items, defaultMode: 0o644 } };
}

export function emptyDir(name: string): PodVolume {
	return { name, source: { kind: 'emptyDir', medium: '', sizeLimit: undefined } satisfies VolumeSource };
}

export function mount(mountPath: string, name = 'v', more: Partial<VolumeMount> = {}): VolumeMount {
	return { name, mountPath, subPath: undefined, subPathExpr: undefined, readOnly: false, ...more };
}

export function envFrom(
	kind: 'configMapRef' | 'secretRef',
	name: string,
	prefix = '',
	optional = false,
): EnvFromSource {
	return { kind, name, prefix, optional };
}

export function literal(name: string, value: string): EnvVar {
	return { name, value, valueFrom: undefined };
}

export function keyRef(
	name: string,
	kind: 'configMapKeyRef' | 'secretKeyRef',
	object: string,
	key: string,
	optional = false,
): EnvVar {
	return { name, value: '', valueFrom: { kind, name: object, key, optional } };
}
