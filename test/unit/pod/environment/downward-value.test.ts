import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { downwardStandIn, downwardValue } from '../../../../src/pod/environment/downward-value.js';
import type { Container, FieldRef, ResourceFieldRef } from '../../../../src/pod/pod-spec.js';
import { makeContainer, makePod, SURROUNDINGS } from './environment-pod.js';

function amounts(limits: Readonly<Record<string, string>>, requests: Readonly<Record<string, string>> = {}) {
	return { limits: new Map(Object.entries(limits)), requests: new Map(Object.entries(requests)) };
}

const APP = makeContainer();
const POD = makePod(
	APP,
	{
		labels: new Map([
			['tier', 'web'],
			['app', 'shop'],
			['App', 'capital'],
			['example.com/part', 'a'],
		]),
		annotations: new Map([
			['note', 'two\nlines and a "quote" \\ \t\u0007\u00a0é🌍\u200b'],
			['Example.com/Upper', 'big'],
			['empty', ''],
		]),
	},
	{ serviceAccountName: 'robot' },
);

function field(fieldPath: string): FieldRef {
	return { kind: 'fieldRef', fieldPath };
}

function resource(name: string, divisor = '1', containerName?: string): ResourceFieldRef {
	return { kind: 'resourceFieldRef', containerName, resource: name, divisor };
}

/** The value in the environment of the container. */
function amountIn(container: Container, ref: ResourceFieldRef): string {
	return downwardValue(ref, makePod(container), container, SURROUNDINGS);
}

describe('downwardValue of a fieldRef', () => {
	test.each([
		['metadata.name', 'the-pod'],
		['metadata.namespace', 'test'],
		['metadata.uid', '6d6a3c52-0001'],
		["metadata.labels['app']", 'shop'],
		["metadata.labels['App']", 'capital'],
		["metadata.labels['example.com/part']", 'a'],
		["metadata.labels['absent']", ''],
		["metadata.annotations['Example.com/Upper']", 'big'],
		["metadata.annotations['absent']", ''],
		['spec.nodeName', 'this-machine'],
		['spec.serviceAccountName', 'robot'],
		['status.hostIP', '192.0.2.7'],
		['status.hostIPs', '192.0.2.7'],
		['status.podIP', '192.0.2.8'],
		['status.podIPs', '192.0.2.8'],
	])('reads %s in the environment as %j', (fieldPath, value) => {
		expect(downwardValue(field(fieldPath), POD, APP, SURROUNDINGS)).toBe(value);
	});

	test.each([
		['metadata.name', 'the-pod'],
		['metadata.namespace', 'test'],
		['metadata.uid', '6d6a3c52-0001'],
		["metadata.labels['app']", 'shop'],
		["metadata.annotations['absent']", ''],
		['metadata.labels', 'App="capital"\napp="shop"\nexample.com/part="a"\ntier="web"'],
		[
			'metadata.annotations',
			'Example.com/Upper="big"\nempty=""\n' + 'note="two\\nlines and a \\"quote\\" \\\\ \\t\\a\\u00a0é🌍\\u200b"',
		],
	])('reads %s in a volume as %j', (fieldPath, value) => {
		expect(downwardValue(field(fieldPath), POD, undefined, SURROUNDINGS)).toBe(value);
	});

	test('reads absent labels and annotations as empty text', () => {
		const bare = makePod(APP);
		expect(downwardValue(field('metadata.labels'), bare, undefined, SURROUNDINGS)).toBe('');
		expect(downwardValue(field('metadata.annotations'), bare, undefined, SURROUNDINGS)).toBe('');
	});

	test('takes spec.nodeName from the manifest if it has one', () => {
		const pod = makePod(APP, {}, { nodeName: 'node-1' });
		expect(downwardValue(field('spec.nodeName'), pod, APP, SURROUNDINGS)).toBe('node-1');
	});

	test('writes a map as lines that read back as the map', () => {
		const keys = fc.stringMatching(/^[a-zA-Z0-9]{1,8}$/);
		fc.assert(
			fc.property(fc.dictionary(keys, fc.string({ unit: 'grapheme-ascii' })), (values) => {
				const pod = makePod(APP, { labels: new Map(Object.entries(values)) });
				const lines = downwardValue(field('metadata.labels'), pod, undefined, SURROUNDINGS).split('\n');
				const read = lines.filter((line) => line !== '').map((line) => line.split(/=(.*)/s));
				expect(read.map(([key, quoted]) => [key, JSON.parse(quoted ?? '')])).toEqual(
					Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)),
				);
			}),
		);
	});

	test.each([
		['spec.hostname', 'unsupported fieldPath: spec.hostname'],
		["metadata.name['x']", 'fieldPath "metadata.name[\'x\']" does not support subscript'],
	])('refuses %s', (fieldPath, message) => {
		const refused = expect.objectContaining({ code: 'INPUT_INVALID', message });
		expect(() => downwardValue(field(fieldPath), POD, APP, SURROUNDINGS)).toThrow(refused);
	});
});

