import { describe, expect, it } from 'vitest';
import { decode, faults, type Json, LABEL, podValue, SUBDOMAIN } from './decoding.js';

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

	it('has index 0 for an Indexed Job', () => {
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
			resources: { limits: new Map(), requests: new Map() },
			securityContext: {
				runAsUser: undefined,
				runAsGroup: undefined,
				fsGroup: undefined,
				supplementalGroups: [],
			},
			nodeName: undefined,
			serviceAccountName: 'default',
			hostname: undefined,
			subdomain: undefined,
			setHostnameAsFQDN: false,
			hostnameOverride: undefined,
			enableServiceLinks: true,
		});
	});

	it('has the resources of the pod, and refuses requests above them', () => {
		const resources = { limits: { cpu: 2, memory: '1Gi' }, requests: { cpu: '500m' } };
		expect(decode(podValue({ resources })).spec.resources).toEqual({
			limits: new Map([
				['cpu', '2'],
				['memory', '1Gi'],
			]),
			requests: new Map([['cpu', '500m']]),
		});
		expect(faults(podValue({ resources: { ...resources, requests: { cpu: '3000m' } } }))).toEqual([
			'spec/resources/requests/cpu| spec.resources.requests: Invalid value: "3": must be less than or equal to cpu limit of 2',
		]);
	});

	it('has the values of the spec', () => {
		const { spec } = decode(
			podValue({
				initContainers: [{ name: 'setup' }],
				securityContext: { runAsUser: 1000, runAsGroup: 2000, fsGroup: 0, supplementalGroups: [1, null] },
				nodeName: 'node-1',
				serviceAccountName: 'robot',
				hostname: 'box',
				enableServiceLinks: false,
				tolerations: 'ignored',
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
			'a number as a value, at depth',
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
			'a value that is not an object',
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
			'an invalid name',
			{ ...podValue(), metadata: { name: 'Web' } },
			`metadata/name| metadata.name: Invalid value: "Web": ${SUBDOMAIN}`,
		],
		[
			'an invalid namespace',
			{ ...podValue(), metadata: { name: 'web', namespace: 'a.b' } },
			`metadata/namespace| metadata.namespace: Invalid value: "a.b": ${LABEL}`,
		],
		[
			'an invalid label',
			{ ...podValue(), metadata: { name: 'web', labels: { a: '-' } } },
			'metadata/labels/a| metadata.labels: Invalid value: "-": a valid label must be',
		],
		[
			'an invalid annotation',
			{ ...podValue(), metadata: { name: 'web', annotations: { 'a b': '' } } },
			'metadata/annotations/a b| metadata.annotations: Invalid value: "a b": name part must consist of',
		],
		['an invalid node', podValue({ nodeName: 'A' }), `spec/nodeName| spec.nodeName: Invalid value: "A": ${SUBDOMAIN}`],
		[
			'an invalid subdomain',
			podValue({ subdomain: 'a.b' }),
			`spec/subdomain| spec.subdomain: Invalid value: "a.b": ${LABEL}`,
		],
		[
			'an invalid override of the host name',
			podValue({ hostnameOverride: 'A' }),
			`spec/hostnameOverride| spec.hostnameOverride: Invalid value: "A": ${SUBDOMAIN}`,
		],
		[
			'an invalid host name',
			podValue({ hostname: 'a.b' }),
			`spec/hostname| spec.hostname: Invalid value: "a.b": ${LABEL}`,
		],
		[
			'an invalid service account',
			podValue({ serviceAccountName: '-' }),
			`spec/serviceAccountName| spec.serviceAccountName: Invalid value: "-": ${SUBDOMAIN}`,
		],
	])('is refused for %s', (_name, value, start) => {
		expect(faults(value)).toEqual([expect.stringContaining(start)]);
	});

	it('does not exist for an object without a pod template', () => {
		expect(faults({}, 'Service')).toEqual(['kind| kind "Service" in version "apps/v1" has no pod template']);
	});
});
