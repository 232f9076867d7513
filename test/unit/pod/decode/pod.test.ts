import { describe, expect, it } from 'vitest';
import type { ManifestObject } from '../../../../src/model/manifest-object.js';
import { decodePod } from '../../../../src/pod/decode/pod.js';
import type { Container, EnvVarSource, Pod, VolumeSource } from '../../../../src/pod/pod-spec.js';
import { parseManifest } from '../../../../src/sources/manifests/manifest-parser.js';

type Json = Readonly<Record<string, unknown>>;

const MODE = 'must be a number between 0 and 0777 (octal), both inclusive';
const SUBDOMAIN = 'a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters';
const LABEL = 'a lowercase RFC 1123 label must consist of lower case alphanumeric characters';

const VERSIONS: Readonly<Record<string, string>> = {
	Pod: 'v1',
	PodTemplate: 'v1',
	ReplicationController: 'v1',
	Job: 'batch/v1',
	CronJob: 'batch/v1',
};

function workload(kind: string, value: unknown): ManifestObject {
	return { apiVersion: VERSIONS[kind] ?? 'apps/v1', kind, name: '', value, place: 'f.yaml:1:1' };
}

/** A Pod named web with one container named app. */
function podValue(spec: Json = {}, container: Json = {}): Json {
	return { metadata: { name: 'web' }, spec: { containers: [{ name: 'app', ...container }], ...spec } };
}

function decode(value: unknown, kind = 'Pod', strictEnvNames = false): Pod {
	const { pod, violations } = decodePod(workload(kind, value), { defaultNamespace: 'default', strictEnvNames });
	expect(violations).toEqual([]);
	if (pod === undefined) throw new Error('no pod without a violation');
	return pod;
}

/** `path| text` of each violation, and that there is no pod then. */
function faults(value: unknown, kind = 'Pod', strictEnvNames = false): string[] {
	const { pod, violations } = decodePod(workload(kind, value), { defaultNamespace: 'default', strictEnvNames });
	expect(pod === undefined).toBe(violations.length > 0);
	return violations.map(({ path, text }) => `${path.join('/')}| ${text}`);
}

function decodeContainer(container: Json, spec: Json = {}): Container {
	const [first] = decode(podValue(spec, container)).spec.containers;
	if (first === undefined) throw new Error('no container');
	return first;
}

/** Of the one container; paths from it. */
function containerFaults(container: Json, spec: Json = {}): string[] {
	return faults(podValue(spec, container)).map((fault) => fault.replace(/^spec\/containers\/0\/?/, ''));
}

function decodeVolume(source: Json): VolumeSource {
	const [first] = decode(podValue({ volumes: [{ name: 'v', ...source }] })).spec.volumes;
	if (first === undefined) throw new Error('no volume');
	return first.source;
}

/** Of the one volume; paths from it. */
function volumeFaults(source: Json): string[] {
	return faults(podValue({ volumes: [{ name: 'v', ...source }] })).map((fault) =>
		fault.replace(/^spec\/volumes\/0\/?/, ''),
	);
}