describe('downwardValue of a resourceFieldRef', () => {
	const container = makeContainer({
		resources: amounts(
			{ cpu: '1500m', memory: '64Mi', 'ephemeral-storage': '2G', 'hugepages-2Mi': '4Mi' },
			{ cpu: '100u', memory: '32Mi', 'ephemeral-storage': '1.5', 'hugepages-2Mi': '2Mi' },
		),
	});

	test.each([
		['limits.cpu', '1', '2'],
		['limits.cpu', '1m', '1500'],
		['limits.cpu', '0', '2'],
		['limits.cpu', '1000m', '2'],
		['requests.cpu', '1', '1'],
		['requests.cpu', '1m', '1'],
		['limits.memory', '1', '67108864'],
		['limits.memory', '1Mi', '64'],
		['limits.memory', '1M', '68'],
		['limits.memory', '1Gi', '1'],
		['limits.memory', '1Ei', '1'],
		['requests.memory', '1k', '33555'],
		['requests.memory', '1Ki', '32768'],
		['limits.ephemeral-storage', '1', '2000000000'],
		['limits.ephemeral-storage', '1Gi', '2'],
		['requests.ephemeral-storage', '1', '2'],
		['limits.hugepages-2Mi', '1', '4194304'],
		['requests.hugepages-2Mi', '1Mi', '2'],
	])('divides %s by %s, rounded up to %s', (name, divisor, value) => {
		expect(amountIn(container, resource(name, divisor))).toBe(value);
	});

	test.each([
		['limits.cpu', '1', '6'],
		['limits.cpu', '1m', '6000'],
		['limits.memory', '1Gi', '8'],
		['requests.cpu', '1', '0'],
		['requests.memory', '1', '0'],
		['limits.ephemeral-storage', '1Gi', '100'],
		['limits.hugepages-1Gi', '1', '0'],
	])('divides %s of this machine by %s, if there is no limit, to %s', (name, divisor, value) => {
		expect(amountIn(makeContainer(), resource(name, divisor))).toBe(value);
		expect(amountIn(makeContainer({ resources: amounts({ cpu: '0', memory: '0' }) }), resource(name, divisor))).toBe(
			value,
		);
	});

	test('takes the limit for an absent request', () => {
		const limited = makeContainer({ resources: amounts({ cpu: '3', memory: '1Gi' }, { memory: '1Mi' }) });
		expect(amountIn(limited, resource('requests.cpu'))).toBe('3');
		expect(amountIn(limited, resource('requests.memory'))).toBe('1048576');
	});

	test('takes the amounts of the pod if the container has none', () => {
		const resources = amounts({ cpu: '4', memory: '2Gi' }, { cpu: '250m' });
		const own = makeContainer({ resources: amounts({ memory: '1Gi', cpu: '0' }) });
		const pod = makePod(own, {}, { resources });
		const value = (name: string, divisor = '1') => downwardValue(resource(name, divisor), pod, own, SURROUNDINGS);
		expect([value('limits.cpu'), value('limits.memory', '1Gi')]).toEqual(['4', '1']);
		const bare = makePod(APP, {}, { resources });
		const ofPod = (name: string, divisor = '1') => downwardValue(resource(name, divisor), bare, APP, SURROUNDINGS);
		expect([ofPod('limits.memory', '1Gi'), ofPod('requests.memory', '1Gi')]).toEqual(['2', '2']);
		expect([ofPod('requests.cpu', '1m'), ofPod('requests.ephemeral-storage')]).toEqual(['250', '0']);
		expect(downwardStandIn(resource('limits.cpu'), bare, APP)).toBeUndefined();
		expect(downwardStandIn(resource('limits.ephemeral-storage'), bare, APP)).toMatch(/^the size of the disk/);
	});

	test('is exact for large amounts', () => {
		const large = makeContainer({ resources: amounts({ memory: '9007199254740993' }) });
		expect(amountIn(large, resource('limits.memory'))).toBe('9007199254740993');
	});

	test('reads another container by containerName, including init containers', () => {
		const other = makeContainer({ name: 'other', resources: amounts({ cpu: '9' }) });
		const init = makeContainer({ name: 'init', resources: amounts({ cpu: '8' }) });
		const pod = makePod(APP, {}, { containers: [APP, other], initContainers: [init] });
		const value = (ref: ResourceFieldRef, container?: Container) => downwardValue(ref, pod, container, SURROUNDINGS);
		expect(value(resource('limits.cpu', '1', 'other'), APP)).toBe('9');
		expect(value(resource('limits.cpu', '1', 'init'))).toBe('8');
		expect(value(resource('limits.cpu', '1', 'app'))).toBe('6');
		expect(() => value(resource('limits.cpu'))).toThrow('container  not found');
		expect(() => value(resource('limits.cpu', '1', 'no'), APP)).toThrow('container no not found');
	});

	test.each([
		['limits.memory', 'x', 'quantity "x": quantities must match'],
		['limits.pods', '1', 'unsupported container resource : limits.pods'],
		['cpu', '1', 'unsupported container resource : cpu'],
	])('refuses %s divided by %s', (name, divisor, message) => {
		const refused = { code: 'INPUT_INVALID', message: expect.stringContaining(message) };
		expect(() => amountIn(container, resource(name, divisor))).toThrow(expect.objectContaining(refused));
	});
});

