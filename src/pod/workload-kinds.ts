/**
 * The kinds of objects that have a pod template: kubectl's names for them, the path of the template, and the name that
 * the controller gives a pod. Pure. Source: kubernetes v1.32 api/, kubectl api-resources.
 */

/** One step from an object to its pod template. */
export interface TemplateStep {
	readonly field: string;
	/** Go type of the value without its package, for messages. */
	readonly goType: string;
}

export interface WorkloadKind {
	readonly kind: string;
	/** Versions that a cluster serves or once served, the current one first. */
	readonly apiVersions: readonly string[];
	/** Kubectl's names in lower case: singular, plural, short names. */
	readonly names: readonly string[];
	/** Empty: the object is the pod itself. */
	readonly template: readonly TemplateStep[];
	/** The name of the first pod. A random suffix becomes `local`. */
	readonly podName: (name: string, ordinal: number) => string;
	/** Labels that the controller adds to that pod, as far as they are known without a cluster. */
	readonly podLabels: (name: string, ordinal: number) => readonly (readonly [key: string, value: string])[];
}

/** Replaces the random suffix of a generated name. */
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
const BY_NAME = new Map(WORKLOAD_KINDS.flatMap((kind) => kind.names.map((name) => [name, kind] as const)));

/** An object, as far as its type and its pod template matter. */
export interface Templated {
	readonly apiVersion: string;
	readonly kind: string;
	readonly value?: unknown;
}

/** Undefined if the object has no pod template. */
export function workloadKind(object: Templated): WorkloadKind | undefined {
	return builtInKind(object) ?? customKind(object);
}

/** Undefined for custom resources. */
export function builtInKind({ apiVersion, kind }: Pick<Templated, 'apiVersion' | 'kind'>): WorkloadKind | undefined {
	return BY_TYPE.get(`${apiVersion} ${kind}`);
}

/** Where a custom resource can have its pod template: as a Deployment has it, or as a CronJob. */
function customTemplates(kind: string): readonly (readonly TemplateStep[])[] {
	const own = spec(`${kind}Spec`);
	const job: TemplateStep = { field: 'jobTemplate', goType: 'JobTemplateSpec' };
	return [
		[own, TEMPLATE],
		[own, job, spec('JobSpec'), TEMPLATE],
	];
}

/** The kind of a custom resource with a pod template, such as an Argo Rollout or a Knative Service. */
function customKind({ apiVersion, kind, value }: Templated): WorkloadKind | undefined {
	if (!isCustomGroup(apiGroup(apiVersion))) return undefined;
	const template = customTemplates(kind).find((steps) => hasContainers(value, steps));
	if (template === undefined) return undefined;
	return { kind, apiVersions: [apiVersion], names: customNames(kind), template, podName: local, podLabels: none };
}

/**
 * Whether the group can be that of a custom resource. Built-in groups have no dot, or end with `.k8s.io`.
 * Source: kubernetes v1.32 apiextensions validation, ValidateCustomResourceDefinition: "should be a domain with at least
 * one dot".
 */
export function isCustomGroup(group: string): boolean {
	return group.includes('.') && !group.endsWith('.k8s.io');
}

/** Singular and plural. Source: kubernetes v1.32 apimachinery meta, UnsafeGuessKindToResource. */
export function customNames(kind: string): readonly string[] {
	const singular = kind.toLowerCase();
	if (singular.endsWith('s')) return [singular, `${singular}es`];
	return [singular, singular.endsWith('y') ? `${singular.slice(0, -1)}ies` : `${singular}s`];
}

function hasContainers(value: unknown, template: readonly TemplateStep[]): boolean {
	const fields = [...template.map(({ field }) => field), 'spec', 'containers'];
	const containers = fields.reduce<unknown>((inside, field) => member(inside, field), value);
	return Array.isArray(containers) && containers.length > 0;
}

/** Undefined if the value is not an object, or lacks the field. */
export function member(value: unknown, name: string): unknown {
	if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
	return (value as Readonly<Record<string, unknown>>)[name];
}

/** The kind of a name such as `deploy` or `Deployment`, without a group. */
export function workloadKindOfName(name: string): WorkloadKind | undefined {
	return BY_NAME.get(name.toLowerCase());
}

/** `apps` of `apps/v1`; empty for the core group. */
export function apiGroup(apiVersion: string): string {
	const slash = apiVersion.indexOf('/');
	return slash < 0 ? '' : apiVersion.slice(0, slash);
}