describe('the pod of a workload', () => {
	const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'app' }] } };

	it.each([
		['Deployment', { spec: { template } }, 'web-local'],
		['DaemonSet', { spec: { template } }, 'web-local'],
		['ReplicaSet', { spec: { template } }, 'web-local'],
		['StatefulSet', { spec: { template } }, 'web-0'],
		['Job', { spec: { template } }, 'web-local'],
		['CronJob', { spec: { jobTemplate: { spec: { template } } } }, 'web-local'],
		['ReplicationController', { spec: { template } }, 'web-local'],
		['PodTemplate', { template }, 'web-local'],
		['Pod', template, 'web'],
	])('of a %s', (kind, more: Json, name) => {
		const own = (more as { metadata?: Json }).metadata;
		const pod = decode({ ...more, metadata: { ...own, name: 'web', namespace: 'prod' } }, kind);
		expect(pod.workload).toEqual({ kind, name: 'web', namespace: 'prod', location: 'f.yaml:1:1' });
		expect(pod.metadata.name).toBe(name);
		expect(pod.metadata.namespace).toBe('prod');
		expect(pod.metadata.labels.get('app')).toBe('x');
		expect(pod.spec.containers.map((container) => container.name)).toEqual(['app']);
	});

	it('has the labels and annotations of the template, not of the workload', () => {
		const pod = decode(
			{
				metadata: { name: 'web', labels: { outer: 'o' }, annotations: { outer: 'o' } },
				spec: {
					template: {
						metadata: { labels: { app: 'x', none: null }, annotations: { 'example.com/A': 'any\ntext' } },
						spec: { containers: [{ name: 'app' }] },
					},
				},
			},
			'Deployment',
		);
		expect([...pod.metadata.labels]).toEqual([
			['app', 'x'],
			['none', ''],
		]);
		expect([...pod.metadata.annotations]).toEqual([['example.com/A', 'any\ntext']]);
	});

	it('has the labels that its controller adds', () => {
		const labels = (kind: string) =>
			Object.fromEntries(decode({ metadata: { name: 'db' }, spec: { template } }, kind).metadata.labels);
		expect(labels('StatefulSet')).toEqual({
			app: 'x',
			'statefulset.kubernetes.io/pod-name': 'db-0',
			'apps.kubernetes.io/pod-index': '0',
		});
		expect(labels('Job')).toEqual({ app: 'x', 'batch.kubernetes.io/job-name': 'db', 'job-name': 'db' });
		expect(labels('Deployment')).toEqual({ app: 'x' });
	});

	it('is the first one that a StatefulSet numbers', () => {
		const statefulSet = (start: unknown) => ({ metadata: { name: 'db' }, spec: { template, ordinals: { start } } });
		const { metadata } = decode(statefulSet(5), 'StatefulSet');
		expect(metadata.name).toBe('db-5');
		expect(metadata.labels.get('statefulset.kubernetes.io/pod-name')).toBe('db-5');
		expect(metadata.labels.get('apps.kubernetes.io/pod-index')).toBe('5');
		expect(faults(statefulSet(-1), 'StatefulSet')).toEqual([
			'spec/ordinals/start| spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0',
		]);
	});

	it('is the one with index 0 of an Indexed Job', () => {
		const own = { name: 'own', env: [{ name: 'JOB_COMPLETION_INDEX', value: '7' }] };
		const podSpec = {
			containers: [{ name: 'app', env: [{ name: 'A', value: 'a' }] }, own],
			initContainers: [{ name: 'i' }],
		};
		const job = { completionMode: 'Indexed', template: { ...template, spec: podSpec } };
		const key = 'batch.kubernetes.io/job-completion-index';
		for (const [kind, spec] of [
			['Job', job],
			['CronJob', { jobTemplate: { spec: job } }],
		] as const) {
			const pod = decode({ metadata: { name: 'sum' }, spec }, kind);
			expect(pod.metadata.name).toBe('sum-0-local');
			expect(pod.spec.hostname).toBe('sum-0');
			expect([pod.metadata.labels.get(key), pod.metadata.annotations.get(key)]).toEqual(['0', '0']);
			const variable = (fieldPath: string) => ({
				name: 'JOB_COMPLETION_INDEX',
				value: '',
				valueFrom: { kind: 'fieldRef', fieldPath },
			});
			const [app, other] = pod.spec.containers;
			expect(app?.env.slice(1)).toEqual([variable(`metadata.labels['${key}']`)]);
			expect(other?.env).toEqual([{ name: 'JOB_COMPLETION_INDEX', value: '7', valueFrom: undefined }]);
			expect(pod.spec.initContainers[0]?.env).toHaveLength(1);
		}
		expect(decode({ metadata: { name: 'sum' }, spec: { template } }, 'Job').spec.containers[0]?.env).toEqual([]);
	});

	it('has a name where one would be generated', () => {
		const spec = { containers: [{ name: 'app' }] };
		expect(decode({ metadata: { generateName: 'web-' }, spec }).metadata.name).toBe('web-local');
		const job = decode({ metadata: { generateName: 'migrate-' }, spec: { template } }, 'Job');
		expect(job.workload.name).toBe('migrate-local');
		expect(job.metadata.name).toBe('migrate-local-local');
	});

	it('has the default namespace, or that of the object beside the value', () => {
		expect(decode(podValue()).metadata.namespace).toBe('default');
		const object = { ...workload('Pod', podValue()), namespace: 'dev' };
		expect(decodePod(object, { defaultNamespace: 'default' }).pod?.metadata.namespace).toBe('dev');
	});

	it('has the uid of a Pod that has one, and else one that is always the same', () => {
		const value = podValue();
		expect(decode({ ...value, metadata: { name: 'web', uid: 'abc' } }).metadata.uid).toBe('abc');
		const { uid } = decode(value).metadata;
		expect(uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
		expect(decode(value).metadata.uid).toBe(uid);
		expect(decode({ ...value, metadata: { name: 'web', namespace: 'n' } }).metadata.uid).not.toBe(uid);
		expect(decode({ ...value, metadata: { name: 'api' } }).metadata.uid).not.toBe(uid);
		const deployment = { metadata: { name: 'web', uid: 'abc' }, spec: { template } };
		expect(decode(deployment, 'Deployment').metadata.uid).not.toBe('abc');
		expect(decode(deployment, 'Deployment').metadata.uid).not.toBe(uid);
	});

	it('has the defaults of a server', () => {
		expect(decode(podValue()).spec).toEqual({
			initContainers: [],
			containers: [
				{
					name: 'app',
					image: undefined,
					command: undefined,
					args: undefined,
					workingDir: undefined,
					env: [],
					envFrom: [],
					volumeMounts: [],
					volumeDevices: [],
					resources: { limits: new Map(), requests: new Map() },
					runAsUser: undefined,
					runAsGroup: undefined,
				},
			],
			volumes: [],
			securityContext: {
				runAsUser: undefined,
				runAsGroup: undefined,
				fsGroup: undefined,
				supplementalGroups: [],
			},
			nodeName: undefined,
			serviceAccountName: 'default',
			hostname: undefined,
			enableServiceLinks: true,
		});
	});

	it('has what the spec says', () => {
		const { spec } = decode(
			podValue({
				initContainers: [{ name: 'setup' }],
				securityContext: { runAsUser: 1000, runAsGroup: 2000, fsGroup: 0, supplementalGroups: [1, null] },
				nodeName: 'node-1',
				serviceAccountName: 'robot',
				hostname: 'box',
				enableServiceLinks: false,
				tolerations: 'passed over',
			}),
		);
		expect(spec.initContainers.map(({ name }) => name)).toEqual(['setup']);
		expect(spec.securityContext).toEqual({
			runAsUser: 1000,
			runAsGroup: 2000,
			fsGroup: 0,
			supplementalGroups: [1, 0],
		});
		expect([spec.nodeName, spec.serviceAccountName, spec.hostname]).toEqual(['node-1', 'robot', 'box']);
		expect(spec.enableServiceLinks).toBe(false);
		expect(decode(podValue({ serviceAccount: 'old' })).spec.serviceAccountName).toBe('old');
	});

	it.each<[string, unknown, string, string[]]>([
		[
			'no name',
			{ spec: { containers: [{ name: 'app' }] } },
			'Pod',
			['metadata/name| metadata.name: Required value: name or generateName is required'],
		],
		[
			'a name of a wrong type, once',
			{ ...podValue(), metadata: { name: 5 } },
			'Pod',
			['metadata/name| json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string'],
		],
		[
			'metadata of a wrong type, once',
			{ ...podValue(), metadata: 'x' },
			'Pod',
			['metadata| json: cannot unmarshal string into Go struct field Pod.metadata of type v1.ObjectMeta'],
		],
		[
			'an empty object',
			{ metadata: { name: 'web' } },
			'Deployment',
			['spec/template/spec/containers| spec.template.spec.containers: Required value'],
		],
		[
			'a template of a wrong type',
			{ metadata: { name: 'web' }, spec: { template: [] } },
			'Deployment',
			[
				'spec/template| json: cannot unmarshal array into Go struct field DeploymentSpec.spec.template of type v1.PodTemplateSpec',
			],
		],
		[
			'no container in a CronJob',
			{ metadata: { name: 'web' }, spec: { jobTemplate: { spec: { template: { spec: { containers: [] } } } } } },
			'CronJob',
			[
				'spec/jobTemplate/spec/template/spec/containers| spec.jobTemplate.spec.template.spec.containers: Required value',
			],
		],
		[
			'one number as a value, deep down',
			{
				metadata: { name: 'web' },
				spec: { template: { spec: { containers: [{ name: 'app', env: [{ name: 'PORT', value: 8080 }] }] } } },
			},
			'Deployment',
			[
				'spec/template/spec/containers/0/env/0/value| json: cannot unmarshal number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string',
			],
		],
		[
			'a value that is no object',
			[],
			'Deployment',
			['| json: cannot unmarshal array into Go value of type v1.Deployment'],
		],
		[
			'an id out of range',
			podValue({ securityContext: { runAsUser: -1, supplementalGroups: [1, 2 ** 31] } }),
			'Pod',
			[
				'spec/securityContext/supplementalGroups/1| spec.securityContext.supplementalGroups[1]: Invalid value: 2147483648: must be between 0 and 2147483647, inclusive',
				'spec/securityContext/runAsUser| spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
			],
		],
		[
			'an id of a wrong type',
			podValue({ securityContext: { fsGroup: '1000', supplementalGroups: ['1'] } }),
			'Pod',
			[
				'spec/securityContext/supplementalGroups/0| json: cannot unmarshal string into Go struct field PodSecurityContext.spec.securityContext.supplementalGroups of type int64',
				'spec/securityContext/fsGroup| json: cannot unmarshal string into Go struct field PodSecurityContext.spec.securityContext.fsGroup of type int64',
			],
		],
	])('is refused for %s', (_name, value, kind, expected) => {
		expect(faults(value, kind)).toEqual(expected);
	});

	it.each([
		[
			'a bad name',
			{ ...podValue(), metadata: { name: 'Web' } },
			`metadata/name| metadata.name: Invalid value: "Web": ${SUBDOMAIN}`,
		],
		[
			'a bad namespace',
			{ ...podValue(), metadata: { name: 'web', namespace: 'a.b' } },
			`metadata/namespace| metadata.namespace: Invalid value: "a.b": ${LABEL}`,
		],
		[
			'a bad label',
			{ ...podValue(), metadata: { name: 'web', labels: { a: '-' } } },
			'metadata/labels/a| metadata.labels: Invalid value: "-": a valid label must be',
		],
		[
			'a bad annotation',
			{ ...podValue(), metadata: { name: 'web', annotations: { 'a b': '' } } },
			'metadata/annotations/a b| metadata.annotations: Invalid value: "a b": name part must consist of',
		],
		['a bad node', podValue({ nodeName: 'A' }), `spec/nodeName| spec.nodeName: Invalid value: "A": ${SUBDOMAIN}`],
		['a bad host name', podValue({ hostname: 'a.b' }), `spec/hostname| spec.hostname: Invalid value: "a.b": ${LABEL}`],
		[
			'a bad service account',
			podValue({ serviceAccountName: '-' }),
			`spec/serviceAccountName| spec.serviceAccountName: Invalid value: "-": ${SUBDOMAIN}`,
		],
	])('is refused for %s', (_name, value, start) => {
		expect(faults(value)).toEqual([expect.stringContaining(start)]);
	});

	it('is refused for too many annotations', () => {
		const value = { ...podValue(), metadata: { name: 'web', annotations: { a: 'x'.repeat(262_144) } } };
		expect(faults(value)).toEqual([
			'metadata/annotations| metadata.annotations: Too long: must have at most 262144 bytes',
		]);
	});

	it('is none of an object that has none', () => {
		expect(faults({}, 'Service')).toEqual(['kind| no pod comes from kind "Service" in version "apps/v1"']);
	});
});

