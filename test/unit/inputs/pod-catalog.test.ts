import { beforeEach, describe, expect, test } from 'vitest';
import { PodCatalog } from '../../../src/inputs/pod-catalog.js';
import type { ConfigMap } from '../../../src/model/config-map.js';
import { parseManifest } from '../../../src/sources/manifests/manifest-parser.js';
import { type ManifestState, NO_MANIFESTS, nextState } from '../../../src/sources/manifests/manifest-state.js';
import { LayeredStore } from '../../../src/store/layered-store.js';
import { reported } from '../store/source-objects.js';

let changes = 0;
let problems: readonly string[] = [];
let store: LayeredStore;
let catalog: PodCatalog;
let last: readonly ManifestState[] = [];

beforeEach(() => {
	changes = 0;
	problems = [];
	last = [NO_MANIFESTS, NO_MANIFESTS];
	store = new LayeredStore({
		layers: ['low', 'high'],
		needs: { explains: false },
		listener: {
			changed: () => {
				changes += 1;
			},
			problems: (found) => {
				problems = found.map(({ source, location, reason }) => `${source} ${location} ${reason}`);
			},
		},
	});
	catalog = new PodCatalog(store);
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

/** Lets a layer read these documents, from one file. */
function read(layer: number, ...documents: readonly object[]): void {
	const text = documents.map((one) => JSON.stringify(one)).join('\n---\n');
	const parsed = parseManifest(Buffer.from(text), { file: 'f.yaml', defaultNamespace: 'default' });
	const state = nextState(last[layer] ?? NO_MANIFESTS, parsed);
	last = last.with(layer, state);
	store.sinks[layer]?.replace([...state.objects.values()]);
	store.sinks[layer]?.problems(state.problems);
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
	test('are layered key by key within their namespace', () => {
		store.sinks[0]?.replace([configMap('app', { a: 'low', b: 'low' })].map(reported));
		store.sinks[1]?.replace([configMap('app', { b: 'high' })].map(reported));
		const found = catalog.objects('default').configMap('app');
		expect([...(found?.data ?? [])].map(([key, value]) => `${key}=${value}`).sort()).toEqual(['a=low', 'b=high']);
		expect(catalog.objects('other').configMap('app')).toBeUndefined();
		expect(changes).toBe(2);
	});
});

describe('Secrets', () => {
	test('are layered key by key', () => {
		read(0, secret('s', { a: 'low', b: 'low' }), secret('t', { only: 'low' }));
		read(1, secret('s', { b: 'high' }), secret('s', { a: 'other' }, 'other'));
		expect(secretOf('s')).toEqual({ a: 'low', b: 'high' });
		expect(secretOf('t')).toEqual({ only: 'low' });
		expect(secretOf('s', 'other')).toEqual({ a: 'other' });
		expect(secretOf('none')).toBeUndefined();
		read(1);
		expect(secretOf('s')).toEqual({ a: 'low', b: 'low' });
		expect(changes).toBe(3);
	});

	test('an invalid Secret keeps its last valid version, and the problem has a location', () => {
		const bad = { ...secret('s', {}), data: { key: '%' } };
		read(0, secret('s', { a: 'good' }));
		read(0, bad);
		expect(secretOf('s')).toEqual({ a: 'good' });
		expect(problems).toEqual([expect.stringMatching(/^low f\.yaml:1:\d+ data\[key\]: illegal base64 data/)]);
		read(1, secret('t', {}));
		expect(problems).toHaveLength(1);
		read(0, secret('s', { a: 'mended' }));
		expect(problems).toEqual([]);
		expect(secretOf('s')).toEqual({ a: 'mended' });
		read(0);
		expect(secretOf('s')).toBeUndefined();
	});

	test('a Secret that was never valid is absent', () => {
		read(0, { ...secret('s', {}), data: { key: '%' } });
		expect(secretOf('s')).toBeUndefined();
		expect(problems).toHaveLength(1);
	});
});

describe('workloads', () => {
	test('the highest version of each, in the order of the sources', () => {
		read(0, workload('Deployment', 'web'), secret('s', {}), workload('Pod', 'web', 'other'));
		read(1, workload('Deployment', 'web', 'default'), workload('Pod', 'web'));
		expect(catalog.workloads.map(({ kind, namespace, location }) => `${kind} ${namespace} ${location}`)).toEqual([
			'Deployment default f.yaml:1:1',
			'Pod other f.yaml:5:1',
			'Pod undefined f.yaml:3:1',
		]);
	});

	test('custom resources with a pod template if there is no other', () => {
		const template = { spec: { containers: [{ name: 'c' }] } };
		const metadata = { name: 'web' };
		const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata, spec: { template } };
		read(0, rollout, secret('s', {}));
		expect(catalog.workloads.map(({ kind }) => kind)).toEqual(['Rollout']);
		read(1, workload('Pod', 'web'));
		expect(catalog.workloads.map(({ kind }) => kind)).toEqual(['Pod']);
		expect(catalog.candidates.map(({ kind }) => kind)).toEqual(['Rollout', 'Pod', 'Secret']);
	});
});

test('held changes and problems are reported at the release', () => {
	store.hold();
	store.sinks[1]?.replace([configMap('app', {})].map(reported));
	read(0, { ...secret('s', {}), data: { key: '%' } });
	expect([changes, problems.length]).toEqual([0, 0]);
	store.release();
	expect([changes > 0, problems.length]).toEqual([true, 1]);
});
