import { beforeEach, describe, expect, test } from 'vitest';
import { ConfigMapFsError } from '../../../src/base/errors.js';
import { PodCatalog } from '../../../src/inputs/pod-catalog.js';
import { PodReader, type PodReaderOptions } from '../../../src/inputs/pod-reader.js';
import type { ManifestObject } from '../../../src/model/manifest-object.js';
import { parseManifest } from '../../../src/sources/manifests/manifest-parser.js';
import type { LayeredStore } from '../../../src/store/layered-store.js';
import { RecordingLog } from '../run/recording-log.js';
import { storeOf } from '../store/source-objects.js';

let said: RecordingLog;
let store: LayeredStore;
let catalog: PodCatalog;
beforeEach(() => {
	said = new RecordingLog();
	store = storeOf([]);
	catalog = new PodCatalog(store);
});

/** Replaces the content of the files. */
function have(...documents: readonly object[]): void {
	const text = documents.map((one) => JSON.stringify(one)).join('\n---\n');
	const options = { file: 'f.yaml', defaultNamespace: 'default' };
	store.sinks[0]?.replace(parseManifest(Buffer.from(text), options).objects);
}

function pod(name: string, fields: object = {}): object {
	return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [{ name: 'c', ...fields }] } };
}

function readerOf(options: Partial<PodReaderOptions> = {}): PodReader {
	return new PodReader({
		catalog,
		wanted: undefined,
		container: undefined,
		namespace: undefined,
		defaultNamespace: 'default',
		strictEnvNames: false,
		readFromCluster: undefined,
		log: said.log,
		...options,
	});
}

describe('a workload in files', () => {
	test('is read if it is the only one, with the container that -c names', async () => {
		have(pod('app'));
		const { pod: found, container } = await readerOf().read();
		expect([found.metadata.name, container.name]).toEqual(['app', 'c']);
		await expect(readerOf({ container: 'd' }).read()).rejects.toMatchObject({ code: 'INPUT_MISSING' });
	});

	test('is not named by a command: the error says where a command goes', async () => {
		have(pod('app'));
		const commandHint = 'to run a command, put -- before it';
		const failure = async (wanted: string) =>
			await readerOf({ wanted, commandHint })
				.read()
				.catch((error: Error) => error.message);
		expect(await failure('sh')).toBe(
			'workload "sh" not found, have: pod/app (f.yaml:1:1); choose one of them; to run a command, put -- before it',
		);
		expect(await failure('ap')).toMatch(/; did you mean pod\/app\? To run a command, put -- before it$/);
		expect(await failure('bin/app')).toMatch(
			/^unknown kind of workload "bin", .*; to run a command, put -- before it$/,
		);
		expect(await failure('deploy/app')).not.toContain('command');
		await expect(readerOf({ wanted: 'sh' }).read()).rejects.toThrow(/; choose one of them$/);
	});

	test("has several containers: the log has kubectl's line, once, unless -c or the annotation chooses", async () => {
		const containers = [{ name: 'c' }, { name: 'sidecar' }];
		const spec = { containers, initContainers: [{ name: 'setup' }] };
		have({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'app' }, spec });
		const reader = readerOf();
		await reader.read();
		have({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'app', labels: { a: 'b' } }, spec });
		expect(reader.current().pod.metadata.labels.get('a')).toBe('b');
		expect(said.take()).toEqual([
			'warn: Defaulted container "c" out of: c, sidecar, setup (init); choose another with -c',
		]);
		await readerOf({ container: 'c' }).read();
		const annotations = { 'kubectl.kubernetes.io/default-container': 'sidecar' };
		have({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'app', annotations }, spec });
		expect((await readerOf().read()).container.name).toBe('sidecar');
		expect(said.take()).toEqual([]);
	});

	test('is missing: the error names the objects that were found', async () => {
		have({ apiVersion: 'example.com/v1', kind: 'Rollout', metadata: { name: 'web' } });
		await expect(readerOf().read()).rejects.toThrow(/^no workload; found Rollout\/web \(f\.yaml:1:1\); add /);
	});

	test('is invalid at the start: the error has every location', async () => {
		have(pod('app', { image: 5, command: 'ls' }));
		const failed = await readerOf()
			.read()
			.catch((error: ConfigMapFsError) => error);
		expect(failed).toMatchObject({ code: 'INPUT_INVALID' });
		const lines = failed instanceof ConfigMapFsError ? failed.message.split('\n') : [];
		expect(lines).toHaveLength(2);
		for (const line of lines) expect(line).toMatch(/^f\.yaml:1:\d+: json: cannot unmarshal/);
		await expect(readerOf({ wanted: 'pod/other' }).read()).rejects.toMatchObject({ code: 'INPUT_MISSING' });
	});

	test('keeps its last valid version when it becomes invalid, and the log says so once', async () => {
		have(pod('app', { image: 'one' }));
		const reader = readerOf();
		await reader.read();
		have(pod('app', { image: 5, command: 'ls' }));
		expect(reader.current().container.image).toBe('one');
		expect(reader.current().container.image).toBe('one');
		expect((await reader.read()).container.image).toBe('one');
		expect(said.take()).toEqual([
			expect.stringMatching(
				/^error: f\.yaml:1:\d+: json: .*; f\.yaml:1:\d+: json: .*; the last valid version stays in use$/,
			),
		]);
		have();
		expect(reader.current().container.image).toBe('one');
		expect(said.take()).toEqual([
			expect.stringMatching(/^error: no workload; .*; the last valid version stays in use$/),
		]);
		have(pod('app', { image: 'two' }));
		expect(reader.current().container.image).toBe('two');
		have(pod('app', { image: 5 }));
		expect(reader.current().container.image).toBe('two');
		expect(said.take()).toHaveLength(1);
	});
});

