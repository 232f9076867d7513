/**
 * The kinds of object that pods come from, as the API's paths have them: versions and plurals. Pure.
 * Source: kubernetes v1.32 api/, kubectl api-resources.
 */

/** How one kind is asked for. */
export interface WorkloadResource {
	/** `apps/v1`; tried in this order, because servers before 1.21 have CronJobs as v1beta1 only. */
	readonly apiVersions: readonly string[];
	/** `deployments`. */
	readonly plural: string;
}

const WORKLOAD_RESOURCES: ReadonlyMap<string, WorkloadResource> = new Map([
	['Pod', { apiVersions: ['v1'], plural: 'pods' }],
	['Deployment', { apiVersions: ['apps/v1'], plural: 'deployments' }],
	['StatefulSet', { apiVersions: ['apps/v1'], plural: 'statefulsets' }],
	['DaemonSet', { apiVersions: ['apps/v1'], plural: 'daemonsets' }],
	['ReplicaSet', { apiVersions: ['apps/v1'], plural: 'replicasets' }],
	['Job', { apiVersions: ['batch/v1'], plural: 'jobs' }],
	['CronJob', { apiVersions: ['batch/v1', 'batch/v1beta1'], plural: 'cronjobs' }],
	['ReplicationController', { apiVersions: ['v1'], plural: 'replicationcontrollers' }],
	['PodTemplate', { apiVersions: ['v1'], plural: 'podtemplates' }],
]);

/** Undefined: no pod comes from objects of this kind. `kind` is as in a manifest: `Deployment`. */
export function workloadResource(kind: string): WorkloadResource | undefined {
	return WORKLOAD_RESOURCES.get(kind);
}
