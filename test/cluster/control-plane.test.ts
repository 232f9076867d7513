/** Checks the tests' own API server and the proxy in front of it: the tests of the cluster source rely on them. */

import { existsSync, readFileSync } from 'node:fs';
import { type IncomingMessage, get as plainGet } from 'node:http';
import { get as secureGet } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { startControlPlane, useControlPlane } from '../support/control-plane.js';
import { answers, events, type FaultProxy, startFaultProxy, statuses, stopProxies } from '../support/fault-proxy.js';
import { until } from '../support/until.js';

const cluster = useControlPlane({ watchCache: false, minRequestTimeout: 60 });

afterEach(stopProxies);

interface Event {
	readonly type: string;
	readonly object: {
		readonly kind?: string;
		readonly code?: number;
		readonly apiVersion?: string;
		readonly metadata: {
			readonly name?: string;
			readonly resourceVersion?: string;
			readonly annotations?: Readonly<Record<string, string>>;
		};
	};
}

/** Reads a watch as it arrives; its state is `open` until the answer ends or breaks. */
class Watch {
	text = '';
	status = 0;
	chunks: Buffer[] = [];
	state: 'open' | 'ended' | 'broken' = 'open';
	readonly #destroy: () => void;

	constructor(url: string, token: string) {
		const get = url.startsWith('https:') ? secureGet : plainGet;
		const options = { ca: readFileSync(cluster().caFile), headers: { authorization: `Bearer ${token}` }, agent: false };
		const request = get(url, options as object, (response: IncomingMessage) => {
			this.status = response.statusCode ?? 0;
			response.on('data', (chunk: Buffer) => {
				this.chunks.push(chunk);
				this.text += chunk.toString();
			});
			response.on('error', () => {
				this.state = 'broken';
			});
			response.on('end', () => {
				this.state = 'ended';
			});
		});
		request.on('error', () => {
			this.state = 'broken';
		});
		this.#destroy = () => request.destroy();
	}

	get events(): readonly Event[] {
		const lines = this.text.split('\n').slice(0, -1);
		return lines.map((line) => JSON.parse(line) as Event);
	}

	get names(): readonly string[] {
		return this.events.map(({ type, object }) => `${type} ${object.metadata.name ?? object.code}`);
	}

	async waitFor(fits: (watch: Watch) => boolean): Promise<void> {
		await until(
			() => fits(this),
			() => `${fits}; it is ${this.state}, ${this.status}: ${this.text}`,
		);
	}

	close(): void {
		this.#destroy();
	}
}

function configMaps(namespace: string, query = ''): string {
	return `/api/v1/namespaces/${namespace}/configmaps${query === '' ? '' : `?${query}`}`;
}

function openWatch(base: string, namespace: string, query: string, token = cluster().token): Watch {
	return new Watch(`${base}${configMaps(namespace, `watch=1&${query}`)}`, token);
}

async function create(namespace: string, name: string): Promise<string> {
	const body = { metadata: { name }, data: { k: 'v' } };
	const created = await cluster().api('POST', configMaps(namespace), { body });
	expect(created.status).toBe(201);
	return created.body.metadata.resourceVersion;
}

async function through(proxy: FaultProxy, path: string, ms = 5000) {
	return await cluster().api('GET', path, { url: proxy.url, ms });
}

