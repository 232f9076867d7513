/**
 * Reads single workloads of a live cluster: one GET each, with the credentials and transport of the cluster source, so
 * that the permission to get suffices. Nothing is watched; a caller interested in changes reads again.
 */

import { ConfigMapFsError } from '../../base/errors.js';
import { type Logger, SILENT } from '../../base/log.js';
import { SYSTEM_TIMERS, type Timers } from '../../base/timers.js';
import { isJsonObject } from '../../go/json/value.js';
import { objectTypeName } from '../../model/fields/field-table.js';
import { unknownFields, unknownFieldText } from '../../model/fields/unknown-fields.js';
import type { LocatedObject } from '../../model/manifest-object.js';
import type { ObjectKey } from '../../model/object-key.js';
import type { ApiClient } from './api-client.js';
import { ApiError, toApiError } from './api-error.js';
import { KubeconfigAuthentication } from './authentication.js';
import { resourceVersionOf } from './cluster-object.js';
import { toFailure } from './failure-text.js';
import { HttpsClient } from './https-client.js';
import type { Kubeconfig } from './kubeconfig.js';

/** Path elements of one kind. */
export interface WorkloadResource {
	/** `apps/v1`; tried in this order, because servers before 1.21 have CronJobs only as v1beta1. */
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

/** Undefined for a kind without pods. `kind` is as in a manifest: `Deployment`. */
export function workloadResource(kind: string): WorkloadResource | undefined {
	return WORKLOAD_RESOURCES.get(kind);
}

export interface ClusterWorkload extends ObjectKey {
	/** As in a manifest: `Deployment`. */
	readonly kind: string;
}

export interface WorkloadReaderOptions {
	readonly kubeconfig: Kubeconfig;
	/** Default is the clock of the process. */
	readonly timers?: Timers;
	readonly log?: Logger;
	/** For tests. Default is HTTPS as the kubeconfig configures it. */
	readonly client?: ApiClient;
}

/**
 * Reads one workload. `location` of the result, and of each of its fields, is `cluster NAMESPACE kind/name`.
 * Errors: as WorkloadReader.read.
 */
export async function readWorkload(
	kubeconfig: Kubeconfig,
	workload: ClusterWorkload,
	log?: Logger,
): Promise<LocatedObject> {
	const reader = new WorkloadReader({ kubeconfig, ...(log && { log }) });
	try {
		return await reader.read(workload);
	} finally {
		reader.close();
	}
}

export class WorkloadReader {
	readonly #options: WorkloadReaderOptions;
	readonly #client: ApiClient;
	readonly #abort = new AbortController();
	/** The objects that were read last, by location. */
	readonly #known = new Map<string, { readonly object: LocatedObject; readonly resourceVersion: string }>();

	constructor(options: WorkloadReaderOptions) {
		const { kubeconfig, timers = SYSTEM_TIMERS, log = SILENT } = options;
		this.#options = options;
		const { server } = kubeconfig.cluster;
		this.#client =
			options.client ??
			new HttpsClient({ server, authentication: new KubeconfigAuthentication({ kubeconfig, timers, log }), timers });
	}

	/**
	 * The current workload; the same value as before while its resourceVersion is the same.
	 * Errors: INPUT_MISSING if the object or namespace does not exist; USAGE for a kind without pods; those of toFailure:
	 * CLUSTER_UNREACHABLE, CLUSTER_FORBIDDEN, CONFIG_INVALID for a certificate.
	 */
	async read(workload: ClusterWorkload): Promise<LocatedObject> {
		const { kind, namespace, name } = workload;
		const resource = workloadResource(kind);
		if (resource === undefined) {
			throw new ConfigMapFsError('USAGE', `a ${kind} has no pods; name a workload, such as deployment/${name}`);
		}
		const value = await this.#get(resource, workload);
		const location = `cluster ${namespace} ${kind.toLowerCase()}/${name}`;
		if (!isJsonObject(value) || typeof value.apiVersion !== 'string') {
			const error = new ApiError('protocol', `${location} is not a Kubernetes object`);
			throw this.#failure(error);
		}
		const resourceVersion = resourceVersionOf(value);
		const known = this.#known.get(location);
		if (known !== undefined && resourceVersion !== '' && known.resourceVersion === resourceVersion) return known.object;
		const { apiVersion } = value;
		const object = { apiVersion, kind, name, namespace, value, location, locate: () => location };
		this.#logUnknownFields(object);
		this.#known.set(location, { object, resourceVersion });
		return object;
	}

	/** A server newer than this program may have fields that the table lacks. */
	#logUnknownFields(object: LocatedObject): void {
		const type = objectTypeName(object);
		if (type === undefined) return;
		for (const field of unknownFields(object.value, type)) {
			this.#options.log?.debug(`${object.location}: ${unknownFieldText(field, 'warn')}`);
		}
	}

	/** Cancels running requests and closes the connections. Idempotent. */
	close(): void {
		this.#abort.abort();
		this.#client.close();
	}

	async #get({ apiVersions, plural }: WorkloadResource, key: ClusterWorkload): Promise<unknown> {
		let error: ApiError | undefined;
		for (const apiVersion of apiVersions) {
			try {
				return await this.#client.read({ apiVersion, plural }, key, this.#abort.signal);
			} catch (thrown) {
				error = toApiError(thrown);
				// A 404 without the name of the object is about the version.
				if (error.code !== 404 || error.message.includes(`"${key.name}"`)) break;
			}
		}
		if (error?.code === 404) throw await this.#missing(plural, key);
		throw this.#failure(error ?? new ApiError('protocol', `${plural} have no version`));
	}

	async #missing(plural: string, { kind, namespace, name }: ClusterWorkload): Promise<ConfigMapFsError> {
		const { server } = this.#client;
		const start = `Error from server (NotFound): ${kind.toLowerCase()} "${name}" not found in namespace "${namespace}"`;
		if ((await this.#hasNamespace(namespace)) === false) {
			return new ConfigMapFsError('INPUT_MISSING', `${start}: ${server} has no such namespace; choose another with -n`);
		}
		const cure = `"kubectl get ${plural} -n ${namespace}" lists the existing ones`;
		return new ConfigMapFsError('INPUT_MISSING', `${start} of ${server}; ${cure}`);
	}

	/** Undefined if the server does not answer or the user may not know. */
	async #hasNamespace(namespace: string): Promise<boolean | undefined> {
		try {
			return await this.#client.hasNamespace(namespace, this.#abort.signal);
		} catch {
			return undefined;
		}
	}

	#failure(error: ApiError): ConfigMapFsError {
		return toFailure(error, { server: this.#client.server, userName: this.#options.kubeconfig.userName });
	}
}
