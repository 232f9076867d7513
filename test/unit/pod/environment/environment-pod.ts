/** Pods and objects for the tests of a container's environment, with only what a test names. */

import type { ConfigMap } from '../../../../src/model/config-map.js';
import type { Secret } from '../../../../src/model/secret.js';
import type { PodObjects, PodSurroundings } from '../../../../src/pod/pod-objects.js';
import type { Container, EnvVar, EnvVarSource, Pod, PodMetadata, PodSpec } from '../../../../src/pod/pod-spec.js';

export const SURROUNDINGS: PodSurroundings = {
	nodeName: 'this-machine',
	hostIP: '192.0.2.7',
	podIP: '192.0.2.8',
	cpuCount: 6,
	memoryBytes: 8_589_934_592,
};

export function makeContainer(fields: Partial<Container> = {}): Container {
	return {
		name: 'app',
		image: undefined,
		command: undefined,
		args: undefined,
		workingDir: undefined,
		envFrom: [],
		env: [],
		volumeMounts: [],
		volumeDevices: [],
		resources: { limits: new Map(), requests: new Map() },
		runAsUser: undefined,
		runAsGroup: undefined,
		...fields,
	};
}

export function makePod(container: Container, metadata: Partial<PodMetadata> = {}, spec: Partial<PodSpec> = {}): Pod {
	return {
		workload: { kind: 'Pod', name: 'the-pod', namespace: 'test', location: 'pod.yaml:1:1' },
		metadata: {
			name: 'the-pod',
			namespace: 'test',
			uid: '6d6a3c52-0001',
			labels: new Map(),
			annotations: new Map(),
			...metadata,
		},
		spec: {
			initContainers: [],
			containers: [container],
			volumes: [],
			securityContext: { runAsUser: undefined, runAsGroup: undefined, fsGroup: undefined, supplementalGroups: [] },
			nodeName: undefined,
			serviceAccountName: 'default',
			hostname: undefined,
			enableServiceLinks: true,
			...spec,
		},
	};
}

type Values = Readonly<Record<string, string | Buffer>>;

function buffers(values: Values): Map<string, Buffer> {
	return new Map(Object.entries(values).map(([key, value]) => [key, Buffer.from(value)]));
}

export function makeConfigMap(name: string, data: Values, binaryData: Values = {}): ConfigMap {
	return {
		key: { namespace: 'test', name },
		labels: new Map(),
		immutable: false,
		data: buffers(data),
		binaryData: buffers(binaryData),
	};
}

export function makeSecret(name: string, data: Values): Secret {
	return { key: { namespace: 'test', name }, type: 'Opaque', immutable: false, data: buffers(data) };
}

/** Objects by name; `reads` names each one that was asked for, once a time. */
export function makeObjects(
	configMaps: readonly ConfigMap[] = [],
	secrets: readonly Secret[] = [],
): PodObjects & { readonly reads: string[] } {
	const reads: string[] = [];
	return {
		reads,
		configMap(name) {
			reads.push(`ConfigMap ${name}`);
			return configMaps.find(({ key }) => key.name === name);
		},
		secret(name) {
			reads.push(`Secret ${name}`);
			return secrets.find(({ key }) => key.name === name);
		},
	};
}

/** `env[]` from names and texts or sources. */
export function makeEnv(...rows: readonly (readonly [name: string, value: string | EnvVarSource])[]): EnvVar[] {
	return rows.map(([name, value]) =>
		typeof value === 'string' ? { name, value, valueFrom: undefined } : { name, value: '', valueFrom: value },
	);
}