describe('a container', () => {
	it('is decoded', () => {
		expect(
			decodeContainer({
				image: 'nginx:1',
				command: ['sh', null],
				args: ['-c', ''],
				workingDir: '/srv',
				resources: { limits: { cpu: 2, memory: '64Mi', none: null }, requests: { cpu: '500m' } },
				securityContext: { runAsUser: 5, runAsGroup: 6, privileged: 'passed over' },
				volumeMounts: null,
				livenessProbe: 'passed over',
			}),
		).toMatchObject({
			image: 'nginx:1',
			command: ['sh', ''],
			args: ['-c', ''],
			workingDir: '/srv',
			resources: {
				limits: new Map([
					['cpu', '2'],
					['memory', '64Mi'],
					['none', '0'],
				]),
				requests: new Map([['cpu', '500m']]),
			},
			runAsUser: 5,
			runAsGroup: 6,
		});
	});

	it('has the command of its image where its own is empty', () => {
		expect(decodeContainer({ command: [], args: [] })).toMatchObject({ command: undefined, args: undefined });
	});

	it.each<[string, Json, string[]]>([
		['no name', { name: '' }, ['name| spec.containers[0].name: Required value']],
		[
			'a command that is a text',
			{ command: 'sh' },
			[
				'command| json: cannot unmarshal string into Go struct field Container.spec.containers.command of type []string',
			],
		],
		[
			'an argument that is a number',
			{ args: ['-p', 80] },
			['args/1| json: cannot unmarshal number into Go struct field Container.spec.containers.args of type string'],
		],
		[
			'quantities',
			{ resources: { limits: { cpu: '1x', memory: '5 Gi', a: ' 1Ti', b: '1e3', c: '1i', d: true, e: '' } } },
			[
				...['cpu', 'memory'].map(
					(name) =>
						`resources/limits/${name}| quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
				),
				"resources/limits/c| unable to parse quantity's suffix",
				...['d', 'e'].map(
					(name) =>
						`resources/limits/${name}| quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
				),
			],
		],
		[
			'limits that are no mapping',
			{ resources: { limits: 5 } },
			[
				'resources/limits| json: cannot unmarshal number into Go struct field ResourceRequirements.spec.containers.resources.limits of type v1.ResourceList',
			],
		],
		[
			'an id',
			{ securityContext: { runAsUser: 1.5, runAsGroup: -2 } },
			[
				'securityContext/runAsUser| json: cannot unmarshal number 1.5 into Go struct field SecurityContext.spec.containers.securityContext.runAsUser of type int64',
				'securityContext/runAsGroup| spec.containers[0].securityContext.runAsGroup: Invalid value: -2: must be between 0 and 2147483647, inclusive',
			],
		],
	])('is refused for %s', (_name, container, expected) => {
		expect(containerFaults(container)).toEqual(expected);
	});

	it('has a name of its own', () => {
		expect(
			faults(podValue({ containers: [{ name: 'a' }, { name: 'a' }], initContainers: [{ name: 'a' }, { name: 'b' }] })),
		).toEqual([
			'spec/containers/1/name| spec.containers[1].name: Duplicate value: "a"',
			'spec/initContainers/0/name| spec.initContainers[0].name: Duplicate value: "a"',
		]);
		expect(containerFaults({ name: 'A' })).toEqual([
			expect.stringContaining(`name| spec.containers[0].name: Invalid value: "A": ${LABEL}`),
		]);
	});

	it('is an object', () => {
		expect(faults(podValue({ containers: ['app'] }))).toEqual([
			'spec/containers/0| json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type v1.Container',
		]);
		expect(faults(podValue({ containers: [null] }))).toEqual([
			'spec/containers/0/name| spec.containers[0].name: Required value',
		]);
		expect(faults(podValue({ containers: { name: 'app' } }))).toEqual([
			'spec/containers| json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
		]);
	});
});

