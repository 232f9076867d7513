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
import type { Container, FieldRef, Pod, ResourceFieldRef } from '../pod-spec.js';

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
			standIn: '0, because the container has no limit and the storage of a node is unknown here',
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
	if (list !== 'limits' || hasLimit(containerOf(ref, pod, container), name)) return undefined;
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

function resourceValue(ref: ResourceFieldRef, container: Container, surroundings: PodSurroundings): string {
	const [, list, name = ''] = RESOURCE_PATH.exec(ref.resource) ?? [];
	const resource = name.startsWith(HUGE_PAGES_PREFIX) ? HUGE_PAGES : RESOURCES.get(name);
	if (list === undefined || resource === undefined) throw invalid(`unsupported container resource : ${ref.resource}`);
	const quantity = list === 'limits' ? limitOf(container, name, resource, surroundings) : requestOf(container, name);
	const divisor = resource.count(parseQuantity(ref.divisor));
	// A divisor of 0 means 1.
	return String(divideUp(resource.count(quantity), divisor === 0n ? resource.count(quantityOf(1)) : divisor));
}

function limitOf(container: Container, name: string, resource: Resource, surroundings: PodSurroundings): Quantity {
	if (hasLimit(container, name)) return amountOf(container.resources.limits, name);
	return quantityOf(resource.allocatable?.(surroundings) ?? 0);
}

/** A limit of 0 is no limit, as for kubelet. */
function hasLimit(container: Container, name: string): boolean {
	return amountOf(container.resources.limits, name).nanos !== 0n;
}

/** An absent request equals the limit: the default of an API server. */
function requestOf({ resources }: Container, name: string): Quantity {
	return amountOf(resources.requests.has(name) ? resources.requests : resources.limits, name);
}

/** 0 if absent. */
function amountOf(amounts: ReadonlyMap<string, string>, name: string): Quantity {
	return parseQuantity(amounts.get(name) ?? '0');
}

function invalid(text: string): ConfigMapFsError {
	return new ConfigMapFsError('INPUT_INVALID', text);
}
