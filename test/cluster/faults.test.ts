import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SILENT } from '../../src/base/log.js';
import { SYSTEM_TIMERS, type Timers } from '../../src/base/timers.js';
import type { ControlEvent } from '../../src/control/events.js';
import type { ClusterSourceOptions } from '../../src/sources/cluster/cluster-options.js';
import { ClusterSource } from '../../src/sources/cluster/cluster-source.js';
import { loadKubeconfig } from '../../src/sources/cluster/kubeconfig.js';
import { useControlPlane } from '../support/control-plane.js';
import { answers, events, type FaultProxy, startFaultProxy, statuses, stopProxies } from '../support/fault-proxy.js';
import { expectSoon, until, WAIT_MS } from '../support/until.js';
import { RecordingSink } from '../unit/sources/cluster/recording-sink.js';

/** After any fault, requests in any minute stay below this number. */
const CAP = 20;

const cluster = useControlPlane();
let proxy: FaultProxy;
let ns: string;
const running: ClusterSource[] = [];

beforeEach(async () => {
	proxy = await startFaultProxy(cluster());
	ns = await cluster().namespace();
	for (const name of ['a', 'b', 'c']) await put(name, 'v');
});
afterEach(async () => {
	for (const source of running.splice(0)) await source.close();
	await stopProxies();
});

async function put(name: string, value: string): Promise<void> {
	const path = `/api/v1/namespaces/${ns}/configmaps`;
	const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { k: value } };
	const made = await cluster().api('POST', path, { body });
	if (made.status === 409) await cluster().api('PUT', `${path}/${name}`, { body });
}

async function remove(name: string): Promise<void> {
	await cluster().api('DELETE', `/api/v1/namespaces/${ns}/configmaps/${name}`);
}

async function started(options: Partial<ClusterSourceOptions> & { readonly file?: string } = {}) {
	const { file = proxy.kubeconfig(), ...rest } = options;
	const source = new ClusterSource({
		kubeconfig: loadKubeconfig({ kubeconfig: file }),
		namespaces: [ns],
		log: SILENT,
		...rest,
	});
	running.push(source);
	const sink = new RecordingSink();
	await source.start(sink);
	sink.forget();
	await proxy.waitFor('watch');
	return { source, sink };
}

/** Waits until the sink has the value. */
async function caughtUp(sink: RecordingSink, name: string, value: string, ms = WAIT_MS): Promise<void> {
	const what = () => `${name} is ${value}, calls: ${sink.calls.join(' ')}`;
	await until(() => sink.value(`${ns}/${name}`, 'k') === value, what, ms);
}

/** Timers on which time passes `factor` times as fast. */
function fast(factor: number): Timers {
	return {
		now: () => SYSTEM_TIMERS.now() * factor,
		after: (delayMs, call) => SYSTEM_TIMERS.after(delayMs / factor, call),
	};
}

describe('ClusterSource when the connection fails', () => {
	it.each([
		['is cut', async () => void proxy.cut()],
		[
			'is refused for a while',
			async () => {
				await proxy.refuse();
				await sleep(1_500);
				await proxy.accept();
			},
		],
	])('loses nothing when it %s', async (_, hurt) => {
		const { source, sink } = await started();
		await Promise.all([hurt(), put('a', 'during'), remove('c')]);
		await caughtUp(sink, 'a', 'during');
		await until(() => !sink.objects.has(`${ns}/c`), 'the deletion');
		expect(sink.fewest).toBe(2);
		expect(source.status.isStale).toBe(false);
		expect(sink.present).toEqual([]);
		expect(proxy.perMinute()).toBeLessThan(CAP);
	});

	it('detects a black hole by its silence and continues where it was', async () => {
		// Time runs ten times as fast: 65 s of silence are 6.5 s.
		const { sink } = await started({ timers: fast(10) });
		const { made } = proxy.connections;
		const release = proxy.blackHole();
		await put('a', 'during');
		const at = performance.now();
		await until(() => proxy.connections.made > made, 'a new connection');
		expectSoon((performance.now() - at) * 10, 150_000);
		release();
		await caughtUp(sink, 'a', 'during');
		expect(sink.fewest).toBe(3);
	});

	it('emits one event when contact is lost and one when it is back', async () => {
		const events: ControlEvent[] = [];
		const { source, sink } = await started({ onEvent: (event) => events.push(event) });
		await proxy.refuse();
		await until(() => source.status.isStale, 'staleness');
		expect(sink.present[0]?.reason).toMatch(/^The connection to the server 127\.0\.0\.1:\d+ was refused/);
		await sleep(3_000);
		expect(sink.objects.size).toBe(3);
		await proxy.accept();
		await until(() => !source.status.isStale, 'freshness');
		expect(events).toMatchObject([
			{ type: 'contact-lost', server: proxy.url, reason: 'connection refused', hasContent: true },
			{ type: 'contact-back', server: proxy.url },
		]);
		expect(sink.calls.filter((call) => call.startsWith('!'))).toHaveLength(2);
		expect(sink.calls.at(-1)).toBe('!');
	});
});

