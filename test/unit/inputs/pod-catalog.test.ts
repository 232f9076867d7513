import { beforeEach, describe, expect, test } from 'vitest';
import { PodCatalog } from '../../../src/inputs/pod-catalog.js';
import type { ConfigMap } from '../../../src/model/config-map.js';
import { parseManifest } from '../../../src/sources/manifests/manifest-parser.js';

let changes = 0;
let problems: readonly string[] = [];
let catalog: PodCatalog;

beforeEach(() => {
	changes = 0;
	problems = [];
	catalog = new PodCatalog({
		layers: ['low', 'high'],
		defaultNamespace: 'default',
		onChange: () => {
			changes += 1;
		},
		onProblems: (found) => {
			problems = found.map(({ source, place, reason }) => `${source} ${place} ${reason}`);
		},
	});
});

function configMap(name: string, data: Readonly<Record<string, string>>): ConfigMap {
	return {
		key: { namespace: 'default', name },
		labels: new Map(),
		immutable: false,
		data: new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value)])),
		binaryData: new Map(),
	};
}

/** The objects of other kinds in a manifest. */
function others(...documents: readonly object[]) {
	const text = documents.map((one) => JSON.stringify(one)).join('\n---\n');
	return parseManifest(Buffer.from(text), { file: 'f.yaml', defaultNamespace: 'default' }).others;
}

const secret = (name: string, stringData: object, namespace?: string) => ({
	apiVersion: 'v1',
	kind: 'Secret',
	metadata: { name, namespace },
	stringData,
});
const workload = (kind: string, name: string, namespace?: string) => ({
	apiVersion: kind === 'Pod' ? 'v1' : 'apps/v1',
	kind,
	metadata: { name, namespace },
});

function secretOf(name: string, namespace = 'default') {
	const found = catalog.objects(namespace).secret(name);
	return found && Object.fromEntries([...found.data].map(([key, value]) => [key, value.toString()]));
}

describe('ConfigMaps', () => {
	test('are layered key by key, in their namespace', () => {
		catalog.sinks[0]?.replace([configMap('app', { a: 'low', b: 'low' })]);
		catalog.sinks[1]?.replace([configMap('app', { b: 'high' })]);
		const found = catalog.objects('default').configMap('app');
		expect([...(found?.data ?? [])].map(([key, value]) => `${key}=${value}`).sort()).toEqual(['a=low', 'b=high']);
		expect(catalog.objects('other').configMap('app')).toBeUndefined();
		expect(changes).toBe(2);
	});
});

describe('Secrets', () => {
	test('are layered key by key too', () => {
		catalog.setOthers(0, others(secret('s', { a: 'low', b: 'low' }), secret('t', { only: 'low' })));
		catalog.setOthers(1, others(secret('s', { b: 'high' }), secret('s', { a: 'other' }, 'other')));
		expect(secretOf('s')).toEqual({ a: 'low', b: 'high' });
		expect(secretOf('t')).toEqual({ only: 'low' });
		expect(secretOf('s', 'other')).toEqual({ a: 'other' });
		expect(secretOf('none')).toBeUndefined();
		catalog.setOthers(1, []);
		expect(secretOf('s')).toEqual({ a: 'low', b: 'low' });
		expect(changes).toBe(3);
	});

	test('one that is bad keeps its last good version, and its place is said', () => {
		const bad = { ...secret('s', {}), data: { key: '%' } };
		catalog.setOthers(0, others(secret('s', { a: 'good' })));
		catalog.setOthers(0, others(bad));
		expect(secretOf('s')).toEqual({ a: 'good' });
		expect(problems).toEqual([expect.stringMatching(/^low f\.yaml:1:\d+ data\[key\]: illegal base64 data/)]);
		catalog.setOthers(1, others(secret('t', {})));
		expect(problems).toHaveLength(1);
		catalog.setOthers(0, others(secret('s', { a: 'mended' })));
		expect(problems).toEqual([]);
		expect(secretOf('s')).toEqual({ a: 'mended' });
		catalog.setOthers(0, []);
		expect(secretOf('s')).toBeUndefined();
	});

	test('one that was never good is not there', () => {
		catalog.setOthers(0, others({ ...secret('s', {}), data: { key: '%' } }));
		expect(secretOf('s')).toBeUndefined();
		expect(problems).toHaveLength(1);
	});
});

describe('workloads', () => {
	test('each once, in the order of the sources, the last of equal ones', () => {
		catalog.setOthers(0, others(workload('Deployment', 'web'), secret('s', {}), workload('Pod', 'web', 'other')));
		catalog.setOthers(1, others(workload('Deployment', 'web', 'default'), workload('Pod', 'web')));
		expect(catalog.workloads.map(({ kind, namespace, place }) => `${kind} ${namespace} ${place}`)).toEqual([
			'Deployment default f.yaml:1:1',
			'Pod other f.yaml:5:1',
			'Pod undefined f.yaml:3:1',
		]);
	});
});

test('while it is held nobody is told, and everybody at its release', () => {
	catalog.hold();
	catalog.sinks[0]?.replace([configMap('app', {})]);
	catalog.setOthers(0, others({ ...secret('s', {}), data: { key: '%' } }));
	expect([changes, problems.length]).toEqual([0, 0]);
	catalog.release();
	expect([changes > 0, problems.length]).toEqual([true, 1]);
});