describe('downwardStandIn', () => {
	const limited = makeContainer({ resources: amounts({ cpu: '1', memory: '1', 'ephemeral-storage': '1' }) });
	test.each([
		[field('metadata.name'), undefined],
		[field("metadata.labels['app']"), undefined],
		[field('spec.serviceAccountName'), undefined],
		[field('spec.nodeName'), 'the name of this machine'],
		[field('status.hostIP'), 'an address of this machine'],
		[field('status.podIPs'), 'an address of this machine'],
		[resource('limits.cpu'), 'the number of CPUs of this machine, because the container has no limit'],
		[resource('limits.memory'), 'the memory of this machine, because the container has no limit'],
		[resource('limits.ephemeral-storage'), 'the size of the disk of this machine, because the container has no limit'],
		[resource('requests.cpu'), undefined],
	])('describes the replacement for %j: %j', (ref, standIn) => {
		expect(downwardStandIn(ref, makePod(APP), APP)).toBe(standIn);
		if (ref.kind === 'resourceFieldRef') expect(downwardStandIn(ref, makePod(limited), limited)).toBeUndefined();
	});

	test('is undefined for a node that the manifest names', () => {
		expect(downwardStandIn(field('spec.nodeName'), makePod(APP, {}, { nodeName: 'n' }), APP)).toBeUndefined();
	});
});