describe('ClusterSource when the server misbehaves', () => {
	it.each([
		['410 as the answer', { on: 'watch', times: 2, respond: answers.gone() }],
		['410 in the stream', { on: 'watch', times: 2, errorEvent: statuses.gone() }],
		['an internal error in the stream', { on: 'watch', times: 2, errorEvent: statuses.internalError() }],
		['a version that is too large', { on: 'watch', times: 1, errorEvent: statuses.tooLargeVersion() }],
		['500', { times: 2, respond: answers.internalError() }],
		['503 that is no Status', { times: 2, respond: answers.unavailable() }],
		['504', { times: 2, respond: answers.gatewayTimeout() }],
		['429 with Retry-After', { times: 2, respond: answers.tooManyRequests(1) }],
		['401 for a moment', { times: 2, respond: answers.unauthorized() }],
		['403 for a moment', { times: 2, respond: answers.forbidden() }],
		['watches that end at once', { on: 'watch', times: 2, endAfterEvents: 0 }],
		['a stream that is cut in the middle of a chunk', { on: 'watch', times: 2, cutAfterBytes: 300 }],
		['requests that are dropped', { times: 3, drop: true }],
	] as const)('loses nothing after %s', async (_, rule) => {
		const { source, sink } = await started();
		proxy.inject(rule);
		proxy.cut();
		await put('a', 'during');
		await remove('c');
		await caughtUp(sink, 'a', 'during');
		await until(() => sink.objects.size === 2 && !source.status.isStale, 'the end of the fault');
		await put('b', 'after');
		await caughtUp(sink, 'b', 'after');
		expect(sink.fewest).toBe(2);
		expect(proxy.perMinute()).toBeLessThan(CAP);
	});

	it.each([
		['repeated', events.repeat(3)],
		['replayed', events.replay],
	])('ignores events that are %s', async (_, changeEvents) => {
		proxy.inject({ on: 'watch', changeEvents });
		const { sink } = await started();
		for (const value of ['1', '2', '3']) await put('a', value);
		await remove('c');
		await until(() => !sink.objects.has(`${ns}/c`), 'the deletion');
		await put('d', 'last');
		await caughtUp(sink, 'd', 'last');
		expect(sink.calls).toEqual([`+${ns}/a`, `+${ns}/a`, `+${ns}/a`, `-${ns}/c`, `+${ns}/d`]);
	});

	it('ends at the last state if events arrive in the wrong order', async () => {
		proxy.inject({ on: 'watch', changeEvents: events.swapPairs });
		const { sink } = await started();
		for (const value of ['1', '2', '3', '4']) await put('a', value);
		await caughtUp(sink, 'a', '4');
		expect(sink.calls).toEqual([`+${ns}/a`, `+${ns}/a`]);
	});

	it('reads objects larger than a chunk, and characters divided between chunks', async () => {
		proxy.inject({ on: 'watch', splitEvery: 7 });
		const { sink } = await started();
		const value = '€𝄞ä'.repeat(2_000);
		await put('a', value);
		await caughtUp(sink, 'a', value);
	});

	it.each(['reject', 'emulate'] as const)('starts with WatchList or without it: %s', async (mode) => {
		proxy.watchList = mode;
		const source = new ClusterSource({
			kubeconfig: loadKubeconfig({ kubeconfig: proxy.kubeconfig() }),
			namespaces: [ns],
			log: SILENT,
		});
		running.push(source);
		const sink = new RecordingSink();
		await source.start(sink);
		expect(sink.objects.size).toBe(3);
		expect(proxy.count('list')).toBe(mode === 'reject' ? 1 : 0);
		await put('a', 'later');
		await caughtUp(sink, 'a', 'later');
	});

	it('lists again from the start if a continue token expires', async () => {
		proxy.inject({ on: 'continue', times: 1, respond: answers.gone() });
		proxy.inject({
			on: 'list',
			times: 1,
			changeBody: (text) => {
				const list = JSON.parse(text) as { items: unknown[]; metadata: { continue?: string } };
				list.items.length = 1;
				list.metadata.continue = 'token';
				return JSON.stringify(list);
			},
		});
		const { sink } = await started({ watchList: false });
		expect(sink.objects.size).toBe(3);
	});
});

