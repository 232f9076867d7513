/**
 * What the downward API says of a pod: its own fields, its labels and annotations, a container's limits and requests.
 * Pure: where a cluster would ask the node, the surroundings answer.
 * Source: kubelet v1.32 kubelet_pods.go, pkg/fieldpath, pkg/api/v1/resource/helpers.go.
 */

import { ConfigMapFsError } from '../base/errors.js';
import { quoteGo } from '../base/go-quote.js';
import { labelKeyFaults } from '../model/validation.js';
import type { PodSurroundings } from './pod-objects.js';
import type { Container, FieldRef, Pod, ResourceFieldRef } from './pod-spec.js';
import { divideUp, milliValue, parseQuantity, type Quantity, quantityOf, wholeValue } from './quantity.js';

interface Field {
	readonly read: (pod: Pod, surroundings: PodSurroundings) => string;
	/** Where an API server takes it: the environment, a volume. */
	readonly inEnvironment: boolean;
	readonly inVolume: boolean;
	/** What stands in for a node's answer here. */
	readonly standIn?: string;
}

const BOTH = { inEnvironment: true, inVolume: true };
const ENVIRONMENT_ONLY = { inEnvironment: true, inVolume: false };
const VOLUME_ONLY = { inEnvironment: false, inVolume: true };
const THIS_ADDRESS = 'an address of this machine';

/** Source: kubernetes v1.32 validation.go, validEnvDownwardAPIFieldPathExpressions and the like for volumes. */
const FIELDS: ReadonlyMap<string, Field> = new Map([
	['metadata.annotations', { ...VOLUME_ONLY, read: (pod) => formatMap(pod.metadata.annotations) }],
	['metadata.labels', { ...VOLUME_ONLY, read: (pod) => formatMap(pod.metadata.labels) }],
	['metadata.name', { ...BOTH, read: (pod) => pod.metadata.name }],
	['metadata.namespace', { ...BOTH, read: (pod) => pod.metadata.namespace }],
	['metadata.uid', { ...BOTH, read: (pod) => pod.metadata.uid }],
	[
		'spec.nodeName',
		{
			...ENVIRONMENT_ONLY,
			read: (pod, surroundings) => pod.spec.nodeName ?? surroundings.nodeName,
			standIn: 'the name of this machine',
		},
	],
	['spec.serviceAccountName', { ...ENVIRONMENT_ONLY, read: (pod) => pod.spec.serviceAccountName }],
	['status.hostIP', { ...ENVIRONMENT_ONLY, read: (_, { hostIP }) => hostIP, standIn: THIS_ADDRESS }],
	['status.hostIPs', { ...ENVIRONMENT_ONLY, read: (_, { hostIP }) => hostIP, standIn: THIS_ADDRESS }],
	['status.podIP', { ...ENVIRONMENT_ONLY, read: (_, { podIP }) => podIP, standIn: THIS_ADDRESS }],
	['status.podIPs', { ...ENVIRONMENT_ONLY, read: (_, { podIP }) => podIP, standIn: THIS_ADDRESS }],
] satisfies [string, Field][]);

/** `metadata.labels['app']`: what comes before the bracket, and the key. */
const SUBSCRIPT = /^(.+?)\['(.*)'\]$/s;

interface Subscript {
	readonly faults: (key: string) => readonly string[];
	readonly values: (pod: Pod) => ReadonlyMap<string, string>;
}

const SUBSCRIPTS: ReadonlyMap<string, Subscript> = new Map([
	[
		'metadata.annotations',
		{ faults: (key: string) => labelKeyFaults(key.toLowerCase()), values: (pod: Pod) => pod.metadata.annotations },
	],
	['metadata.labels', { faults: labelKeyFaults, values: (pod: Pod) => pod.metadata.labels }],
]);

interface Resource {
	/** How the value and the divisor are counted before the division. */
	readonly count: (quantity: Quantity) => bigint;
	readonly divisors: readonly string[];
	/** In the message about divisors. */
	readonly noun: string;
	/** The node's allocatable, which stands in for a limit that is not there. */
	readonly allocatable?: (surroundings: PodSurroundings) => number;
	readonly standIn?: string;
}

const BYTE_DIVISORS = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

const RESOURCES: ReadonlyMap<string, Resource> = new Map([
	[
		'cpu',
		{
			count: milliValue,
			divisors: ['1m', '1'],
			noun: 'cpu resource',
			allocatable: ({ cpuCount }) => cpuCount,
			standIn: 'the processors of this machine, because the container has no such limit',
		},
	],
	[
		'memory',
		{
			count: wholeValue,
			divisors: BYTE_DIVISORS,
			noun: 'memory resource',
			allocatable: ({ memoryBytes }) => memoryBytes,
			standIn: 'the memory of this machine, because the container has no such limit',
		},
	],
	[
		'ephemeral-storage',
		{
			count: wholeValue,
			divisors: BYTE_DIVISORS,
			noun: 'local ephemeral storage resource',
			standIn: '0, because the container has no such limit and what a node would offer is not known here',
		},
	],
] satisfies [string, Resource][]);

const HUGE_PAGES: Resource = { count: wholeValue, divisors: BYTE_DIVISORS, noun: 'hugepages resource' };
const HUGE_PAGES_PREFIX = 'hugepages-';
const RESOURCE_PATH = /^(limits|requests)\.(.+)$/s;