describe('the API server', () => {
	it('is driven by kubectl', async () => {
		const namespace = await cluster().namespace();
		const kubectl = async (...args: string[]) => await cluster().kubectlOk(['-n', namespace, ...args]);
		expect(await kubectl('create', 'configmap', 'a', '--from-literal=k=v')).toBe('configmap/a created\n');
		expect(await kubectl('get', 'configmap', 'a', '-o', 'jsonpath={.data.k}')).toBe('v');
		expect(await kubectl('patch', 'configmap', 'a', '-p', '{"data":{"k":"w"}}')).toBe('configmap/a patched\n');
		expect(await kubectl('get', 'configmap', 'a', '-o', 'jsonpath={.data.k}')).toBe('w');
		const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\nimmutable: true\n';
		const applied = await cluster().kubectl(['-n', namespace, 'apply', '-f', '-'], { input: manifest });
		expect(applied).toMatchObject({ status: 0, stdout: 'configmap/b created\n' });
		expect(await kubectl('delete', 'configmap', 'a')).toContain('configmap "a" deleted');
		const gone = await cluster().kubectl(['-n', namespace, 'get', 'configmap', 'a']);
		expect(gone).toMatchObject({ status: 1, stdout: '' });
		expect(gone.stderr).toContain('configmaps "a" not found');
	});

	it('lets a restricted user do what its rules allow and answers 403 to other requests', async () => {
		const namespace = await cluster().namespace();
		await create(namespace, 'mine');
		await create(namespace, 'other');
		const rules = [{ verbs: ['get', 'list', 'watch'], resources: ['configmaps'], resourceNames: ['mine'] }];
		const user = await cluster().user('restricted', rules, { namespace });
		const ask = async (path: string) => (await cluster().api('GET', path, { token: user.token })).status;
		expect(await ask(`${configMaps(namespace)}/mine`)).toBe(200);
		expect(await ask(`${configMaps(namespace)}/other`)).toBe(403);
		expect(await ask(configMaps(namespace))).toBe(403);
		expect(await ask(configMaps(namespace, 'fieldSelector=metadata.name%3Dmine'))).toBe(200);
		expect(await ask('/api/v1/configmaps')).toBe(403);
		const seen = await cluster().kubectl(['-n', namespace, 'get', 'cm', 'other'], { kubeconfig: user.kubeconfig });
		expect(seen.stderr).toContain('User "restricted" cannot get resource "configmaps"');
	});

	it('knows new users at once, and soon forgets removed rules', async () => {
		const namespace = await cluster().namespace();
		const rules = [{ verbs: ['list'], resources: ['configmaps'] }];
		const user = await cluster().user('removed', rules, { namespace });
		const ask = async () => (await cluster().api('GET', configMaps(namespace), { token: user.token })).status;
		expect(await ask()).toBe(200);
		await cluster().setRules(user, [], { namespace });
		await until(async () => (await ask()) === 403, '403 without rules');
	});

	it('accepts a rotated token at once, and refuses the old one within the time of its cache', async () => {
		const user = await cluster().user('rotated', [{ verbs: ['list'], resources: ['configmaps'] }]);
		const old = user.token;
		const ask = async (token: string) => (await cluster().api('GET', '/api/v1/configmaps', { token })).status;
		expect(await ask(old)).toBe(200);
		cluster().rotateToken(user);
		expect(user.token).not.toBe(old);
		expect(readFileSync(user.tokenFile, 'utf8')).toBe(user.token);
		expect(await ask(user.token)).toBe(200);
		await until(async () => (await ask(old)) === 401, '401 for the old token');
	});

	it('answers 410 to a watch and a continue token from before a compaction', async () => {
		const namespace = await cluster().namespace();
		const old = await create(namespace, 'a');
		await create(namespace, 'b');
		const page = await cluster().api('GET', configMaps(namespace, 'limit=1'));
		const token = encodeURIComponent(page.body.metadata.continue);
		await create(namespace, 'c');
		await cluster().compact();
		const watch = openWatch(cluster().url, namespace, `resourceVersion=${old}`);
		await watch.waitFor(({ state }) => state === 'ended');
		expect(watch.events).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', code: 410 } }]);
		const rest = await cluster().api('GET', configMaps(namespace, `limit=1&continue=${token}`));
		expect(rest).toMatchObject({ status: 410, body: { reason: 'Expired' } });
	});

	it('answers 422 to sendInitialEvents', async () => {
		const namespace = await cluster().namespace();
		const query = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
		const watch = openWatch(cluster().url, namespace, query);
		await watch.waitFor(({ state }) => state === 'ended');
		expect(watch.status).toBe(422);
	});

	it('keeps its data, its URL and its users if it or etcd is killed', async () => {
		const namespace = await cluster().namespace();
		await create(namespace, 'a');
		const user = await cluster().user('survivor', [{ verbs: ['get'], resources: ['configmaps'] }], { namespace });
		const watch = openWatch(cluster().url, namespace, 'resourceVersion=0');
		await watch.waitFor(({ names }) => names.length === 1);
		const before = cluster().pids;
		await cluster().killApiServer();
		await watch.waitFor(({ state }) => state === 'broken');
		await expect(cluster().api('GET', '/readyz')).rejects.toThrow('ECONNREFUSED');
		await cluster().startApiServer();
		await cluster().killEtcd();
		expect(cluster().pids.etcd).toBeUndefined();
		await cluster().startEtcd();
		const path = `${configMaps(namespace)}/a`;
		await until(async () => (await cluster().api('GET', path)).status === 200, 'the data again');
		expect((await cluster().api('GET', path, { token: user.token })).status).toBe(200);
		expect(cluster().pids.apiServer).not.toBe(before.apiServer);
		expect(cluster().pids.etcd).not.toBe(before.etcd);
	});

	it('starts again with other flags', async () => {
		const namespace = await cluster().namespace();
		const version = await create(namespace, 'a');
		await cluster().restartApiServer({ flags: ['--watch-cache=true', '--default-watch-cache-size=5'] });
		try {
			const watch = openWatch(cluster().url, namespace, `resourceVersion=${version}&timeoutSeconds=1`);
			await watch.waitFor(({ state }) => state === 'ended');
			expect(watch.status).toBe(200);
			const flags = readFileSync(`/proc/${cluster().pids.apiServer}/cmdline`, 'utf8').split('\0');
			expect(flags.slice(-3)).toEqual(['--watch-cache=true', '--default-watch-cache-size=5', '']);
		} finally {
			await cluster().restartApiServer({ flags: [] });
		}
	});

	it('leaves no process, directory or port behind', async () => {
		const other = await startControlPlane();
		const { etcd, apiServer } = other.pids;
		const { directory, url } = other;
		expect([etcd, apiServer].every((pid) => existsSync(`/proc/${pid}`))).toBe(true);
		await other.stop();
		await other.stop();
		expect([etcd, apiServer].some((pid) => existsSync(`/proc/${pid}`))).toBe(false);
		expect(existsSync(directory)).toBe(false);
		await expect(cluster().api('GET', '/readyz', { url })).rejects.toThrow('ECONNREFUSED');
	});

	it('reports why it did not start', async () => {
		await expect(startControlPlane({ flags: ['--no-such-flag'] })).rejects.toThrow(/unknown flag: --no-such-flag/);
	});
});