describe('ClusterSource when the control plane fails', () => {
	it('follows again after the API server was killed and started', async () => {
		const { source, sink } = await started();
		await cluster().killApiServer();
		await until(() => source.status.isStale, 'staleness');
		await cluster().startApiServer();
		await put('a', 'after');
		await remove('c');
		await caughtUp(sink, 'a', 'after');
		await until(() => sink.objects.size === 2 && !source.status.isStale, 'the complete state');
		expect(sink.fewest).toBe(2);
		expect(proxy.perMinute()).toBeLessThan(CAP);
	});

	it('keeps its objects while etcd is away', async () => {
		const { sink } = await started();
		await cluster().killEtcd();
		proxy.cut();
		await sleep(2_000);
		expect(sink.objects.size).toBe(3);
		await cluster().startEtcd();
		await until(async () => (await cluster().api('GET', '/readyz')).status === 200, 'the API server');
		await put('a', 'after');
		await caughtUp(sink, 'a', 'after');
		expect(sink.fewest).toBe(3);
		expect(proxy.perMinute()).toBeLessThan(CAP);
	});

	it('lists again after a compaction', async () => {
		const { sink } = await started();
		await proxy.refuse();
		await put('a', 'during');
		await remove('c');
		await cluster().compact();
		await cluster().restartApiServer();
		await proxy.accept();
		await caughtUp(sink, 'a', 'during');
		await until(() => sink.objects.size === 2, 'the deletion');
		expect(sink.fewest).toBe(2);
		expect(proxy.perMinute()).toBeLessThan(CAP);
	});

	it('survives a server that stands still', async () => {
		const { sink } = await started({ timers: fast(10) });
		cluster().pauseApiServer();
		await sleep(9_000);
		expect(sink.objects.size).toBe(3);
		cluster().resumeApiServer();
		await put('a', 'after');
		await caughtUp(sink, 'a', 'after');
		expect(sink.fewest).toBe(3);
	});
});

describe('ClusterSource when credentials expire', () => {
	it('reads the token file again if the server refuses the token', async () => {
		const user = await cluster().user('renewed', [{ verbs: ['list', 'watch'], resources: ['configmaps'] }]);
		const { source, sink } = await started({ file: proxy.kubeconfig({ tokenFile: user.tokenFile }) });
		cluster().rotateToken(user);
		await cluster().restartApiServer();
		await put('a', 'after');
		await caughtUp(sink, 'a', 'after');
		expect(source.status.isStale).toBe(false);
	});

	it('reads the kubeconfig again if the server refuses the token', async () => {
		const rules = [{ verbs: ['list', 'watch'], resources: ['configmaps'] }];
		const user = await cluster().user('again', rules, { server: proxy.url });
		const { sink } = await started({ file: user.kubeconfig });
		cluster().rotateToken(user);
		await cluster().restartApiServer();
		await put('a', 'after');
		await caughtUp(sink, 'a', 'after');
	});

	it('runs the plugin again if the server refuses its credential, once for each refusal', async () => {
		const user = await cluster().user('plugged', [{ verbs: ['list', 'watch'], resources: ['configmaps'] }]);
		const directory = cluster().directory;
		const plugin = join(directory, 'plugin.sh');
		const runs = join(directory, 'runs');
		const answer = `{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}`;
		const script = `#!/bin/sh\necho run >> ${runs}\nprintf '${answer}' "$(cat ${user.tokenFile})"\n`;
		writeFileSync(plugin, script, { mode: 0o755 });
		const config = JSON.parse(JSON.stringify(loadKubeconfig({ kubeconfig: proxy.kubeconfig() })));
		const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: plugin, args: [], env: [] };
		const kubeconfig = { ...config, user: { exec }, reload: () => kubeconfig };
		const { sink } = await started({ kubeconfig });
		cluster().rotateToken(user);
		await cluster().restartApiServer();
		await put('a', 'after');
		await caughtUp(sink, 'a', 'after');
		expect(readFileSync(runs, 'utf8').trim().split('\n').length).toBeLessThanOrEqual(4);
	});

	it('keeps the content of a user who lost the permission, and reports the missing one', async () => {
		const rules = [{ verbs: ['list', 'watch'], resources: ['configmaps'] }];
		const user = await cluster().user('demoted', rules, { namespace: ns });
		const { sink } = await started({ file: proxy.kubeconfig({ token: user.token }) });
		await cluster().setRules(user, [{ verbs: ['get'], resources: ['pods'] }], { namespace: ns });
		await sleep(500);
		proxy.cut();
		await until(() => sink.present.length > 0, 'a problem');
		expect(sink.present[0]?.reason).toMatch(/User "demoted" cannot (list|watch) resource "configmaps".*namespace/);
		expect(sink.objects.size).toBe(3);
		await cluster().setRules(user, rules, { namespace: ns });
		await until(() => sink.present.length === 0, 'no problem');
	});
});