/**
 * The value of a reference. `container` is the one whose environment it is for; a volume's reference has none, and
 * may name other fields. A label or annotation that is not there is empty text. Errors: INPUT_INVALID, without the
 * place of the reference, for what an API server refuses.
 */
export function downwardValue(
	ref: FieldRef | ResourceFieldRef,
	pod: Pod,
	container: Container | undefined,
	surroundings: PodSurroundings,
): string {
	if (ref.kind === 'resourceFieldRef') return resourceValue(ref, pod, container, surroundings);
	const subscript = SUBSCRIPT.exec(ref.fieldPath);
	if (subscript !== null) return subscriptValue(ref.fieldPath, subscript[1] ?? '', subscript[2] ?? '', pod);
	const field = FIELDS.get(ref.fieldPath);
	const takes = (one: Field) => (container === undefined ? one.inVolume : one.inEnvironment);
	if (field !== undefined && takes(field)) return field.read(pod, surroundings);
	const supported = [...FIELDS].filter(([, one]) => takes(one)).map(([path]) => path);
	throw unsupported('fieldPath', ref.fieldPath, supported);
}

/** What the value of a valid reference is made of here where a cluster would ask the node; undefined where not. */
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

function subscriptValue(fieldPath: string, path: string, key: string, pod: Pod): string {
	const subscript = SUBSCRIPTS.get(path);
	if (subscript === undefined) throw invalid(`fieldPath ${quoteGo(fieldPath)} does not support subscript`);
	const faults = subscript.faults(key);
	if (faults.length > 0) throw invalid(`invalid key subscript in ${fieldPath}: ${faults.join(';')}`);
	return subscript.values(pod).get(key) ?? '';
}

/** Rows `key="value"` in byte order of the keys, without a line break at the end. */
function formatMap(map: ReadonlyMap<string, string>): string {
	// Keys of labels and annotations are ASCII, whose order is that of UTF-16.
	const rows = [...map].sort(([a], [b]) => (a < b ? -1 : 1));
	return rows.map(([key, value]) => `${key}=${quoteGo(value)}`).join('\n');
}

function resourceValue(
	ref: ResourceFieldRef,
	pod: Pod,
	container: Container | undefined,
	surroundings: PodSurroundings,
): string {
	const [, list, name = ''] = RESOURCE_PATH.exec(ref.resource) ?? [];
	const resource = name.startsWith(HUGE_PAGES_PREFIX) ? HUGE_PAGES : RESOURCES.get(name);
	if (list === undefined || resource === undefined) {
		const names = [...RESOURCES.keys()];
		const supported = ['limits', 'requests'].flatMap((one) => names.map((known) => `${one}.${known}`));
		throw unsupported('resource', ref.resource, supported.sort());
	}
	const owner = containerOf(ref, pod, container);
	const divisor = divisorOf(ref, resource);
	const quantity = list === 'limits' ? limitOf(owner, name, resource, surroundings) : requestOf(owner, name);
	return String(divideUp(resource.count(quantity), resource.count(divisor)));
}

function containerOf(ref: ResourceFieldRef, pod: Pod, container: Container | undefined): Container {
	const name = ref.containerName ?? '';
	if (name === '' && container !== undefined) return container;
	if (name === '') throw invalid('resourceFieldRef.containerName: Required value');
	const { containers, initContainers } = pod.spec;
	const found = [...containers, ...initContainers].find((one) => one.name === name);
	if (found === undefined) throw invalid(`container ${name} not found`);
	return found;
}

/** A divisor of 0 is 1. */
function divisorOf(ref: ResourceFieldRef, { divisors, noun }: Resource): Quantity {
	const divisor = parseQuantity(ref.divisor);
	if (divisor.nanos === 0n) return parseQuantity('1');
	if (divisors.some((text) => parseQuantity(text).nanos === divisor.nanos)) return divisor;
	const what = `resourceFieldRef.divisor: Invalid value: ${quoteGo(ref.divisor)}`;
	throw invalid(`${what}: only divisor's values ${wordList(divisors)} are supported with the ${noun}`);
}

/** `1m and 1` or `1, 1k, 1M`, as an API server words them. */
function wordList(words: readonly string[]): string {
	return words.join(words.length === 2 ? ' and ' : ', ');
}

function limitOf(owner: Container, name: string, resource: Resource, surroundings: PodSurroundings): Quantity {
	if (hasLimit(owner, name)) return amountOf(owner.resources.limits, name);
	return quantityOf(resource.allocatable?.(surroundings) ?? 0);
}

/** A limit of 0 is none, as for kubelet. */
function hasLimit(owner: Container, name: string): boolean {
	return amountOf(owner.resources.limits, name).nanos !== 0n;
}

/** A request that is not there is the limit: an API server writes it so. */
function requestOf({ resources }: Container, name: string): Quantity {
	return amountOf(resources.requests.has(name) ? resources.requests : resources.limits, name);
}

/** 0 where there is none. */
function amountOf(amounts: ReadonlyMap<string, string>, name: string): Quantity {
	return parseQuantity(amounts.get(name) ?? '0');
}

function unsupported(field: string, value: string, supported: readonly string[]): ConfigMapFsError {
	const list = supported.map(quoteGo).join(', ');
	return invalid(`${field}: Unsupported value: ${quoteGo(value)}: supported values: ${list}`);
}

function invalid(text: string): ConfigMapFsError {
	return new ConfigMapFsError('INPUT_INVALID', text);
}
