/**
 * The kinds of object that pods come from: how kubectl calls them, where their pod template is, and how the controller
 * would call a pod. Pure. Source: kubernetes v1.32 api/, kubectl api-resources.
 */

/** One step from an object towards its pod template. */
export interface TemplateStep {
	readonly field: string;
	/** The Go type of the value, for messages; without its package. */
	readonly goType: string;
}

export interface WorkloadKind {
	readonly kind: string;
	/** Those that some supported cluster serves or served; the first is today's. */
	readonly apiVersions: readonly string[];
	/** Kubectl's words in lower case: singular, plural, short names. */
	readonly names: readonly string[];
	/** Empty: the object is the pod itself. */
	readonly template: readonly TemplateStep[];
	/** The name of the first pod of a workload. What a controller would draw by lot is `local`. */
	readonly podName: (name: string, ordinal: number) => string;
	/** What the controller adds to the labels of that pod, as far as it is known without a cluster. */
	readonly podLabels: (name: string, ordinal: number) => readonly (readonly [key: string, value: string])[];
}

/** What takes the place of the random end of a generated name. */
export const GENERATED_SUFFIX = 'local';

const TEMPLATE: TemplateStep = { field: 'template', goType: 'PodTemplateSpec' };
const spec = (goType: string): TemplateStep => ({ field: 'spec', goType });

const local = (name: string) => `${name}-${GENERATED_SUFFIX}`;
const numbered = (name: string, ordinal: number) => `${name}-${ordinal}`;
const none = () => [];

export const WORKLOAD_KINDS: readonly WorkloadKind[] = [
	{
		kind: 'Pod',
		apiVersions: ['v1'],
		names: ['pod', 'pods', 'po'],
		template: [],
		podName: (name) => name,
		podLabels: none,
	},
	{
		kind: 'Deployment',
		apiVersions: ['apps/v1', 'apps/v1beta2', 'apps/v1beta1', 'extensions/v1beta1'],
		names: ['deployment', 'deployments', 'deploy'],
		template: [spec('DeploymentSpec'), TEMPLATE],
		podName: local,
		podLabels: none,
	},
	{
		kind: 'StatefulSet',
		apiVersions: ['apps/v1', 'apps/v1beta2', 'apps/v1beta1'],
		names: ['statefulset', 'statefulsets', 'sts'],
		template: [spec('StatefulSetSpec'), TEMPLATE],
		podName: numbered,
		// Source: kubernetes v1.32 pkg/controller/statefulset, updateIdentity.
		podLabels: (name, ordinal) => [
			['statefulset.kubernetes.io/pod-name', numbered(name, ordinal)],
			['apps.kubernetes.io/pod-index', String(ordinal)],
		],
	},
	{
		kind: 'DaemonSet',
		apiVersions: ['apps/v1', 'apps/v1beta2', 'extensions/v1beta1'],
		names: ['daemonset', 'daemonsets', 'ds'],
		template: [spec('DaemonSetSpec'), TEMPLATE],
		podName: local,
		podLabels: none,
	},
	{
		kind: 'ReplicaSet',
		apiVersions: ['apps/v1', 'apps/v1beta2', 'extensions/v1beta1'],
		names: ['replicaset', 'replicasets', 'rs'],
		template: [spec('ReplicaSetSpec'), TEMPLATE],
		podName: local,
		podLabels: none,
	},
	{
		kind: 'Job',
		apiVersions: ['batch/v1'],
		names: ['job', 'jobs'],
		template: [spec('JobSpec'), TEMPLATE],
		podName: local,
		// Source: kubernetes v1.32 pkg/registry/batch/job, generateSelector.
		podLabels: (name) => [
			['batch.kubernetes.io/job-name', name],
			['job-name', name],
		],
	},
	{
		kind: 'CronJob',
		apiVersions: ['batch/v1', 'batch/v1beta1'],
		names: ['cronjob', 'cronjobs', 'cj'],
		template: [spec('CronJobSpec'), { field: 'jobTemplate', goType: 'JobTemplateSpec' }, spec('JobSpec'), TEMPLATE],
		podName: local,
		podLabels: none,
	},
	{
		kind: 'ReplicationController',
		apiVersions: ['v1'],
		names: ['replicationcontroller', 'replicationcontrollers', 'rc'],
		template: [spec('ReplicationControllerSpec'), TEMPLATE],
		podName: local,
		podLabels: none,
	},
	{
		kind: 'PodTemplate',
		apiVersions: ['v1'],
		names: ['podtemplate', 'podtemplates'],
		template: [TEMPLATE],
		podName: local,
		podLabels: none,
	},
];

const BY_TYPE = new Map(
	WORKLOAD_KINDS.flatMap((kind) => kind.apiVersions.map((version) => [`${version} ${kind.kind}`, kind] as const)),
);
const BY_NAME = new Map(WORKLOAD_KINDS.flatMap((kind) => kind.names.map((word) => [word, kind] as const)));

/** Undefined: no pod comes from such an object. */
export function workloadKind(type: { readonly apiVersion: string; readonly kind: string }): WorkloadKind | undefined {
	return BY_TYPE.get(`${type.apiVersion} ${type.kind}`);
}

/** Of a word such as `deploy` or `Deployment`, without a group. */
export function workloadKindOfName(word: string): WorkloadKind | undefined {
	return BY_NAME.get(word.toLowerCase());
}

/** `apps` of `apps/v1`; empty for the core group. */
export function apiGroup(apiVersion: string): string {
	const slash = apiVersion.indexOf('/');
	return slash < 0 ? '' : apiVersion.slice(0, slash);
}
