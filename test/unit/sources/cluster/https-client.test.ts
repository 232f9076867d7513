import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { SYSTEM_TIMERS } from '../../../../src/base/timers.js';
import type { WatchEvent } from '../../../../src/sources/cluster/api-client.js';
import { KubeconfigAuthentication } from '../../../../src/sources/cluster/authentication.js';
import { HttpsClient } from '../../../../src/sources/cluster/https-client.js';
import type { Kubeconfig } from '../../../../src/sources/cluster/kubeconfig.js';
import type { UserEntry } from '../../../../src/sources/cluster/kubeconfig-entries.js';
import { until } from '../../../support/until.js';
import { sent } from './fake-client.js';
import { HeldTimers } from './held-timers.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const EXEC_V1 = 'client.authentication.k8s.io/v1';
const endings: (() => void)[] = [];
afterEach(() => {
	for (const end of endings.splice(0)) end();
});

async function setUp(
	handler: Handler,
	options: { user?: UserEntry; reload?: () => UserEntry; maxPageBytes?: number; timers?: HeldTimers } = {},
) {
	const seen: IncomingMessage[] = [];
	const sockets = new Set<Socket>();
	const server: Server = createServer((request, response) => {
		seen.push(request);
		handler(request, response);
	});
	server.on('connection', (socket) => sockets.add(socket));
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const make = (user: UserEntry): Kubeconfig => ({
		files: [],
		contextName: undefined,
		userName: undefined,
		cluster: {
			server: url,
			caFile: undefined,
			caData: undefined,
			insecureSkipTlsVerify: false,
			tlsServerName: undefined,
			proxyUrl: undefined,
		},
		user,
		namespace: 'default',
		reload: () => make(options.reload?.() ?? user),
	});
	const timers = options.timers ?? SYSTEM_TIMERS;
	const kubeconfig = make(options.user ?? { token: 'secret' });
	const authentication = new KubeconfigAuthentication({ kubeconfig, timers, environment: {} });
	const { maxPageBytes } = options;
	const client = new HttpsClient({
		server: url,
		authentication,
		timers,
		...(maxPageBytes === undefined ? {} : { maxPageBytes }),
	});
	endings.push(() => {
		client.close();
		server.closeAllConnections();
		server.close();
	});
	return { client, seen, sockets, server, makeKubeconfig: make, signal: new AbortController().signal };
}

function json(
	response: ServerResponse,
	value: unknown,
	status = 200,
	headers: Readonly<Record<string, string>> = {},
): void {
	response.writeHead(status, { 'content-type': 'application/json', ...headers });
	response.end(JSON.stringify(value));
}

const page = { metadata: { resourceVersion: '7', continue: 'more' }, items: [sent('x', 3)] };

/** A watch that collects its events. */
function watch(client: HttpsClient, signal: AbortSignal) {
	const events: WatchEvent[] = [];
	let opened = 0;
	const listener = {
		opened: () => {
			opened += 1;
		},
		received: () => {},
		event: (event: WatchEvent) => void events.push(event),
	};
	const request = {
		target: { namespace: 'a', name: 'x', fieldSelector: 'metadata.name!=y' },
		resourceVersion: '5',
		timeoutSeconds: 300,
	};
	const ended = client.watch(request, listener, signal);
	ended.catch(() => {});
	return { events, ended, opened: () => opened };
}