describe('volumeMounts', () => {
	const VOLUMES = { volumes: [{ name: 'v' }] };
	const mountFaults = (...volumeMounts: Json[]) => containerFaults({ volumeMounts }, VOLUMES);

	it('are decoded in their order, with every field that mounts have', () => {
		const mounts = [
			{ name: 'v', mountPath: '/b', readOnly: true, recursiveReadOnly: 'Enabled', mountPropagation: 'None' },
			{ name: 'v', mountPath: 'a', subPath: '..data/x' },
			{ name: 'v', mountPath: '/c:', subPathExpr: '$(POD_NAME)' },
		];
		expect(decodeContainer({ volumeMounts: mounts }, VOLUMES).volumeMounts).toEqual([
			{ name: 'v', mountPath: '/b', subPath: undefined, subPathExpr: undefined, readOnly: true },
			{ name: 'v', mountPath: 'a', subPath: '..data/x', subPathExpr: undefined, readOnly: false },
			{ name: 'v', mountPath: '/c:', subPath: undefined, subPathExpr: '$(POD_NAME)', readOnly: false },
		]);
	});

	it('are read-only where the volume is', () => {
		const claim = (name: string, readOnly: boolean) => ({ name, persistentVolumeClaim: { claimName: 'c', readOnly } });
		const volumes = [claim('no', false), claim('yes', true)];
		const mounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}`, readOnly: false }));
		const decoded = decodeContainer({ volumeMounts: mounts }, { volumes }).volumeMounts;
		expect(decoded.map(({ readOnly }) => readOnly)).toEqual([false, true]);
	});

	it.each<[string, Json[], string[]]>([
		[
			'a volume that is not there',
			[{ name: 'zz', mountPath: '/a' }],
			['volumeMounts/0/name| spec.containers[0].volumeMounts[0].name: Not found: "zz"'],
		],
		[
			'nothing at all',
			[{}],
			[
				'volumeMounts/0/name| spec.containers[0].volumeMounts[0].name: Required value',
				'volumeMounts/0/mountPath| spec.containers[0].volumeMounts[0].mountPath: Required value',
			],
		],
		[
			'a path twice',
			[
				{ name: 'v', mountPath: '/a' },
				{ name: 'v', mountPath: '/a' },
			],
			['volumeMounts/1/mountPath| spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique'],
		],
		[
			'a subPath that is absolute',
			[{ name: 'v', mountPath: '/a', subPath: '/x' }],
			['volumeMounts/0/subPath| spec.containers[0].volumeMounts.subPath: Invalid value: "/x": must be a relative path'],
		],
		[
			'a subPath that leads out',
			[{ name: 'v', mountPath: '/a', subPath: 'x/../y' }],
			[
				'volumeMounts/0/subPath| spec.containers[0].volumeMounts.subPath: Invalid value: "x/../y": must not contain \'..\'',
			],
		],
		[
			'a subPathExpr that is both',
			[{ name: 'v', mountPath: '/a', subPathExpr: '/..' }],
			[
				'volumeMounts/0/subPathExpr| spec.containers[0].volumeMounts.subPathExpr: Invalid value: "/..": must be a relative path',
				'volumeMounts/0/subPathExpr| spec.containers[0].volumeMounts.subPathExpr: Invalid value: "/..": must not contain \'..\'',
			],
		],
		[
			'subPath and subPathExpr',
			[{ name: 'v', mountPath: '/a', subPath: 'x', subPathExpr: 'y' }],
			[
				'volumeMounts/0/subPathExpr| spec.containers[0].volumeMounts[0].subPathExpr: Invalid value: "y": subPathExpr and subPath are mutually exclusive',
			],
		],
		[
			'a field that is unknown',
			[{ name: 'v', mountPath: '/a', subpath: 'x' }],
			['volumeMounts/0/subpath| strict decoding error: unknown field "spec.containers[0].volumeMounts[0].subpath"'],
		],
		[
			'a flag of a wrong type',
			[{ name: 'v', mountPath: '/a', readOnly: 'true' }],
			[
				'volumeMounts/0/readOnly| json: cannot unmarshal string into Go struct field VolumeMount.spec.containers.volumeMounts.readOnly of type bool',
			],
		],
	])('are refused for %s', (_name, mounts, expected) => {
		expect(mountFaults(...mounts)).toEqual(expected);
	});

	it('find the volumes that a StatefulSet makes', () => {
		const value = {
			metadata: { name: 'db' },
			spec: {
				template: {
					spec: {
						containers: [{ name: 'app', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
						volumes: [{ name: 'data', configMap: { name: 'c' } }],
					},
				},
				volumeClaimTemplates: [{ metadata: { name: 'data' } }],
			},
		};
		expect(decode(value, 'StatefulSet').spec.volumes).toEqual([
			{ name: 'data', source: { kind: 'other', type: 'persistentVolumeClaim' } },
		]);
		expect(decode(value, 'Deployment').spec.volumes).toMatchObject([{ name: 'data', source: { kind: 'configMap' } }]);
	});
});

describe('env', () => {
	const decodeSource = (valueFrom: Json): EnvVarSource | undefined =>
		decodeContainer({ env: [{ name: 'A', valueFrom }] }, { volumes: [{ name: 'v', emptyDir: {} }] }).env[0]?.valueFrom;
	const envFaults = (...env: unknown[]) =>
		containerFaults(
			{ env },
			{
				volumes: [
					{ name: 'v', emptyDir: {} },
					{ name: 'c', configMap: { name: 'c' } },
				],
			},
		);
	const sourceFaults = (valueFrom: Json, more: Json = {}) =>
		envFaults({ name: 'A', valueFrom, ...more }).map((fault) => fault.replace(/^env\/0\/valueFrom\/?/, ''));

	it('is decoded in its order, with equal names', () => {
		expect(
			decodeContainer({ env: [{ name: 'B', value: '$(A)' }, { name: 'A' }, { name: 'B', value: null }] }).env,
		).toEqual([
			{ name: 'B', value: '$(A)', valueFrom: undefined },
			{ name: 'A', value: '', valueFrom: undefined },
			{ name: 'B', value: '', valueFrom: undefined },
		]);
	});

	it.each<[Json, EnvVarSource]>([
		[{ configMapKeyRef: { name: 'c', key: 'k' } }, { kind: 'configMapKeyRef', name: 'c', key: 'k', optional: false }],
		[
			{ secretKeyRef: { name: 's', key: '.k', optional: true } },
			{ kind: 'secretKeyRef', name: 's', key: '.k', optional: true },
		],
		[{ fieldRef: { fieldPath: 'metadata.name' } }, { kind: 'fieldRef', fieldPath: 'metadata.name' }],
		[
			{ fieldRef: { apiVersion: 'v1', fieldPath: "metadata.labels['example.com/app']" } },
			{ kind: 'fieldRef', fieldPath: "metadata.labels['example.com/app']" },
		],
		[
			{ fieldRef: { fieldPath: "metadata.annotations['Any']" } },
			{ kind: 'fieldRef', fieldPath: "metadata.annotations['Any']" },
		],
		[{ fieldRef: { fieldPath: 'status.podIPs' } }, { kind: 'fieldRef', fieldPath: 'status.podIPs' }],
		[{ fieldRef: { fieldPath: 'spec.host' } }, { kind: 'fieldRef', fieldPath: 'spec.nodeName' }],
		[
			{ resourceFieldRef: { resource: 'limits.cpu' } },
			{ kind: 'resourceFieldRef', containerName: undefined, resource: 'limits.cpu', divisor: '1' },
		],
		[
			{ resourceFieldRef: { containerName: 'app', resource: 'requests.memory', divisor: '1Mi' } },
			{ kind: 'resourceFieldRef', containerName: 'app', resource: 'requests.memory', divisor: '1Mi' },
		],
		[
			{ resourceFieldRef: { resource: 'limits.hugepages-2Mi', divisor: 1 } },
			{ kind: 'resourceFieldRef', containerName: undefined, resource: 'limits.hugepages-2Mi', divisor: '1' },
		],
		[
			{ resourceFieldRef: { resource: 'limits.memory', divisor: '0' } },
			{ kind: 'resourceFieldRef', containerName: undefined, resource: 'limits.memory', divisor: '1' },
		],
		[
			{ fileKeyRef: { volumeName: 'v', path: 'a/.env', key: 'K' } },
			{ kind: 'fileKeyRef', volumeName: 'v', path: 'a/.env', key: 'K', optional: false },
		],
	])('has the source %j', (valueFrom, expected) => {
		expect(decodeSource(valueFrom)).toEqual(expected);
	});

	it.each(['1', '1m', '1000m', '1.0', '0.001', '1k', '1000', '1Ki', '1024Ki', '0.5Gi'])(
		'has the divisor %s as a server has it',
		(divisor) => {
			const fits = (resource: string) => sourceFaults({ resourceFieldRef: { resource, divisor } }).length === 0;
			const isCpu = ['1', '1m', '1000m', '1.0', '0.001'].includes(divisor);
			const isBytes = ['1', '1000m', '1.0', '1k', '1000', '1Ki', '1024Ki'].includes(divisor);
			expect([fits('limits.cpu'), fits('requests.memory'), fits('limits.ephemeral-storage')]).toEqual([
				isCpu,
				isBytes,
				isBytes,
			]);
		},
	);

	it('has the divisor as a server prints it', () => {
		const divisors = ['1024Ki', '1000k', '1.0', '0.0Gi', '.', 'Mi', '0.001'].map((divisor) =>
			decodeSource({ resourceFieldRef: { resource: divisor === '0.001' ? 'limits.cpu' : 'limits.memory', divisor } }),
		);
		expect(divisors.map((ref) => ref?.kind === 'resourceFieldRef' && ref.divisor)).toEqual([
			'1Mi',
			'1M',
			'1',
			'1',
			'1',
			'1',
			'1m',
		]);
	});

	it.each<[string, Json, string[]]>([
		['a name that is missing', { value: 'x' }, ['env/0/name| spec.containers[0].env[0].name: Required value']],
		[
			'a name with "="',
			{ name: 'A=B' },
			[
				'env/0/name| spec.containers[0].env[0].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
			],
		],
		[
			'a misspelt field, as kubectl says it',
			{ name: 'A', vlaue: 'x' },
			['env/0/vlaue| strict decoding error: unknown field "spec.containers[0].env[0].vlaue"'],
		],
		[
			'a misspelt name, once',
			{ Name: 'A', value: 'x' },
			['env/0/Name| strict decoding error: unknown field "spec.containers[0].env[0].Name"'],
		],
		[
			'a flag as a value',
			{ name: 'A', value: true },
			['env/0/value| json: cannot unmarshal bool into Go struct field EnvVar.spec.containers.env.value of type string'],
		],
		[
			'a source of a wrong type',
			{ name: 'A', valueFrom: 'x' },
			[
				'env/0/valueFrom| json: cannot unmarshal string into Go struct field EnvVar.spec.containers.env.valueFrom of type v1.EnvVarSource',
			],
		],
		[
			'a value beside a source',
			{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
			[
				'env/0/valueFrom| spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
			],
		],
	])('is refused for %s', (_name, variable, expected) => {
		expect(envFaults(variable)).toEqual(expected);
	});

	const VALUE_FROM = 'spec.containers[0].env[0].valueFrom';
	it.each<[string, Json, string[]]>([
		[
			'none',
			{},
			[
				`| ${VALUE_FROM}: Invalid value: "": must specify one of: \`fieldRef\`, \`resourceFieldRef\`, \`configMapKeyRef\` or \`secretKeyRef\``,
			],
		],
		[
			'two',
			{ fieldRef: { fieldPath: 'metadata.name' }, configMapKeyRef: { name: 'c', key: 'k' } },
			[`| ${VALUE_FROM}: Invalid value: "": may not have more than one field specified at a time`],
		],
		[
			'one that is unknown',
			{ configMapRef: { name: 'c' } },
			[`configMapRef| strict decoding error: unknown field "${VALUE_FROM}.configMapRef"`],
		],
		[
			'a key that is missing',
			{ configMapKeyRef: { name: 'c' } },
			[`configMapKeyRef/key| ${VALUE_FROM}.configMapKeyRef.key: Required value`],
		],
		[
			'an optional of a wrong type',
			{ secretKeyRef: { name: 'c', key: 'k', optional: 'no' } },
			[
				'secretKeyRef/optional| json: cannot unmarshal string into Go struct field SecretKeySelector.spec.containers.env.valueFrom.secretKeyRef.optional of type bool',
			],
		],
		[
			'a field of a ref that is unknown',
			{ secretKeyRef: { secretName: 'c', name: 'c', key: 'k' } },
			[`secretKeyRef/secretName| strict decoding error: unknown field "${VALUE_FROM}.secretKeyRef.secretName"`],
		],
		[
			'a field path that is missing',
			{ fieldRef: {} },
			[`fieldRef/fieldPath| ${VALUE_FROM}.fieldRef.fieldPath: Required value`],
		],
		[
			'a field path that no pod has',
			{ fieldRef: { fieldPath: 'metadata.foo' } },
			[
				`fieldRef/fieldPath| ${VALUE_FROM}.fieldRef.fieldPath: Invalid value: "metadata.foo": error converting fieldPath: field label not supported: metadata.foo`,
			],
		],
		[
			'a field path that variables cannot have',
			{ fieldRef: { fieldPath: 'metadata.labels' } },
			[
				`fieldRef/fieldPath| ${VALUE_FROM}.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"`,
			],
		],
		[
			'a subscript of what has none',
			{ fieldRef: { fieldPath: "spec.nodeName['a']" } },
			[
				`fieldRef/fieldPath| ${VALUE_FROM}.fieldRef.fieldPath: Invalid value: "spec.nodeName['a']": error converting fieldPath: field label does not support subscript: spec.nodeName['a']`,
			],
		],
		[
			'an old version',
			{ fieldRef: { apiVersion: 'v2', fieldPath: 'metadata.name' } },
			[
				`fieldRef/fieldPath| ${VALUE_FROM}.fieldRef.fieldPath: Invalid value: "metadata.name": error converting fieldPath: unsupported pod version: v2`,
			],
		],
		[
			'a resource that is missing',
			{ resourceFieldRef: {} },
			[`resourceFieldRef/resource| ${VALUE_FROM}.resourceFieldRef.resource: Required value`],
		],
		[
			'a resource that is unknown',
			{ resourceFieldRef: { resource: 'limits.gpu' } },
			[
				`resourceFieldRef/resource| ${VALUE_FROM}.resourceFieldRef.resource: Unsupported value: "limits.gpu": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"`,
			],
		],
		[
			'a divisor of cpu',
			{ resourceFieldRef: { resource: 'limits.cpu', divisor: '1Mi' } },
			[
				`resourceFieldRef/divisor| ${VALUE_FROM}.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
			],
		],
		[
			'a divisor of memory',
			{ resourceFieldRef: { resource: 'limits.memory', divisor: '1m' } },
			[
				`resourceFieldRef/divisor| ${VALUE_FROM}.resourceFieldRef.divisor: Invalid value: "limits.memory": only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the memory resource`,
			],
		],
		[
			'a divisor that is no quantity',
			{ resourceFieldRef: { resource: 'limits.memory', divisor: 'x' } },
			[
				"resourceFieldRef/divisor| quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
			],
		],
		[
			'a file in no volume',
			{ fileKeyRef: { volumeName: 'zz', path: 'a', key: 'K' } },
			[`fileKeyRef/volumeName| ${VALUE_FROM}.fileKeyRef.volumeName: Not found: "zz"`],
		],
		[
			'a file in a volume that is no emptyDir',
			{ fileKeyRef: { volumeName: 'c', path: 'a', key: 'K' } },
			[`fileKeyRef/volumeName| ${VALUE_FROM}.fileKeyRef.volumeName: Invalid value: "c": must be an emptyDir volume`],
		],
		[
			'a file with nothing, or too much',
			{ fileKeyRef: { path: '../a' } },
			[
				`fileKeyRef/volumeName| ${VALUE_FROM}.fileKeyRef.volumeName: Required value`,
				`fileKeyRef/path| ${VALUE_FROM}.fileKeyRef.path: Invalid value: "../a": must not contain '..'`,
				`fileKeyRef/key| ${VALUE_FROM}.fileKeyRef.key: Required value`,
			],
		],
	])('refuses as source %s', (_name, valueFrom, expected) => {
		expect(sourceFaults(valueFrom)).toEqual(expected);
	});

	it.each<[string, Json, string]>([
		[
			'the name',
			{ configMapKeyRef: { key: 'k' } },
			`configMapKeyRef/name| ${VALUE_FROM}.configMapKeyRef.name: Invalid value: "": ${SUBDOMAIN}`,
		],
		[
			'the key',
			{ configMapKeyRef: { name: 'c', key: 'a b' } },
			`configMapKeyRef/key| ${VALUE_FROM}.configMapKeyRef.key: Invalid value: "a b": a valid config key must consist of`,
		],
		[
			'a subscript',
			{ fieldRef: { fieldPath: "metadata.labels['a b']" } },
			`fieldRef| ${VALUE_FROM}.fieldRef: Invalid value: "a b": name part must consist of`,
		],
		[
			'an annotation',
			{ fieldRef: { fieldPath: "metadata.annotations['A b']" } },
			`fieldRef| ${VALUE_FROM}.fieldRef: Invalid value: "a b": name part must consist of`,
		],
	])('checks %s', (_name, valueFrom, start) => {
		expect(sourceFaults(valueFrom)).toEqual([expect.stringContaining(start)]);
	});

	it('may be strict about names', () => {
		const env = [{ name: '1a' }, { name: 'a b' }, { name: 'a-b.c' }, { name: '..x' }];
		expect(decode(podValue({}, { env })).spec.containers[0]?.env).toHaveLength(4);
		expect(
			faults(podValue({}, { env }), 'Pod', true).map((fault) => fault.replace(/ value must| must/, ' must')),
		).toEqual([
			expect.stringContaining(
				"Invalid value: \"1a\": a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')",
			),
			expect.stringContaining('env[1].name: Invalid value: "a b": a valid environment variable name'),
			expect.stringContaining('env[3].name: Invalid value: "..x": must not start with \'..\''),
		]);
		expect(faults(podValue({}, { envFrom: [{ prefix: '1', configMapRef: { name: 'c' } }] }), 'Pod', true)).toHaveLength(
			1,
		);
	});

	it.each(['a b', '1', '$_-', '#@!', '~', 'ä', 'a\n', 'a\u007f'])('takes printable ASCII only: %j', (name) => {
		expect(envFaults({ name }).length === 0).toBe(/^[ -~]+$/.test(name));
	});
});

describe('envFrom', () => {
	it('is decoded in its order', () => {
		const envFrom = [
			{ secretRef: { name: 's', optional: true } },
			{ configMapRef: { name: 'c' }, prefix: 'p_' },
			{ configMapRef: { name: 'c-' }, secretRef: null },
		];
		expect(decodeContainer({ envFrom }).envFrom).toEqual([
			{ kind: 'secretRef', name: 's', optional: true, prefix: '' },
			{ kind: 'configMapRef', name: 'c', optional: false, prefix: 'p_' },
			{ kind: 'configMapRef', name: 'c-', optional: false, prefix: '' },
		]);
	});

	it.each<[string, Json, string[]]>([
		[
			'no source',
			{ prefix: 'x' },
			['envFrom/0| spec.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`'],
		],
		[
			'two sources',
			{ configMapRef: { name: 'a' }, secretRef: { name: 'b' } },
			[
				'envFrom/0| spec.containers[0].envFrom: Invalid value: "": may not have more than one field specified at a time',
			],
		],
		[
			'no name',
			{ configMapRef: {} },
			['envFrom/0/configMapRef/name| spec.containers[0].envFrom[0].configMapRef.name: Required value'],
		],
		[
			'a source that is unknown',
			{ configMapKeyRef: { name: 'a' } },
			[
				'envFrom/0/configMapKeyRef| strict decoding error: unknown field "spec.containers[0].envFrom[0].configMapKeyRef"',
			],
		],
		[
			'a field of the source that is unknown',
			{ secretRef: { name: 'a', key: 'k' } },
			['envFrom/0/secretRef/key| strict decoding error: unknown field "spec.containers[0].envFrom[0].secretRef.key"'],
		],
		[
			'a prefix',
			{ prefix: '=', secretRef: { name: 'a' } },
			[
				'envFrom/0/prefix| spec.containers[0].envFrom[0].prefix: Invalid value: "=": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
			],
		],
		[
			'a source of a wrong type',
			{ configMapRef: 'a' },
			[
				'envFrom/0/configMapRef| json: cannot unmarshal string into Go struct field EnvFromSource.spec.containers.envFrom.configMapRef of type v1.ConfigMapEnvSource',
			],
		],
	])('is refused for %s', (_name, entry, expected) => {
		expect(containerFaults({ envFrom: [entry] })).toEqual(expected);
	});

	it('checks the name', () => {
		expect(containerFaults({ envFrom: [{ configMapRef: { name: 'A' } }] })).toEqual([
			expect.stringContaining(`spec.containers[0].envFrom[0].configMapRef.name: Invalid value: "A": ${SUBDOMAIN}`),
		]);
	});
});