describe('a workload in a cluster', () => {
	const requested: string[] = [];
	let answers: (ManifestObject | Error)[] = [];
	const readFromCluster = async (wanted: string) => {
		requested.push(wanted);
		const answer = answers.shift() ?? new ConfigMapFsError('INPUT_MISSING', 'not found');
		if (answer instanceof Error) throw answer;
		return answer;
	};
	const inCluster = (image: string): ManifestObject => ({
		apiVersion: 'v1',
		kind: 'Pod',
		name: 'app',
		namespace: 'default',
		value: pod('app', { image }),
		location: 'cluster default pod/app',
	});
	beforeEach(() => {
		requested.length = 0;
		answers = [];
	});

	test('is read each time if no file contains it', async () => {
		const reader = readerOf({ wanted: 'pod/app', readFromCluster });
		answers = [inCluster('one'), inCluster('two')];
		expect((await reader.read()).container.image).toBe('one');
		expect(reader.current().container.image).toBe('one');
		expect((await reader.read()).container.image).toBe('two');
		expect(requested).toEqual(['pod/app', 'pod/app']);
	});

	test('keeps its last version if the cluster stops answering', async () => {
		const reader = readerOf({ wanted: 'pod/app', readFromCluster });
		answers = [inCluster('one'), new ConfigMapFsError('CLUSTER_UNREACHABLE', 'refused')];
		await reader.read();
		expect((await reader.read()).container.image).toBe('one');
		expect(said.take()).toEqual(['warn: cannot read the workload again; its last version stays in use']);
		await expect(readerOf({ wanted: 'pod/app', readFromCluster }).read()).rejects.toMatchObject({
			message: 'not found',
		});
	});

	test('is not read if a file contains it, also later', async () => {
		have(pod('app', { image: 'file' }));
		const reader = readerOf({ wanted: 'pod/app', readFromCluster });
		expect((await reader.read()).container.image).toBe('file');
		expect((await readerOf({ readFromCluster }).read()).container.image).toBe('file');
		have();
		answers = [inCluster('cluster')];
		expect((await reader.read()).container.image).toBe('cluster');
		have(pod('app', { image: 'file again' }));
		expect((await reader.read()).container.image).toBe('file again');
		expect(requested).toEqual(['pod/app']);
	});

	test('needs a name; several matches are an error', async () => {
		await expect(readerOf({ readFromCluster }).read()).rejects.toMatchObject({
			code: 'USAGE',
			message: 'no workload given; name one in the cluster, such as deploy/web',
		});
		have(pod('app'), { ...pod('app'), metadata: { name: 'app', namespace: 'other' } });
		await expect(readerOf({ wanted: 'app', readFromCluster }).read()).rejects.toMatchObject({ code: 'USAGE' });
		expect(requested).toEqual([]);
	});
});