describe('HttpsClient', () => {
	it('requests pages over one connection', async () => {
		const { client, seen, sockets, signal } = await setUp((_, response) => json(response, page));
		const target = { namespace: 'a', labelSelector: 'x in (a,b)' };
		const first = await client.list({ target, limit: 500 }, signal);
		await client.list({ target: {}, limit: 500, continueToken: 'm+/=', resourceVersion: '0' }, signal);
		expect(seen.map(({ url }) => url)).toEqual([
			'/api/v1/namespaces/a/configmaps?labelSelector=x+in+%28a%2Cb%29&limit=500',
			'/api/v1/configmaps?limit=500&continue=m%2B%2F%3D&resourceVersion=0',
		]);
		expect(first).toMatchObject({ items: page.items, resourceVersion: '7', continueToken: 'more' });
		expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer secret', 'accept-encoding': 'gzip' });
		expect(sockets.size).toBe(1);
		expect(client.requestCount).toBe(2);
	});

	it('reads compressed lists', async () => {
		const { client, signal } = await setUp((_, response) => {
			response.writeHead(200, { 'content-encoding': 'gzip' });
			response.end(gzipSync(JSON.stringify(page)));
		});
		expect((await client.list({ target: {} }, signal)).items).toHaveLength(1);
	});

	it('rejects a page that is too large, with a reason of its own', async () => {
		const { client, signal } = await setUp((_, response) => json(response, page), { maxPageBytes: 20 });
		await expect(client.list({ target: {} }, signal)).rejects.toMatchObject({ reason: 'PageTooLarge' });
	});

	it('passes on events as they arrive, from chunks cut anywhere', async () => {
		const text = Buffer.from(`${JSON.stringify({ type: 'ADDED', object: sent('x', 6, '€𝄞') })}\n`);
		let response: ServerResponse | undefined;
		const { client, seen, signal } = await setUp((_, answer) => {
			response = answer;
			answer.writeHead(200);
			answer.flushHeaders();
		});
		const { events, ended, opened } = watch(client, signal);
		await until(() => opened() === 1, 'the answer');
		expect(seen[0]?.url).toBe(
			'/api/v1/namespaces/a/configmaps?fieldSelector=metadata.name%3Dx%2Cmetadata.name%21%3Dy&watch=1&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=5',
		);
		for (let from = 0; from < text.length; from += 5) {
			response?.write(text.subarray(from, from + 5));
			await new Promise((resolve) => setImmediate(resolve));
		}
		await until(() => events.length === 1, 'the event');
		expect(events[0]).toEqual({ type: 'ADDED', object: sent('x', 6, '€𝄞') });
		response?.end();
		await ended;
	});

	it.each([
		['breaks', (socket: Socket | null | undefined) => socket?.destroy(), 'network'],
		[
			'is cut in the middle of an event',
			(socket: Socket | null | undefined) => void socket?.end('0\r\n\r\n'),
			'network',
		],
	])('distinguishes a stream that %s from one that ends', async (_, hurt, kind) => {
		const { client, signal } = await setUp((_request, response) => {
			response.writeHead(200);
			response.write('{"type":"ADD');
			setTimeout(() => hurt(response.socket), 20);
		});
		await expect(watch(client, signal).ended).rejects.toMatchObject({ kind });
	});

	it.each([
		[
			'a Status',
			410,
			{ kind: 'Status', code: 410, reason: 'Expired', message: 'too old' },
			{},
			{ code: 410, isExpired: true },
		],
		['a Retry-After', 429, { message: 'slow' }, { 'retry-after': '7' }, { code: 429, retryAfterSeconds: 7 }],
		[
			'causes',
			504,
			{ details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } },
			{},
			{ isResourceVersionTooLarge: true },
		],
		['no Status', 503, 'gateway', {}, { code: 503, message: 'the server answered with status 503' }],
	])('converts a refusal into an error: %s', async (_, status, body, headers, expected) => {
		const { client, signal } = await setUp((_request, response) => json(response, body, status, headers));
		await expect(client.list({ target: {} }, signal)).rejects.toMatchObject(expected);
	});

	it('gives up a server that does not answer within 15 s, and one that stops within an answer', async () => {
		for (const begin of [() => {}, (response: ServerResponse) => void response.write('{')]) {
			const timers = new HeldTimers();
			const { client, seen, signal } = await setUp((_, response) => begin(response), { timers });
			const list = client.list({ target: {} }, signal);
			list.catch(() => {});
			await until(() => seen.length === 1, 'the request');
			await new Promise((resolve) => setTimeout(resolve, 50));
			await timers.advance(15_000);
			await expect(list).rejects.toMatchObject({ kind: 'timeout' });
		}
	});

	it('gives up when the signal is aborted', async () => {
		const { client, seen } = await setUp(() => {});
		const abort = new AbortController();
		const list = client.list({ target: {} }, abort.signal);
		list.catch(() => {});
		await until(() => seen.length === 1, 'the request');
		abort.abort();
		await expect(list).rejects.toMatchObject({ kind: 'aborted' });
	});

	it('repeats a request on a new connection if the server had closed the kept one', async () => {
		let count = 0;
		const { client, sockets, signal } = await setUp((request, response) => {
			count += 1;
			if (count === 2) request.socket.resetAndDestroy();
			else json(response, page);
		});
		await client.list({ target: {} }, signal);
		await client.list({ target: {} }, signal);
		expect(count).toBe(3);
		expect(sockets.size).toBe(2);
	});

	it('renews credentials once after 401, but not if they stay the same', async () => {
		const handler: Handler = (request, response) => {
			if (request.headers.authorization === 'Bearer new') json(response, page);
			else json(response, { code: 401, reason: 'Unauthorized', message: 'Unauthorized' }, 401);
		};
		const renewing = await setUp(handler, { user: { token: 'old' }, reload: () => ({ token: 'new' }) });
		await renewing.client.list({ target: {} }, renewing.signal);
		expect(renewing.seen).toHaveLength(2);
		await renewing.client.list({ target: {} }, renewing.signal);
		expect(renewing.seen).toHaveLength(3);
		const bad = await setUp(handler, { user: { token: 'old' } });
		await expect(bad.client.list({ target: {} }, bad.signal)).rejects.toMatchObject({ code: 401, runsPlugin: false });
		expect(bad.seen).toHaveLength(1);
		const args = [JSON.stringify({ apiVersion: EXEC_V1, status: { token: 'old' } })];
		const exec = {
			apiVersion: EXEC_V1,
			command: '/bin/echo',
			args,
			env: [],
			installHint: undefined,
			provideClusterInfo: false,
		};
		const plugged = await setUp(handler, { user: { exec } });
		const refused = plugged.client.list({ target: {} }, plugged.signal);
		await expect(refused).rejects.toMatchObject({ code: 401, runsPlugin: true });
	});

	it("reads the kubeconfig's certificates again if the server's is refused, without running the plugin", async () => {
		const { client, makeKubeconfig, signal } = await setUp((_, response) => json(response, page));
		client.close();
		const runs = join(mkdtempSync(join(tmpdir(), 'cmfs-plugin-')), 'runs');
		endings.push(() => rmSync(dirname(runs), { recursive: true }));
		const answer = JSON.stringify({ apiVersion: EXEC_V1, status: { token: 't' } });
		const args = ['-c', `echo run >> ${runs}; echo '${answer}'`];
		const exec = {
			apiVersion: EXEC_V1,
			command: 'sh',
			args,
			env: [],
			installHint: undefined,
			provideClusterInfo: false,
		};
		const made = makeKubeconfig({ exec });
		const newer = { ...made, cluster: { ...made.cluster, caData: 'bmV3' } };
		const kubeconfig = { ...made, reload: () => newer };
		const authentication = new KubeconfigAuthentication({
			kubeconfig,
			timers: SYSTEM_TIMERS,
			environment: process.env,
		});
		const old = (await authentication.apply()).agent;
		const refused = Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
		Object.assign(old, { createConnection: (_: unknown, done: (error: Error) => void) => done(refused) });
		const { server } = made.cluster;
		const another = new HttpsClient({ server, authentication, timers: SYSTEM_TIMERS });
		endings.push(() => another.close());
		expect((await another.list({ target: {} }, signal)).items).toHaveLength(1);
		expect(readFileSync(runs, 'utf8')).toBe('run\n');
	});

	it.each([
		['empty', '\n', 'read empty token from file'],
		['no token', 'a\0b', 'Invalid character in header content'],
	])('treats a token file that is %s as unfinished, and reads it again', async (_, content, reason) => {
		const directory = mkdtempSync(join(tmpdir(), 'cmfs-token-'));
		endings.push(() => rmSync(directory, { recursive: true }));
		const tokenFile = join(directory, 'token');
		const { client, seen, signal } = await setUp((_, response) => json(response, page), { user: { tokenFile } });
		writeFileSync(tokenFile, content);
		await expect(client.list({ target: {} }, signal)).rejects.toMatchObject({
			kind: 'credentials',
			message: expect.stringContaining(reason),
		});
		expect(seen).toHaveLength(0);
		writeFileSync(tokenFile, 'good\n');
		await client.list({ target: {} }, signal);
		expect(seen[0]?.headers.authorization).toBe('Bearer good');
	});

	it('sends basic credentials and impersonation', async () => {
		const impersonateExtra = new Map([['example.com/why %', ['a', 'b']]]);
		const as = { impersonateUser: 'boss', impersonateUid: '7', impersonateGroups: ['g', 'h'], impersonateExtra };
		const user = { username: 'me', password: 'pw', ...as };
		const { client, seen, signal } = await setUp((_, response) => json(response, page), { user });
		await client.list({ target: {} }, signal);
		expect(seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:pw').toString('base64')}`);
		expect(seen[0]?.headers['impersonate-user']).toBe('boss');
		expect(seen[0]?.rawHeaders.filter((name) => name.toLowerCase() === 'impersonate-group')).toHaveLength(2);
		expect(seen[0]?.headers['impersonate-uid']).toBe('7');
		expect(seen[0]?.headers['impersonate-extra-example.com%2fwhy%20%25']).toBe('a, b');
	});

	it.each([
		['http://api.example.com', { 'impersonate-user': 'boss' }],
		['http://localhost:8001', { authorization: 'Bearer secret', 'impersonate-user': 'boss' }],
		['https://api.example.com', { authorization: 'Bearer secret', 'impersonate-user': 'boss' }],
	])('sends no secrets in clear text over a network: %s', async (server, headers) => {
		const { makeKubeconfig } = await setUp(() => {});
		const made = makeKubeconfig({ token: 'secret', impersonateUser: 'boss' });
		const kubeconfig = { ...made, cluster: { ...made.cluster, server } };
		const authentication = new KubeconfigAuthentication({ kubeconfig, timers: SYSTEM_TIMERS, environment: {} });
		expect((await authentication.apply()).headers).toEqual(headers);
		authentication.close();
	});

	it('gets one object, or undefined', async () => {
		const { client, seen, signal } = await setUp((request, response) => {
			if (request.url?.endsWith('/x') === true) json(response, sent('x', 3));
			else json(response, { code: 404, reason: 'NotFound' }, 404);
		});
		expect(await client.get({ namespace: 'a', name: 'x' }, signal)).toEqual(sent('x', 3));
		expect(await client.get({ namespace: 'a', name: 'y' }, signal, '0')).toBeUndefined();
		expect(await client.hasNamespace('a', signal)).toBe(false);
		expect(seen.map(({ url }) => url)).toEqual([
			'/api/v1/namespaces/a/configmaps/x',
			'/api/v1/namespaces/a/configmaps/y?resourceVersion=0',
			'/api/v1/namespaces/a',
		]);
	});
});
