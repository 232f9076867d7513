import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigMapFsError } from '../../../src/base/errors.js';
import { SILENT } from '../../../src/base/log.js';
import { Snapshot } from '../../../src/explain/snapshot.js';
import type { PodCluster } from '../../../src/inputs/pod-cluster.js';
import type { ConfigMap } from '../../../src/model/config-map.js';
import { ManifestSource } from '../../../src/sources/manifests/manifest-source.js';
import type { Source, SourceSink } from '../../../src/store/source.js';
import { reported } from '../store/source-objects.js';

let directory: string;
beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), 'cmfs-snapshot-'));
});
afterEach(() => {
	rmSync(directory, { recursive: true });
});

const closed: string[] = [];
beforeEach(() => {
	closed.length = 0;
});

function file(name: string, text: string): Source {
	const path = join(directory, name);
	writeFileSync(path, text);
	const source = new ManifestSource({ path, defaultNamespace: 'default', log: SILENT });
	return {
		description: `-f ${name}`,
		start: (sink) => source.start(sink),
		close: async () => {
			closed.push(name);
			await source.close();
		},
	};
}

function manifest(kind: string, name: string, data: string): string {
	return `apiVersion: v1\nkind: ${kind}\nmetadata: {name: ${name}}\ndata: ${data}\n`;
}

function dataOf(snapshot: Snapshot, name: string, namespace = 'default'): Record<string, string> | undefined {
	const object = snapshot.catalog.objects(namespace).configMap(name);
	return object && Object.fromEntries([...object.data].map(([key, bytes]) => [key, bytes.toString()]));
}

const LOCAL = { cluster: undefined };

describe('a snapshot of local sources', () => {
	test('layers them, and closes them', async () => {
		const sources = [
			file('a', manifest('ConfigMap', 'app', '{a: "1", b: "1"}')),
			file('b', `${manifest('ConfigMap', 'app', '{b: "2"}')}---\n${manifest('Secret', 's', '{k: eA==}')}`),
		];
		const snapshot = await Snapshot.read({ ...LOCAL, sources });
		expect(dataOf(snapshot, 'app')).toEqual({ a: '1', b: '2' });
		expect(snapshot.catalog.objects('default').secret('s')?.data.get('k')?.toString()).toBe('x');
		expect(snapshot.versions.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
			'ConfigMap app',
			'ConfigMap app',
			'Secret s',
		]);
		expect(snapshot.problems).toEqual([]);
		expect(closed.toSorted()).toEqual(['a', 'b']);
	});

	test('has the problems of sources that are valid otherwise', async () => {
		const sources = [file('a', `${manifest('ConfigMap', 'app', '{}')}---\n${manifest('Secret', 's', '{k: "?"}')}`)];
		const { problems } = await Snapshot.read({ ...LOCAL, sources });
		expect(problems.map(({ location, reason }) => `${location} ${reason}`)).toEqual([
			`${join(directory, 'a')}:9:11 data[k]: illegal base64 data at input byte 0`,
		]);
	});

	test('fails if a source has nothing valid, and closes it', async () => {
		const reading = Snapshot.read({ ...LOCAL, sources: [file('a', 'foo: [\n')] });
		await expect(reading).rejects.toMatchObject({ code: 'INPUT_INVALID' });
		expect(closed).toContain('a');
	});

	test('with keepGoing, has every problem and the other sources', async () => {
		const failing: Source = {
			description: '--create x',
			start: async () => {
				throw new ConfigMapFsError('INPUT_INVALID', 'invalid literal source');
			},
			close: async () => {},
		};
		const sources = [file('a', 'foo: [\n---\nkind: Pod\n'), file('b', manifest('ConfigMap', 'app', '{k: v}')), failing];
		const snapshot = await Snapshot.read({ ...LOCAL, sources, keepGoing: true });
		expect(dataOf(snapshot, 'app')).toEqual({ k: 'v' });
		expect(snapshot.problems.map(({ location, source }) => [source, location.replace(directory, '')])).toEqual([
			['-f a', '/a:2:1'],
			['-f a', '/a:3:1'],
			['--create x', '--create x'],
		]);
	});

	test('fails if a path does not exist, also with keepGoing', async () => {
		const sources = [file('a', '')];
		rmSync(join(directory, 'a'));
		const reading = Snapshot.read({ ...LOCAL, sources, keepGoing: true });
		await expect(reading).rejects.toMatchObject({ code: 'INPUT_MISSING' });
	});
});

describe('a cluster as the lowest layer', () => {
	class Followed implements Source {
		readonly description = 'cluster';
		readonly #objects: readonly ConfigMap[];
		readonly #what: string;

		constructor(what: string, objects: readonly ConfigMap[]) {
			this.#what = what;
			this.#objects = objects;
		}

		async start(sink: SourceSink): Promise<void> {
			sink.replace(this.#objects.map(reported));
		}

		async close(): Promise<void> {
			closed.push(this.#what);
		}
	}

	const cluster: PodCluster = {
		description: '--context x',
		namespace: 'default',
		readWorkload: async () => {
			throw new Error('unexpected request');
		},
		follow: (names, namespace) => {
			const objects = names.map((name) => ({
				key: { namespace, name },
				labels: new Map(),
				immutable: false,
				data: new Map([
					['a', Buffer.from('cluster')],
					['b', Buffer.from('cluster')],
				]),
				binaryData: new Map(),
			}));
			return new Followed(`${namespace}: ${names.join()}`, objects);
		},
	};

	test('is read for the named ConfigMaps of each namespace, and local layers override it', async () => {
		const sources = [file('a', manifest('ConfigMap', 'app', '{b: local}'))];
		const snapshot = await Snapshot.read({ sources, cluster });
		await snapshot.readFromCluster([
			{ namespace: 'default', names: ['other', 'app', 'app'] },
			{ namespace: 'empty', names: [] },
			{ namespace: 'shop', names: ['app'] },
		]);
		expect(closed).toEqual(['a', 'default: app,other', 'shop: app']);
		expect(dataOf(snapshot, 'app')).toEqual({ a: 'cluster', b: 'local' });
		expect(dataOf(snapshot, 'app', 'shop')).toEqual({ a: 'cluster', b: 'cluster' });
		expect(dataOf(snapshot, 'none')).toBeUndefined();
	});
});
