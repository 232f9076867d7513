/**
 * What the downward API says of a pod: its own fields, its labels and annotations, a container's limits and requests.
 * Where a cluster would ask the node, the surroundings answer. Pure. Which reference is allowed where is decided when
 * the pod is decoded.
 * Source: kubelet v1.32 kubelet_pods.go, pkg/fieldpath, pkg/api/v1/resource/helpers.go.
 */

import { ConfigMapFsError } from '../../base/errors.js';
import { divideUp, milliValue, parseQuantity, type Quantity, quantityOf, wholeValue } from '../../go/quantity.js';
import { quoteGo } from '../../go/quote.js';
import { splitFieldPath } from '../decode/validation.js';
import type { PodSurroundings } from '../pod-objects.js';
import type { Container, FieldRef, Pod, ResourceFieldRef } from '../pod-spec.js';

interface Field {
	readonly read: (pod: Pod, surroundings: PodSurroundings) => string;
	/** What stands in for a node's answer here. */
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

/** Fields of which one key can be asked. */
const SUBSCRIPTED: ReadonlyMap<string, (pod: Pod) => ReadonlyMap<string, string>> = new Map([
	['metadata.annotations', (pod: Pod) => pod.metadata.annotations],
	['metadata.labels', (pod: Pod) => pod.metadata.labels],
]);

interface Resource {
	/** How the value and the divisor are counted before the division. */
	readonly count: (quantity: Quantity) => bigint;
	/** The node's allocatable, which stands in for a limit that is not there. */
	readonly allocatable?: (surroundings: PodSurroundings) => number;
	readonly standIn?: string;
}

const RESOURCES: ReadonlyMap<string, Resource> = new Map<string, Resource>([
	[
		'cpu',
		{
			count: milliValue,
			allocatable: ({ cpuCount }) => cpuCount,
			standIn: 'the processors of this machine, because the container has no such limit',
		},
	],
	[
		'memory',
		{
			count: wholeValue,
			allocatable: ({ memoryBytes }) => memoryBytes,
			standIn: 'the memory of this machine, because the container has no such limit',
		},
	],
	[
		'ephemeral-storage',
		{
			count: wholeValue,
			standIn: '0, because the container has no such limit and what a node would offer is not known here',
		},
	],
]);

const HUGE_PAGES_PREFIX = 'hugepages-';
const HUGE_PAGES: Resource = { count: wholeValue };
const RESOURCE_PATH = /^(limits|requests)\.(.+)$/s;

/**
 * The value of a reference. `container` is the one whose environment it is for; a volume's reference has none, and
 * names its container. A label or annotation that is not there is empty text. Errors: INPUT_INVALID, without the place
 * of the reference, for one that no pod can answer.
 */
export function downwardValue(
	ref: FieldRef | ResourceFieldRef,
	pod: Pod,
	container: Container | undefined,
	surroundings: PodSurroundings,
): string {
	if (ref.kind === 'resourceFieldRef') return resourceValue(ref, containerOf(ref, pod, container), surroundings);
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

/** What the value of a reference is made of here where a cluster would ask the node; undefined where it would not. */
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
	if (list !== 'limits' || hasLimit(containerOf(ref, pod, container), name)) return undefined;
	return RESOURCES.get(name)?.standIn;
}

/** Rows `key="value"` in byte order of the keys, without a line break at the end. */
function formatMap(map: ReadonlyMap<string, string>): string {
	// Keys of labels and annotations are ASCII, whose order is that of UTF-16.
	const rows = [...map].sort(([a], [b]) => (a < b ? -1 : 1));
	return rows.map(([key, value]) => `${key}=${quoteGo(value)}`).join('\n');
}

function containerOf(ref: ResourceFieldRef, pod: Pod, container: Container | undefined): Container {
	const { containers, initContainers } = pod.spec;
	const name = ref.containerName ?? '';
	const found = name === '' ? container : [...containers, ...initContainers].find((one) => one.name === name);
	if (found === undefined) throw invalid(`container ${name} not found`);
	return found;
}

function resourceValue(ref: ResourceFieldRef, container: Container, surroundings: PodSurroundings): string {
	const [, list, name = ''] = RESOURCE_PATH.exec(ref.resource) ?? [];
	const resource = name.startsWith(HUGE_PAGES_PREFIX) ? HUGE_PAGES : RESOURCES.get(name);
	if (list === undefined || resource === undefined) throw invalid(`unsupported container resource : ${ref.resource}`);
	const quantity = list === 'limits' ? limitOf(container, name, resource, surroundings) : requestOf(container, name);
	const divisor = resource.count(parseQuantity(ref.divisor));
	// A divisor of 0 is 1.
	return String(divideUp(resource.count(quantity), divisor === 0n ? resource.count(quantityOf(1)) : divisor));
}

function limitOf(container: Container, name: string, resource: Resource, surroundings: PodSurroundings): Quantity {
	if (hasLimit(container, name)) return amountOf(container.resources.limits, name);
	return quantityOf(resource.allocatable?.(surroundings) ?? 0);
}

/** A limit of 0 is none, as for kubelet. */
function hasLimit(container: Container, name: string): boolean {
	return amountOf(container.resources.limits, name).nanos !== 0n;
}

/** A request that is not there is the limit: an API server writes it so. */
function requestOf({ resources }: Container, name: string): Quantity {
	return amountOf(resources.requests.has(name) ? resources.requests : resources.limits, name);
}

/** 0 where there is none. */
function amountOf(amounts: ReadonlyMap<string, string>, name: string): Quantity {
	return parseQuantity(amounts.get(name) ?? '0');
}

function invalid(text: string): ConfigMapFsError {
	return new ConfigMapFsError('INPUT_INVALID', text);
}