describe('volumes', () => {
	it.each<[string, Json, VolumeSource]>([
		[
			'configMap',
			{ configMap: { name: 'c' } },
			{ kind: 'configMap', name: 'c', projection: { defaultMode: 0o644, optional: false } },
		],
		[
			'configMap with everything',
			{
				configMap: {
					name: 'Any name',
					defaultMode: 0,
					optional: true,
					items: [
						{ key: 'any key', path: 'a/./b' },
						{ key: 'k', path: '.p', mode: 0o777 },
					],
				},
			},
			{
				kind: 'configMap',
				name: 'Any name',
				projection: {
					items: [
						{ key: 'any key', path: 'a/./b' },
						{ key: 'k', path: '.p', mode: 0o777 },
					],
					defaultMode: 0,
					optional: true,
				},
			},
		],
		[
			'secret',
			{ secret: { secretName: 's', items: [{ key: 'k', path: 'p', mode: 256 }] } },
			{
				kind: 'secret',
				name: 's',
				projection: { items: [{ key: 'k', path: 'p', mode: 256 }], defaultMode: 0o644, optional: false },
			},
		],
		[
			'downwardAPI',
			{
				downwardAPI: {
					defaultMode: 0o400,
					items: [
						{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' }, mode: 0o600 },
						{ path: 'l', fieldRef: { fieldPath: "metadata.labels['a']" } },
						{ path: 'cpu', resourceFieldRef: { containerName: 'app', resource: 'limits.cpu', divisor: '1m' } },
					],
				},
			},
			{
				kind: 'downwardAPI',
				defaultMode: 0o400,
				items: [
					{ path: 'labels', mode: 0o600, ref: { kind: 'fieldRef', fieldPath: 'metadata.labels' } },
					{ path: 'l', mode: undefined, ref: { kind: 'fieldRef', fieldPath: "metadata.labels['a']" } },
					{
						path: 'cpu',
						mode: undefined,
						ref: { kind: 'resourceFieldRef', containerName: 'app', resource: 'limits.cpu', divisor: '1m' },
					},
				],
			},
		],
		[
			'projected',
			{
				projected: {
					sources: [
						{ configMap: { name: 'c', items: [{ key: 'k', path: 'p' }] } },
						{},
						{ secret: { name: 's', optional: true } },
						{ downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
						{ serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
						{ clusterTrustBundle: { name: 'x', path: 'ca.pem' } },
						{ podCertificate: { keyPath: 'key.pem' } },
						{ podCertificate: {} },
					],
				},
			},
			{
				kind: 'projected',
				defaultMode: 0o644,
				sources: [
					{ kind: 'configMap', name: 'c', items: [{ key: 'k', path: 'p' }], optional: false },
					{ kind: 'secret', name: 's', items: [], optional: true },
					{
						kind: 'downwardAPI',
						items: [{ path: 'name', mode: undefined, ref: { kind: 'fieldRef', fieldPath: 'metadata.name' } }],
					},
					{ kind: 'other', type: 'serviceAccountToken', path: 'token' },
					{ kind: 'other', type: 'clusterTrustBundle', path: 'ca.pem' },
					{ kind: 'other', type: 'podCertificate', path: 'key.pem' },
					{ kind: 'other', type: 'podCertificate', path: undefined },
				],
			},
		],
		['projected of nothing', { projected: {} }, { kind: 'projected', defaultMode: 0o644, sources: [] }],
		['emptyDir', { emptyDir: {} }, { kind: 'emptyDir', medium: '', sizeLimit: undefined }],
		[
			'emptyDir in memory',
			{ emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
			{ kind: 'emptyDir', medium: 'Memory', sizeLimit: '64Mi' },
		],
		['nothing, as a server fills it in', {}, { kind: 'emptyDir', medium: '', sizeLimit: undefined }],
		['null', { configMap: null }, { kind: 'emptyDir', medium: '', sizeLimit: undefined }],
		['hostPath', { hostPath: { path: '/srv' } }, { kind: 'hostPath', path: '/srv', type: '' }],
		[
			'hostPath with a type',
			{ hostPath: { path: '/srv', type: 'Directory' } },
			{ kind: 'hostPath', path: '/srv', type: 'Directory' },
		],
		[
			'a claim',
			{ persistentVolumeClaim: { claimName: 'x', anything: 1 } },
			{ kind: 'other', type: 'persistentVolumeClaim' },
		],
		['csi', { csi: { driver: 'x' } }, { kind: 'other', type: 'csi' }],
		[
			'a claim that is read-only',
			{ persistentVolumeClaim: { claimName: 'x', readOnly: true } },
			{ kind: 'other', type: 'persistentVolumeClaim', readOnly: true },
		],
		['an image, which is read-only', { image: { reference: 'x' } }, { kind: 'other', type: 'image', readOnly: true }],
	])('%s', (_name, source, expected) => {
		expect(decodeVolume(source)).toEqual(expected);
	});

	const V = 'spec.volumes[0]';
	it.each<[string, Json, string[]]>([
		['no name of a configMap', { configMap: {} }, [`configMap/name| ${V}.configMap.name: Required value`]],
		['no name of a secret', { secret: {} }, [`secret/secretName| ${V}.secret.secretName: Required value`]],
		[
			'the name of a secret in the field of a configMap',
			{ secret: { name: 's' } },
			[`secret/name| strict decoding error: unknown field "${V}.secret.name"`],
		],
		[
			'an item of nothing',
			{ configMap: { name: 'c', items: [{}] } },
			[
				`configMap/items/0/key| ${V}.configMap.items[0].key: Required value`,
				`configMap/items/0/path| ${V}.configMap.items[0].path: Required value`,
			],
		],
		[
			'items that lead elsewhere',
			{
				secret: {
					secretName: 's',
					items: ['/abs', 'a/../b', '..x', '..', '../x', '...'].map((path) => ({ key: 'k', path })),
				},
			},
			[
				`secret/items/0/path| ${V}.secret.items[0].path: Invalid value: "/abs": must be a relative path`,
				`secret/items/1/path| ${V}.secret.items[1].path: Invalid value: "a/../b": must not contain '..'`,
				`secret/items/2/path| ${V}.secret.items[2].path: Invalid value: "..x": must not start with '..'`,
				`secret/items/3/path| ${V}.secret.items[3].path: Invalid value: "..": must not contain '..'`,
				`secret/items/3/path| ${V}.secret.items[3].path: Invalid value: "..": must not start with '..'`,
				`secret/items/4/path| ${V}.secret.items[4].path: Invalid value: "../x": must not contain '..'`,
				`secret/items/5/path| ${V}.secret.items[5].path: Invalid value: "...": must not start with '..'`,
			],
		],
		[
			'modes out of range',
			{ configMap: { name: 'c', defaultMode: 512, items: [{ key: 'k', path: 'p', mode: -1 }] } },
			[
				`configMap/defaultMode| ${V}.configMap.defaultMode: Invalid value: 512: ${MODE}`,
				`configMap/items/0/mode| ${V}.configMap.items[0].mode: Invalid value: -1: ${MODE}`,
			],
		],
		[
			'modes of a wrong type',
			{ configMap: { name: 'c', defaultMode: '0644', items: [{ key: 'k', path: 'p', mode: 420.5 }] } },
			[
				'configMap/defaultMode| json: cannot unmarshal string into Go struct field ConfigMapVolumeSource.spec.volumes.configMap.defaultMode of type int32',
				'configMap/items/0/mode| json: cannot unmarshal number 420.5 into Go struct field KeyToPath.spec.volumes.configMap.items.mode of type int32',
			],
		],
		[
			'a mode beyond 32 bits',
			{ projected: { defaultMode: 2 ** 31 } },
			[
				'projected/defaultMode| json: cannot unmarshal number 2147483648 into Go struct field ProjectedVolumeSource.spec.volumes.projected.defaultMode of type int32',
			],
		],
		[
			'misspelt fields',
			{ configMap: { name: 'c', default_mode: 1, items: [{ key: 'k', path: 'p', Mode: 1 }] } },
			[
				`configMap/default_mode| strict decoding error: unknown field "${V}.configMap.default_mode"`,
				`configMap/items/0/Mode| strict decoding error: unknown field "${V}.configMap.items[0].Mode"`,
			],
		],
		[
			'a misspelt kind',
			{ configmap: { name: 'c' } },
			[`configmap| strict decoding error: unknown field "${V}.configmap"`],
		],
		[
			'two kinds',
			{ configMap: { name: 'c' }, emptyDir: {}, persistentVolumeClaim: {} },
			[
				`persistentVolumeClaim| ${V}.persistentVolumeClaim: Forbidden: may not specify more than 1 volume type`,
				`configMap| ${V}.configMap: Forbidden: may not specify more than 1 volume type`,
			],
		],
		[
			'a kind of a wrong type',
			{ configMap: 'c' },
			[
				'configMap| json: cannot unmarshal string into Go struct field Volume.spec.volumes.configMap of type v1.ConfigMapVolumeSource',
			],
		],
		['a hostPath of nothing', { hostPath: {} }, [`hostPath/path| ${V}.hostPath.path: Required value`]],
		[
			'a hostPath that leads up, of an unknown type',
			{ hostPath: { path: '/a/..', type: 'Fifo' } },
			[
				`hostPath/path| ${V}.hostPath.path: Invalid value: "/a/..": must not contain '..'`,
				`hostPath/type| ${V}.hostPath.type: Unsupported value: "Fifo": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"`,
			],
		],
		[
			'an emptyDir',
			{ emptyDir: { medium: 1, sizeLimit: '-1', size: 1 } },
			[
				`emptyDir/size| strict decoding error: unknown field "${V}.emptyDir.size"`,
				`emptyDir/sizeLimit| ${V}.emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity`,
				'emptyDir/medium| json: cannot unmarshal number into Go struct field EmptyDirVolumeSource.spec.volumes.emptyDir.medium of type v1.StorageMedium',
			],
		],
		[
			'items of a downwardAPI',
			{
				downwardAPI: {
					items: [
						{ path: '', fieldRef: { fieldPath: 'status.podIP' } },
						{ path: 'a' },
						{ path: '/b', resourceFieldRef: { resource: 'limits.cpu' } },
						{ path: 'c', fieldRef: { fieldPath: 'metadata.uid' }, resourceFieldRef: { containerName: 'app' } },
					],
				},
			},
			[
				`downwardAPI/items/0/path| ${V}.downwardAPI.path: Required value`,
				`downwardAPI/items/0/fieldRef/fieldPath| ${V}.downwardAPI.items[0].fieldRef.fieldPath: Unsupported value: "status.podIP": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"`,
				`downwardAPI/items/1| ${V}.downwardAPI: Required value: one of fieldRef and resourceFieldRef is required`,
				`downwardAPI/items/2/path| ${V}.downwardAPI.path: Invalid value: "/b": must be a relative path`,
				`downwardAPI/items/2/resourceFieldRef/containerName| ${V}.downwardAPI.items[2].resourceFieldRef.containerName: Required value`,
				`downwardAPI/items/3/resourceFieldRef/resource| ${V}.downwardAPI.items[3].resourceFieldRef.resource: Required value`,
				`downwardAPI/items/3| ${V}.downwardAPI: Invalid value: "resource": fieldRef and resourceFieldRef can not be specified simultaneously`,
			],
		],
		[
			'a projected source of two kinds',
			{ projected: { sources: [{ configMap: { name: 'a' }, secret: { name: 'b' } }] } },
			[`projected/sources/0| ${V}.projected.sources[0]: Forbidden: may not specify more than 1 volume type per source`],
		],
		[
			'projected sources without a name, or with the wrong one',
			{ projected: { sources: [{ configMap: {} }, { secret: { secretName: 's' } }, { configmap: {} }] } },
			[
				`projected/sources/0/configMap/name| ${V}.projected.sources[0].configMap.name: Required value`,
				`projected/sources/1/secret/secretName| strict decoding error: unknown field "${V}.projected.sources[1].secret.secretName"`,
				`projected/sources/2/configmap| strict decoding error: unknown field "${V}.projected.sources[2].configmap"`,
			],
		],
		[
			'projected sources with the same path',
			{
				projected: {
					sources: [
						{ configMap: { name: 'c1', items: [{ key: 'k', path: 'same' }] } },
						{ configMap: { name: 'c2', items: [{ key: 'k', path: 'same' }] } },
						{ secret: { name: 's', items: [{ key: 'k', path: './same' }] } },
						{ downwardAPI: { items: [{ path: 'same', fieldRef: { fieldPath: 'metadata.name' } }] } },
						{ serviceAccountToken: { path: 'same' } },
						{ clusterTrustBundle: { name: 'x', path: 'same' } },
					],
				},
			},
			[
				`projected/sources/1/configMap/items/0/path| ${V}.projected: Invalid value: "c2": conflicting duplicate paths`,
				`projected/sources/3/downwardAPI/items/0/path| ${V}.projected: Invalid value: "same": conflicting duplicate paths`,
				`projected/sources/5/clusterTrustBundle/path| ${V}.projected: Invalid value: "same": conflicting duplicate paths`,
			],
		],
	])('are refused for %s', (_name, source, expected) => {
		expect(volumeFaults(source)).toEqual(expected);
	});

	it('have names of their own', () => {
		expect(faults(podValue({ volumes: [{ name: 'a' }, { name: 'a' }, {}, { name: 'A' }] }))).toEqual([
			'spec/volumes/1/name| spec.volumes[1].name: Duplicate value: "a"',
			'spec/volumes/2/name| spec.volumes[2].name: Required value',
			expect.stringContaining(`spec/volumes/3/name| spec.volumes[3].name: Invalid value: "A": ${LABEL}`),
		]);
	});
});

describe('a hostile manifest', () => {
	it('may be big', () => {
		const count = 100_000;
		const env = Array.from({ length: count }, (_none, index) => ({ name: `V${index}`, value: 'x' }));
		const volumes = Array.from({ length: count }, (_none, index) => ({ name: `v${index}` }));
		const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }));
		const items = volumes.map(({ name }) => ({ key: 'k', path: name }));
		const projected = { name: 'p', projected: { sources: [{ configMap: { name: 'c', items } }] } };
		const container = decodeContainer({ env, volumeMounts }, { volumes: [...volumes, projected] });
		expect([container.env.length, container.volumeMounts.length]).toEqual([count, count]);
	});

	it('may be wrong all over, which is not all said', () => {
		const env = Array.from({ length: 100_000 }, () => ({ value: 1 }));
		const texts = containerFaults({ env });
		expect(texts).toHaveLength(1001);
		expect(texts.at(-1)).toBe('| and 199000 more faults');
	});

	it('may give one long name to many fields', () => {
		const name = 'ä'.repeat(1_000_000);
		const texts = containerFaults({ env: Array.from({ length: 50_000 }, () => ({ name })) });
		expect(Math.max(...texts.map((text) => text.length))).toBeLessThan(1000);
		const path = 'a/'.repeat(1_000_000);
		const mounts = Array.from({ length: 50_000 }, (_none, index) => ({
			name: 'v',
			mountPath: `/${index}`,
			subPath: path,
		}));
		const container = decodeContainer({ volumeMounts: mounts }, { volumes: [{ name: 'v' }] });
		expect(container.volumeMounts).toHaveLength(50_000);
	});

	it.each(['1'.repeat(300_000), `${'1'.repeat(300_000)}!`, `${'.'.repeat(300_000)}!`, `1${'e'.repeat(300_000)}!`])(
		'may have a long quantity',
		(quantity) => {
			const resourceFieldRef = { resource: 'limits.cpu', divisor: quantity };
			expect(containerFaults({ env: [{ name: 'A', valueFrom: { resourceFieldRef } }] }).length).toBeGreaterThan(0);
			containerFaults({ resources: { limits: { cpu: quantity } } });
		},
	);

	it('may use the names of Object.prototype', () => {
		const value = JSON.parse(
			'{"metadata":{"name":"web","labels":{"constructor":"b"}},"__proto__":{"spec":{}},' +
				'"spec":{"containers":[{"name":"constructor","env":[{"name":"__proto__"}],' +
				'"resources":{"limits":{"__proto__":"1"}},"__proto__":{"args":["x"]},' +
				'"volumeMounts":[{"name":"constructor","mountPath":"__proto__"}]}],' +
				'"volumes":[{"name":"constructor","configMap":{"name":"constructor"}}]}}',
		);
		const pod = decode(value);
		expect(pod.metadata.labels.get('constructor')).toBe('b');
		expect(pod.spec.containers[0]?.env[0]?.name).toBe('__proto__');
		expect(pod.spec.containers[0]?.args).toBeUndefined();
		expect(pod.spec.containers[0]?.resources.limits.get('__proto__')).toBe('1');
		expect(volumeFaults(JSON.parse('{"toString":1}'))).toEqual([
			'toString| strict decoding error: unknown field "spec.volumes[0].toString"',
		]);
		expect(
			containerFaults({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'constructor' } } }] }),
		).toHaveLength(1);
	});

	it('may share its values by aliases', () => {
		const entries = Array.from({ length: 100 }, (_none, index) => `{name: V${index}, value: x}`).join(', ');
		const containers = Array.from({ length: 500 }, (_none, index) => `  - {name: c${index}, env: *env}`).join('\n');
		const text = `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nx: &env [${entries}]\nspec:\n  containers:\n${containers}\n`;
		const { others, problems } = parseManifest(text, { file: 'f.yaml', defaultNamespace: 'default' });
		expect(problems).toEqual([]);
		const [object] = others;
		const pod = object && decodePod(object, { defaultNamespace: 'default' }).pod;
		expect(pod?.spec.containers).toHaveLength(500);
		expect(pod?.spec.containers.at(-1)?.env).toHaveLength(100);
	});
});