describe('the proxy', () => {
	it('passes everything on, also for kubectl, and counts requests by kind', async () => {
		const namespace = await cluster().namespace();
		const proxy = await startFaultProxy(cluster());
		const kubeconfig = proxy.kubeconfig();
		const kubectl = async (...args: string[]) =>
			(await cluster().kubectl(['-n', namespace, ...args], { kubeconfig })).status;
		expect(await kubectl('create', 'cm', 'a', '--from-literal=k=v')).toBe(0);
		expect(await kubectl('get', 'cm', 'a')).toBe(0);
		expect(await kubectl('get', 'cm')).toBe(0);
		expect(await kubectl('delete', 'cm', 'a', '--wait=false')).toBe(0);
		expect({ list: proxy.count('list'), get: proxy.count('get'), write: proxy.count('write') }).toEqual({
			list: 1,
			get: 1,
			write: 2,
		});
		expect(proxy.count('discovery')).toBeGreaterThan(0);
		expect(proxy.perMinute('write')).toBe(2);
		const [list] = proxy.seen('list');
		expect(list).toMatchObject({ method: 'GET', path: configMaps(namespace), status: 200 });
		expect(list?.endedAt).toBeGreaterThanOrEqual(list?.at ?? Number.NaN);
		const watch = openWatch(proxy.url, namespace, 'resourceVersion=0');
		await create(namespace, 'b');
		await watch.waitFor(({ names }) => names.includes('ADDED b'));
		expect(proxy.openWatches).toBe(1);
		watch.close();
		await until(() => proxy.openWatches === 0, 'a closed watch is seen as closed');
	});

	it('answers in place of the API server, as often as a rule allows', async () => {
		const namespace = await cluster().namespace();
		const proxy = await startFaultProxy(cluster());
		const injected = [answers.tooManyRequests(7), answers.internalError(), answers.unavailable()];
		injected.push(answers.gatewayTimeout(), answers.unauthorized(), answers.gone());
		for (const respond of injected) proxy.inject({ on: 'list', times: 1, respond });
		const seen: number[] = [];
		for (let count = 0; count < 7; count++) {
			const { status, headers } = await through(proxy, configMaps(namespace));
			if (status === 429) expect(headers['retry-after']).toBe('7');
			seen.push(status);
		}
		expect(seen).toEqual([429, 500, 503, 504, 401, 410, 200]);
	});

	it('answers 410 to the second page of a list only', async () => {
		const namespace = await cluster().namespace();
		await create(namespace, 'a');
		await create(namespace, 'b');
		const proxy = await startFaultProxy(cluster());
		const rule = proxy.inject({ on: 'continue', respond: answers.gone() });
		const page = await through(proxy, configMaps(namespace, 'limit=1'));
		const next = configMaps(namespace, `limit=1&continue=${encodeURIComponent(page.body.metadata.continue)}`);
		expect(await through(proxy, next)).toMatchObject({ status: 410, body: { reason: 'Expired' } });
		expect(rule.hits).toBe(1);
		rule.remove();
		expect((await through(proxy, next)).status).toBe(200);
	});

	it('changes, repeats, swaps and drops the events of a watch, and ends it with an error', async () => {
		const namespace = await cluster().namespace();
		for (const name of ['a', 'b', 'c', 'd']) await create(namespace, name);
		const proxy = await startFaultProxy(cluster());
		const query = 'resourceVersion=0&timeoutSeconds=2';
		const run = async (fault: Parameters<FaultProxy['inject']>[0]) => {
			const rule = proxy.inject({ on: 'watch', ...fault });
			const watch = openWatch(proxy.url, namespace, query);
			await watch.waitFor(({ state }) => state !== 'open');
			rule.remove();
			expect(watch.state).toBe('ended');
			return watch.names.join(', ');
		};
		expect(await run({ changeEvents: events.repeat(2), endAfterEvents: 4 })).toBe('ADDED a, ADDED a, ADDED b, ADDED b');
		expect(await run({ changeEvents: () => events.swapPairs(), endAfterEvents: 4 })).toBe(
			'ADDED b, ADDED a, ADDED d, ADDED c',
		);
		expect(await run({ changeEvents: () => events.replay(), endAfterEvents: 3 })).toBe('ADDED a, ADDED b, ADDED a');
		expect(await run({ endAfterEvents: 0 })).toBe('');
		expect(await run({ errorEvent: statuses.gone() })).toBe('ERROR 410');
		expect(await run({ endAfterEvents: 1, errorEvent: statuses.gone() })).toBe('ADDED a, ERROR 410');
		expect(await run({})).toBe('ADDED a, ADDED b, ADDED c, ADDED d');
	});

	it('splits an answer at every byte, cuts it in the middle of a chunk, and stops sending', async () => {
		const namespace = await cluster().namespace();
		await create(namespace, 'grüße'.replace(/[^a-z]/g, 'x'));
		const proxy = await startFaultProxy(cluster());
		const start = (fault: Parameters<FaultProxy['inject']>[0]) => {
			proxy.clear();
			proxy.inject(fault);
			return openWatch(proxy.url, namespace, 'resourceVersion=0');
		};
		const split = start({ splitEvery: 1 });
		await split.waitFor(({ text }) => text.endsWith('\n'));
		expect(split.chunks.every((chunk) => chunk.length === 1)).toBe(true);
		expect(split.names).toHaveLength(1);
		split.close();
		const cut = start({ cutAfterBytes: 20 });
		await cut.waitFor(({ state }) => state === 'broken');
		expect(cut.text).toHaveLength(20);
		const hung = start({ hangAfterBytes: 30 });
		await hung.waitFor(({ text }) => text.length === 30);
		await sleep(200);
		expect(hung).toMatchObject({ state: 'open' });
		expect(hung.text).toHaveLength(30);
		hung.close();
		const late = start({ delayMs: 300 });
		const [request] = await proxy.waitFor('watch', 4);
		expect(request).toBeDefined();
		expect(late.status).toBe(0);
		await late.waitFor(({ names }) => names.length === 1);
		late.close();
		const dropped = start({ drop: true });
		await dropped.waitFor(({ state }) => state === 'broken');
	});

	it('lets nothing through a black hole, and continues afterwards', async () => {
		const namespace = await cluster().namespace();
		const proxy = await startFaultProxy(cluster());
		const watch = openWatch(proxy.url, namespace, 'resourceVersion=0');
		await create(namespace, 'a');
		await watch.waitFor(({ names }) => names.length === 1);
		const release = proxy.blackHole();
		await create(namespace, 'b');
		await expect(through(proxy, configMaps(namespace), 500)).rejects.toThrow('no response');
		expect(watch.state).toBe('open');
		expect(watch.names).toEqual(['ADDED a']);
		release();
		await watch.waitFor(({ names }) => names.length === 2);
		expect((await through(proxy, configMaps(namespace))).status).toBe(200);
		watch.close();
	});

	it('cuts connections, refuses them, and accepts them again on the same port', async () => {
		const namespace = await cluster().namespace();
		const proxy = await startFaultProxy(cluster());
		const watch = openWatch(proxy.url, namespace, 'resourceVersion=0');
		await watch.waitFor(({ status }) => status === 200);
		expect(proxy.cut()).toBe(1);
		await watch.waitFor(({ state }) => state === 'broken');
		expect((await through(proxy, configMaps(namespace))).status).toBe(200);
		await proxy.refuse();
		await expect(through(proxy, configMaps(namespace))).rejects.toThrow('ECONNREFUSED');
		await proxy.accept();
		expect((await through(proxy, configMaps(namespace))).status).toBe(200);
	});

	it('behaves like an API server with sendInitialEvents, in front of one without', async () => {
		const namespace = await cluster().namespace();
		for (const name of ['a', 'b']) await create(namespace, name);
		const proxy = await startFaultProxy(cluster());
		proxy.watchList = 'emulate';
		const query = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&resourceVersion=';
		const watch = openWatch(proxy.url, namespace, query);
		await watch.waitFor((seen) => seen.events.length === 3);
		await create(namespace, 'c');
		await watch.waitFor((seen) => seen.events.length === 4);
		watch.close();
		const [first, , bookmark, last] = watch.events;
		expect(first).toMatchObject({ type: 'ADDED', object: { kind: 'ConfigMap', apiVersion: 'v1' } });
		expect(bookmark).toMatchObject({
			type: 'BOOKMARK',
			object: { kind: 'ConfigMap', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
		});
		expect(last).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'c' } } });
		proxy.watchList = 'reject';
		const rejected = openWatch(proxy.url, namespace, query);
		await rejected.waitFor(({ state }) => state === 'ended');
		expect(rejected.status).toBe(422);
		expect(proxy.count('watch-list')).toBe(2);
	});

	it('is a plain HTTP fake without an API server', async () => {
		const fake = await startFaultProxy();
		async function* body() {
			yield '{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n';
			await sleep(50);
			yield '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7"}}}\n';
		}
		fake.inject({ on: 'watch', respond: () => ({ status: 200, body: body() }) });
		const watch = openWatch(fake.url, 'any', 'resourceVersion=0', 'any');
		await watch.waitFor(({ state }) => state === 'ended');
		expect(watch.events.map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK']);
		const unknown = new Watch(`${fake.url}/api/v1/configmaps`, 'any');
		await unknown.waitFor(({ state }) => state === 'ended');
		expect(unknown.status).toBe(404);
	});
});
