/**
 * Values of the downward API: fields of the pod, its labels and annotations, limits and requests of a container. This
 * machine replaces the node. Pure. The decoder of the pod has checked which reference is allowed where.
 * Source: kubelet v1.32 kubelet_pods.go, pkg/fieldpath, pkg/api/v1/resource/helpers.go.
 */

import { ConfigMapFsError } from '../../base/errors.js';
import { divideUp, milliValue, parseQuantity, type Quantity, quantityOf, wholeValue } from '../../go/quantity.js';
import { quoteGo } from '../../go/quote.js';
import { splitFieldPath } from '../decode/validation.js';
import type { PodSurroundings } from '../pod-objects.js';
import type { Container, ContainerResources, FieldRef, Pod, ResourceFieldRef } from '../pod-spec.js';

interface Field {
	readonly read: (pod: Pod, surroundings: PodSurroundings) => string;
	/** The local replacement for a value from the node. */
	readonly standIn?: string;
}

const THIS_ADDRESS = 'an address of this machine';

const FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
	['metadata.annotations', { read: (pod) => formatMap(pod.metadata.annotations) }],
	['metadata.labels', { read: (pod) => formatMap(pod.metadata.labels) }],
	['metadata.name', { read: (pod) => pod.metadata.name }],
	['metadata.namespace', { read: (pod) => pod.metadata.namespace }],
	['metadata.uid', { read: (pod) => pod.metadata.uid }],
	['spec.nodeName', { read: (pod, here) => pod.spec.nodeName ?? here.nodeName, standIn: 'the name of this machine' }],
	['spec.serviceAccountName', { read: (pod) => pod.spec.serviceAccountName }],
	['status.hostIP', { read: (_, { hostIP }) => hostIP, standIn: THIS_ADDRESS }],
	['status.hostIPs', { read: (_, { hostIP }) => hostIP, standIn: THIS_ADDRESS }],
	['status.podIP', { read: (_, { podIP }) => podIP, standIn: THIS_ADDRESS }],
	['status.podIPs', { read: (_, { podIP }) => podIP, standIn: THIS_ADDRESS }],
]);

/** Fields with a subscript. */
const SUBSCRIPTED: ReadonlyMap<string, (pod: Pod) => ReadonlyMap<string, string>> = new Map([
	['metadata.annotations', (pod: Pod) => pod.metadata.annotations],
	['metadata.labels', (pod: Pod) => pod.metadata.labels],
]);

interface Resource {
	/** Converts the value and the divisor before the division. */
	readonly count: (quantity: Quantity) => bigint;
	/** Replaces an absent limit, as the allocatable amount of the node does. */
	readonly allocatable?: (surroundings: PodSurroundings) => number;
	readonly standIn?: string;
}

const RESOURCES: ReadonlyMap<string, Resource> = new Map<string, Resource>([
	[
		'cpu',
		{
			count: milliValue,
			allocatable: ({ cpuCount }) => cpuCount,
			standIn: 'the number of CPUs of this machine, because the container has no limit',
		},
	],
	[
		'memory',
		{
			count: wholeValue,
			allocatable: ({ memoryBytes }) => memoryBytes,
			standIn: 'the memory of this machine, because the container has no limit',
		},
	],
	[
		'ephemeral-storage',
		{
			count: wholeValue,
			allocatable: ({ diskBytes }) => diskBytes,
			standIn: 'the size of the disk of this machine, because the container has no limit',
		},
	],
]);

const HUGE_PAGES_PREFIX = 'hugepages-';
const HUGE_PAGES: Resource = { count: wholeValue };
const RESOURCE_PATH = /^(limits|requests)\.(.+)$/s;

/**
 * The value of a reference. `container` is the container of the variable; undefined for a volume, whose references name
 * their container. An absent label or annotation is empty. Errors: INPUT_INVALID, without the field of the reference, if
 * the reference cannot be resolved.
 */
