/** Pods, containers and objects for the tests of the environment; each test sets only the fields that it needs. */

import type { ConfigMap } from '../../../../src/model/config-map.js';
import type { Secret } from '../../../../src/model/secret.js';
import { buildEnvironment, type EnvironmentOptions } from '../../../../src/pod/environment/builder.js';
import type { Environment } from '../../../../src/pod/environment/environment.js';
import type { PodObjects, PodSurroundings } from '../../../../src/pod/pod-objects.js';
import type {
	Container,
	EnvFromSource,
	EnvVar,
	EnvVarSource,
	Pod,
	PodMetadata,
	PodSpec,
} from '../../../../src/pod/pod-spec.js';

export const SURROUNDINGS: PodSurroundings = {
	nodeName: 'this-machine',
	hostIP: '192.0.2.7',
	podIP: '192.0.2.8',
	cpuCount: 6,
	memoryBytes: 8_589_934_592,
	diskBytes: 107_374_182_400,
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
			resources: { limits: new Map(), requests: new Map() },
			securityContext: { runAsUser: undefined, runAsGroup: undefined, fsGroup: undefined, supplementalGroups: [] },
			nodeName: undefined,
			serviceAccountName: 'default',
			hostname: undefined,
			subdomain: undefined,
			setHostnameAsFQDN: false,
			hostnameOverride: undefined,
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

/** Objects by name. `reads` records each lookup. */
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

export const RELAXED: EnvironmentOptions = { strictNames: false };
export const STRICT: EnvironmentOptions = { strictNames: true };

export function build(fields: Partial<Container>, objects: PodObjects = makeObjects(), options = RELAXED): Environment {
	const container = makeContainer(fields);
	return buildEnvironment(makePod(container), container, objects, SURROUNDINGS, options);
}

export function values(environment: Environment): Readonly<Record<string, string>> {
	return Object.fromEntries([...environment.variables].map(([name, { value }]) => [name, value]));
}

type FromOptions = Partial<Pick<EnvFromSource, 'optional' | 'prefix'>>;

export function fromMap(name: string, options: FromOptions = {}): EnvFromSource {
	return { kind: 'configMapRef', name, optional: false, prefix: '', ...options };
}

export function fromSecret(name: string, options: FromOptions = {}): EnvFromSource {
	return { kind: 'secretRef', name, optional: false, prefix: '', ...options };
}

export function mapKey(name: string, key: string, optional = false): EnvVarSource {
	return { kind: 'configMapKeyRef', name, key, optional };
}

export function secretKey(name: string, key: string, optional = false): EnvVarSource {
	return { kind: 'secretKeyRef', name, key, optional };
}

export function waiting(...messages: readonly string[]) {
	return messages.map((message) => ({ reason: 'CreateContainerConfigError', message }));
}

export const POD_NAME: EnvVarSource = { kind: 'fieldRef', fieldPath: 'metadata.name' };
export const CM3 = makeConfigMap('cm3', { 'data-1': 'value-1', 'data-2': 'value-2', 'data-3': 'value-3' });
