import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { SILENT } from '../../../../src/base/log.js';
import type { ControlEvent } from '../../../../src/control/events.js';
import { ApiError } from '../../../../src/sources/cluster/api-error.js';
import type { ClusterSourceOptions } from '../../../../src/sources/cluster/cluster-options.js';
import { ClusterSource, clusterTargets } from '../../../../src/sources/cluster/cluster-source.js';
import type { Kubeconfig } from '../../../../src/sources/cluster/kubeconfig.js';
import { until } from '../../../support/until.js';
import { FakeClient, failures, sent } from './fake-client.js';
import { HeldTimers, settle } from './held-timers.js';
import { RecordingSink } from './recording-sink.js';

const kubeconfig: Kubeconfig = {
	files: ['/home/me/.kube/config'],
	contextName: 'dev',
	userName: 'me',
	cluster: {
		server: 'https://fake:6443',
		caFile: undefined,
		caData: undefined,
		insecureSkipTlsVerify: false,
		tlsServerName: undefined,
		proxyUrl: undefined,
	},
	user: {},
	namespace: 'a',
	reload: () => kubeconfig,
};

const running: ClusterSource[] = [];
const directories: string[] = [];
afterEach(async () => {
	for (const source of running.splice(0)) await source.close();
	for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

function stateDirectory(): string {
	const directory = mkdtempSync(join(tmpdir(), 'cmfs-source-'));
	directories.push(directory);
	return directory;
}

function setUp(options: Partial<ClusterSourceOptions> = {}) {
	const timers = new HeldTimers();
	const client = new FakeClient(timers);
	const events: ControlEvent[] = [];
	const source = new ClusterSource({
		kubeconfig,
		client,
		timers,
		log: SILENT,
		onEvent: (event) => events.push(event),
		random: () => 0.5,
		wallClock: () => 1_000_000 + timers.now(),
		watchList: false,
		...options,
	});
	running.push(source);
	const sink = new RecordingSink();
	return { timers, client, events, source, sink };
}

describe('ClusterSource', () => {
	it('watches the namespace of the context, and its description is the flag', async () => {
		const { client, source, sink } = setUp();
		client.lists.push({ items: [sent('x', 1)], resourceVersion: '7' });
		await source.start(sink);
		expect(source.description).toBe('--context dev');
		expect(client.requested[0]).toBe('list ns=a limit=500');
		expect(sink.calls).toEqual(['=1']);
		expect(source.status).toMatchObject({ isStale: false, objectCount: 1, lastContact: 1_000_000 });
	});

	it('shows several namespaces and names as one state, once all are complete', async () => {
		const { client, source, sink } = setUp({ namespaces: ['a', 'b'], names: ['x', 'y'] });
		client.lists.push({ items: [sent('x', 1)] }, {}, {});
		const start = source.start(sink);
		await settle();
		expect(sink.calls).toEqual([]);
		expect(client.requested.filter((what) => what.startsWith('list'))).toEqual([
			'list ns=a name=x limit=500',
			'list ns=a name=y limit=500',
			'list ns=b name=x limit=500',
			'list ns=b name=y limit=500',
		]);
		const [last] = running;
		expect(last).toBe(source);
		await source.close();
		await start;
	});

	it('keeps all objects and emits one event while the server is away', async () => {
		const { client, events, source, sink, timers } = setUp();
		client.lists.push({ items: [sent('x', 1)], resourceVersion: '7' });
		await source.start(sink);
		await settle();
		await timers.advance(5_000);
		client.outage = failures.refused();
		await client.watch$.fail(failures.reset());
		await timers.advance(300_000);
		expect(source.status.isStale).toBe(true);
		expect(source.status.lastContact).toBe(1_000_000);
		client.outage = failures.forbidden();
		await timers.advance(60_000);
		client.outage = undefined;
		await timers.advance(60_000);
		expect(source.status.isStale).toBe(false);
		expect(sink.calls.map((call) => call.slice(0, 40))).toEqual([
			'=1',
			'!The connection to the server fake:6443 ',
			'!Error from server (Forbidden): configma',
			'!',
		]);
		expect(events).toEqual([
			{
				type: 'contact-lost',
				server: 'https://fake:6443',
				reason: 'connection refused',
				lastContact: '1970-01-01T00:16:40.000Z',
				hasContent: true,
			},
			{ type: 'contact-back', server: 'https://fake:6443', awaySeconds: 366 },
		]);
	});

	it('waits for a server that is away, and reports it in the meantime', async () => {
		const { client, events, source, sink, timers } = setUp();
		client.outage = failures.refused();
		let isStarted = false;
		const start = source.start(sink).then(() => {
			isStarted = true;
		});
		await timers.advance(60_000);
		expect(isStarted).toBe(false);
		expect(sink.calls).toHaveLength(1);
		expect(events).toMatchObject([{ type: 'contact-lost', reason: 'connection refused', hasContent: false }]);
		expect(events[0]).not.toHaveProperty('lastContact');
		client.outage = undefined;
		client.lists.push({ items: [sent('x', 1)] });
		await timers.advance(10_000);
		await start;
		expect(sink.calls.slice(1).sort()).toEqual(['!', '=1']);
	});

	it.each([
		['refused', failures.forbidden(), 'CLUSTER_FORBIDDEN'],
		['refused', new ApiError('network', 'x', { systemCode: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'CONFIG_INVALID'],
		['any', failures.refused(), 'CLUSTER_UNREACHABLE'],
	] as const)('with failStart %s, fails to start after %s', async (failStart, failure, code) => {
		const { client, source, sink } = setUp({ failStart });
		client.outage = failure;
		await expect(source.start(sink)).rejects.toMatchObject({ code });
		expect(client.isClosed).toBe(true);
	});

	it('with failStart never, shows the allowed namespaces if one is forbidden', async () => {
		const { client, source, sink } = setUp({ namespaces: ['a', 'b'], failStart: 'never' });
		client.lists.push({ items: [sent('x', 1)] }, failures.forbidden());
		await source.start(sink);
		expect(sink.names).toEqual(['a/x']);
		expect(sink.present).toHaveLength(1);
		expect(source.status.isStale).toBe(true);
	});

	it('reports a namespace that does not exist until it has an object', async () => {
		const { client, source, sink } = setUp();
		client.namespaceExists = false;
		client.lists.push({ resourceVersion: '7' });
		await source.start(sink);
		await settle();
		expect(sink.present[0]?.reason).toMatch(/^namespaces "a" not found/);
		client.watch$.send('ADDED', sent('x', 8));
		expect(sink.present).toEqual([]);
	});

	it('reports an object that cannot be decoded until it can', async () => {
		const { client, source, sink } = setUp();
		client.lists.push({ items: [sent('x', 1, 'v', { data: { '..': 'v' } })], resourceVersion: '7' });
		await source.start(sink);
		await settle();
		expect(sink.present).toEqual([
			{
				location: '--context dev',
				key: { namespace: 'a', name: 'x' },
				reason: expect.stringMatching(/^configmap "a\/x": .*must not be '\.\.'/),
			},
		]);
		client.watch$.send('MODIFIED', sent('x', 8));
		expect(sink.present).toEqual([]);
		expect(sink.names).toEqual(['a/x']);
	});

	it('drops annotations, managed fields and owners', async () => {
		const { client, source, sink } = setUp();
		client.lists.push({ items: [sent('x', 1)] });
		await source.start(sink);
		expect(Object.keys(sink.objects.get('a/x') ?? {}).sort()).toEqual([
			'binaryData',
			'data',
			'immutable',
			'key',
			'labels',
		]);
	});

	it('starts from the state file, is stale at once, and fresh when the cluster is back', async () => {
		const directory = stateDirectory();
		const first = setUp({ stateDirectory: directory });
		first.client.lists.push({ items: [sent('x', 1), sent('y', 2)], resourceVersion: '7' });
		await first.source.start(first.sink);
		await settle();
		first.client.watch$.send('DELETED', sent('y', 8));
		await first.timers.advance(1_100);
		await until(() => readdirSync(directory).length === 1, 'the file');
		await first.source.close();

		const { client, events, source, sink, timers } = setUp({ stateDirectory: directory });
		client.outage = failures.refused();
		await source.start(sink);
		expect(sink.names).toEqual(['a/x']);
		expect(source.status).toMatchObject({ isStale: true, lastContact: 1_000_000 });
		expect(events).toEqual([
			{ type: 'staleness', server: 'https://fake:6443', ageSeconds: 0, reason: 'connection refused' },
		]);
		expect(sink.present).toMatchObject([{ isLogged: true }]);
		expect(sink.calls.filter((call) => call.startsWith('!'))).toHaveLength(1);
		client.outage = undefined;
		client.lists.push({ items: [sent('z', 9)], resourceVersion: '9' });
		await timers.advance(10_000);
		expect(sink.names).toEqual(['a/z']);
		expect(source.status.isStale).toBe(false);
		expect(events.slice(1)).toEqual([{ type: 'contact-back', server: 'https://fake:6443', awaySeconds: 1 }]);
	});

	it('prefers an answering cluster to the state file, and the file to a silent cluster', async () => {
		const directory = stateDirectory();
		const first = setUp({ stateDirectory: directory });
		first.client.lists.push({ items: [sent('old', 1)] });
		await first.source.start(first.sink);
		await first.source.close();
		const answering = setUp({ stateDirectory: directory });
		answering.client.lists.push({ items: [sent('new', 2)] });
		await answering.source.start(answering.sink);
		expect(answering.sink.names).toEqual(['a/new']);
		const silent = setUp({ stateDirectory: directory });
		const start = silent.source.start(silent.sink);
		await until(() => silent.client.requestCount === 1, 'the request');
		await silent.timers.advance(2_000);
		await start;
		expect(silent.sink.names).toEqual(['a/old']);
	});

	it('starts from the state file even if the credentials are refused', async () => {
		const directory = stateDirectory();
		const first = setUp({ stateDirectory: directory });
		first.client.lists.push({ items: [sent('x', 1)] });
		await first.source.start(first.sink);
		await first.source.close();
		const { client, source, sink } = setUp({ stateDirectory: directory, failStart: 'any' });
		client.outage = failures.forbidden();
		await source.start(sink);
		expect(sink.names).toEqual(['a/x']);
		expect(sink.present).toHaveLength(1);
	});

	it('reports nothing after it was closed, also if it was still starting', async () => {
		const { client, source, sink, timers } = setUp();
		client.outage = failures.refused();
		const start = source.start(sink);
		await timers.advance(1_000);
		await source.close();
		await start;
		const { length } = sink.calls;
		client.outage = undefined;
		client.lists.push({ items: [sent('x', 1)] });
		await timers.advance(100_000);
		expect(sink.calls).toHaveLength(length);
		expect(timers.waiting).toBe(0);
	});
});

describe('clusterTargets', () => {
	it('returns one target for each namespace and name, each once', () => {
		const none = { labelSelector: undefined, fieldSelector: undefined };
		const of = (namespaces: readonly string[] | 'all', names: readonly string[]) =>
			clusterTargets({ namespaces, names, ...none }).map(({ namespace, name }) => `${namespace}/${name}`);
		expect(of(['a', 'b', 'a'], [])).toEqual(['a/undefined', 'b/undefined']);
		expect(of('all', ['x', 'x', 'y'])).toEqual(['undefined/x', 'undefined/y']);
	});
});