export function downwardValue(
	ref: FieldRef | ResourceFieldRef,
	pod: Pod,
	container: Container | undefined,
	surroundings: PodSurroundings,
): string {
	if (ref.kind === 'resourceFieldRef') return resourceValue(ref, resourcesOf(ref, pod, container), surroundings);
	const { path, subscript } = splitFieldPath(ref.fieldPath);
	if (subscript === undefined) {
		const field = FIELDS.get(path);
		if (field === undefined) throw invalid(`unsupported fieldPath: ${ref.fieldPath}`);
		return field.read(pod, surroundings);
	}
	const values = SUBSCRIPTED.get(path);
	if (values === undefined) throw invalid(`fieldPath ${quoteGo(ref.fieldPath)} does not support subscript`);
	return values(pod).get(subscript) ?? '';
}

/** Describes the local replacement for a value from the node; undefined if the value does not depend on the node. */
export function downwardStandIn(
	ref: FieldRef | ResourceFieldRef,
	pod: Pod,
	container: Container | undefined,
): string | undefined {
	if (ref.kind === 'fieldRef') {
		const isGiven = ref.fieldPath === 'spec.nodeName' && pod.spec.nodeName !== undefined;
		return isGiven ? undefined : FIELDS.get(ref.fieldPath)?.standIn;
	}
	const [, list, name = ''] = RESOURCE_PATH.exec(ref.resource) ?? [];
	if (list !== 'limits' || limitIn(resourcesOf(ref, pod, container), name) !== undefined) return undefined;
	return RESOURCES.get(name)?.standIn;
}

/** Lines `key="value"` in byte order of the keys, without a newline at the end. */
function formatMap(map: ReadonlyMap<string, string>): string {
	// Keys of labels and annotations are ASCII, so the order of UTF-16 is that of bytes.
	const lines = [...map].sort(([a], [b]) => (a < b ? -1 : 1));
	return lines.map(([key, value]) => `${key}=${quoteGo(value)}`).join('\n');
}

function containerOf(ref: ResourceFieldRef, pod: Pod, container: Container | undefined): Container {
	const { containers, initContainers } = pod.spec;
	const name = ref.containerName ?? '';
	const found = name === '' ? container : [...containers, ...initContainers].find((one) => one.name === name);
	if (found === undefined) throw invalid(`container ${name} not found`);
	return found;
}

/** The resources of the container, then those of its pod. */
type Resources = readonly [container: ContainerResources, pod: ContainerResources];

function resourcesOf(ref: ResourceFieldRef, pod: Pod, container: Container | undefined): Resources {
	return [containerOf(ref, pod, container).resources, pod.spec.resources];
}

function resourceValue(ref: ResourceFieldRef, resources: Resources, surroundings: PodSurroundings): string {
	const [, list, name = ''] = RESOURCE_PATH.exec(ref.resource) ?? [];
	const resource = name.startsWith(HUGE_PAGES_PREFIX) ? HUGE_PAGES : RESOURCES.get(name);
	if (list === undefined || resource === undefined) throw invalid(`unsupported container resource : ${ref.resource}`);
	const quantity =
		list === 'limits'
			? (limitIn(resources, name) ?? quantityOf(resource.allocatable?.(surroundings) ?? 0))
			: requestIn(resources, name);
	const divisor = resource.count(parseQuantity(ref.divisor));
	// A divisor of 0 means 1.
	return String(divideUp(resource.count(quantity), divisor === 0n ? resource.count(quantityOf(1)) : divisor));
}

/**
 * The limit of the container, or else of the pod. A limit of 0 is no limit, as for kubelet.
 * Source: kubelet v1.37 pkg/api/v1/resource/helpers.go, MergeContainerResourceLimits.
 */
function limitIn(resources: Resources, name: string): Quantity | undefined {
	for (const { limits } of resources) {
		const limit = parseQuantity(limits.get(name) ?? '0');
		if (limit.nanos !== 0n) return limit;
	}
	return undefined;
}

/** The request of the container, or else of the pod; 0 if absent. An absent request equals the limit, as for a server. */
function requestIn(resources: Resources, name: string): Quantity {
	const amounts = resources.map(({ limits, requests }) => requests.get(name) ?? limits.get(name));
	return parseQuantity(amounts.find((amount) => amount !== undefined) ?? '0');
}

function invalid(text: string): ConfigMapFsError {
	return new ConfigMapFsError('INPUT_INVALID', text);
}
