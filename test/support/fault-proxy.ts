/**
 * A proxy in front of the API server that injects faults and records the requests. It presents the API server's
 * certificate, so the same caFile is valid for both.
 *
 *     const proxy = await startFaultProxy(cluster());         // in afterEach: await stopProxies()
 *     const kubeconfig = proxy.kubeconfig();                  // the administrator, through the proxy
 *     proxy.inject({ on: 'watch', times: 1, respond: answers.gone() });
 *     proxy.inject({ on: 'list', delayMs: 500, splitEvery: 1 });
 *     const release = proxy.blackHole();                      // connections stay open, but transfer no bytes
 *     await proxy.waitFor('watch', 3);
 *     expect(proxy.perMinute()).toBeLessThan(30);
 *
 * The first matching rule that is not used up applies to a request. `startFaultProxy()` without an API server is a plain
 * HTTP fake, which responds with 404 if no rule gives a response. HTTP/1.1 only; faults of content need JSON, not
 * protobuf.
 */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
	createServer as createHttpServer,
	type IncomingHttpHeaders,
	type IncomingMessage,
	type Server,
	type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer, Agent as SecureAgent, request as secureRequest } from 'node:https';
import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ControlPlane, freePort, type KubeconfigOptions } from './control-plane.js';
import { until, WAIT_MS } from './until.js';

/**
 * `watch-list` is a watch with sendInitialEvents, `continue` a later page of a list, `review` an access review such as
 * SelfSubjectAccessReview, `discovery` a request for the description of the API, `write` any other change.
 */
export type RequestKind = 'list' | 'continue' | 'get' | 'watch' | 'watch-list' | 'write' | 'review' | 'discovery';

export interface SeenRequest {
	/** Unit: milliseconds since the epoch. */
	readonly at: number;
	readonly kind: RequestKind;
	readonly method: string;
	readonly path: string;
	readonly query: URLSearchParams;
	readonly headers: IncomingHttpHeaders;
	/** The number of its connection; the first is 1. */
	readonly connection: number;
	/** The status of the response; undefined before it. */
	status: number | undefined;
	/** The end of the response, complete or cut off. Unit: milliseconds since the epoch. */
	endedAt: number | undefined;
}

export interface WatchEvent {
	readonly type: string;
	// biome-ignore lint/suspicious/noExplicitAny: the proxy passes objects of any kind
	readonly object: any;
}

export interface Answer {
	readonly status: number;
	readonly headers?: Readonly<Record<string, string>>;
	/** An object is sent as JSON. The parts of an iterable are sent when it yields them; the response ends with it. */
	readonly body?: object | string | AsyncIterable<string | Buffer>;
}

/** Replaces an event of a watch by any number of events. `undefined` is the end of the watch; it can return held events. */
export type EventChange = (event: WatchEvent | undefined) => readonly WatchEvent[];

/** All given faults apply, in the order of these fields. */
export interface Fault {
	/** Wait before the request is handled. Unit: milliseconds. */
	readonly delayMs?: number;
	/** Never respond; the connection stays open. */
	readonly hang?: boolean;
	/** Close the connection instead of responding. */
	readonly drop?: boolean;
	/** Respond with this, without a request to the API server. */
	readonly respond?: Answer | ((request: SeenRequest) => Answer);
	/** Change the body of the API server's response; not for watches. */
	readonly changeBody?: (text: string, request: SeenRequest) => string;
	/** Change the events of a watch; called once per watch. */
	readonly changeEvents?: () => EventChange;
	/** End a watch normally after this many events; 0 ends it immediately. */
	readonly endAfterEvents?: number;
	/** After `endAfterEvents` (default here: 0), send an ERROR event with this Status, then end the watch. */
	readonly errorEvent?: object;
	/** Send the response in pieces of this many bytes, each as a separate chunk and write. */
	readonly splitEvery?: number;
	/** Cut the connection after this many bytes of the response, in the middle of a chunk. */
	readonly cutAfterBytes?: number;
	/** Stop sending after this many bytes of the response; the connection stays open. */
	readonly hangAfterBytes?: number;
}

export interface Rule extends Fault {
	/** Kinds of matching requests. Default: all. */
	readonly on?: RequestKind | readonly RequestKind[];
	/** A further condition for matching requests. */
	readonly where?: (request: SeenRequest) => boolean;
	/** The rule is used up after this many requests. Default: never. */
	readonly times?: number;
}

export interface InjectedRule {
	/** The number of requests that the rule applied to. */
	readonly hits: number;
	remove(): void;
}

/**
 * The treatment of a watch with sendInitialEvents: `pass` forwards it to the API server, `reject` responds with 422 like
 * an API server without the feature, `emulate` behaves like an API server with the feature, by means of a list and a watch.
 */
export type WatchListMode = 'pass' | 'reject' | 'emulate';

const proxies = new Set<FaultProxy>();

export async function startFaultProxy(upstream?: ControlPlane): Promise<FaultProxy> {
	const proxy = new FaultProxy(upstream);
	proxies.add(proxy);
	await proxy.start();
	return proxy;
}

/** Call it in afterEach. */
export async function stopProxies(): Promise<void> {
	await Promise.all([...proxies].map((proxy) => proxy.stop()));
}

export class FaultProxy {
	watchList: WatchListMode = 'pass';
	url = '';
	readonly #upstream: ControlPlane | undefined;
	readonly #agent = new SecureAgent({ keepAlive: true });
	readonly #requests: SeenRequest[] = [];
	readonly #wires = new Set<Wire>();
	#rules: ActiveRule[] = [];
	#front = createServer();
	#inner: Server | undefined;
	#port = 0;
	#innerPort = 0;
	#connections = 0;
	#blackHoles = 0;
	/** The number of each outer connection, by the local port of its inner connection. */
	readonly #numbers = new Map<number, number>();

	/** Use `startFaultProxy`. */
	constructor(upstream: ControlPlane | undefined) {
		this.#upstream = upstream;
	}

	async start(): Promise<void> {
		const answer = (request: IncomingMessage, response: ServerResponse) => {
			this.#serve(request, response).catch(() => response.destroy());
		};
		const upstream = this.#upstream;
		this.#inner =
			upstream === undefined
				? createHttpServer(answer)
				: createHttpsServer({ cert: readFileSync(upstream.caFile), key: readFileSync(upstream.keyFile) }, answer);
		this.#inner.requestTimeout = 0;
		this.#inner.headersTimeout = 0;
		this.#inner.keepAliveTimeout = 120_000;
		this.#inner.on('clientError', (_, socket) => socket.destroy());
		this.#innerPort = await listen(this.#inner, 0);
		// A port that the kernel assigns to no client, so that it is still free after `refuse`.
		this.#port = await freePort();
		await this.accept();
		this.url = `${upstream === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}`;
	}

	/** Path of a kubeconfig that leads through this proxy; without a token, it is the administrator's. */
	kubeconfig(options: Omit<KubeconfigOptions, 'server'> = {}): string {
		if (this.#upstream === undefined) throw new Error('a fake without an API server has no kubeconfig, only a url');
		return this.#upstream.writeKubeconfig({ ...options, server: this.url });
	}

	/** Appends a rule. */
	inject(rule: Rule): InjectedRule {
		const active = new ActiveRule(rule, () => {
			this.#rules = this.#rules.filter((other) => other !== active);
		});
		this.#rules.push(active);
		return active;
	}

	/** Removes all rules; responses in progress keep theirs. */
	clear(): void {
		this.#rules = [];
	}

	/**
	 * Stops all transfer in both directions; connections stay open, and new ones are accepted. Returns a function that
	 * resumes the transfer.
	 */
	blackHole(): () => void {
		this.#blackHoles += 1;
		for (const wire of this.#wires) wire.freeze();
		let released = false;
		return () => {
			if (released) return;
			released = true;
			this.#blackHoles -= 1;
			if (this.#blackHoles === 0) for (const wire of this.#wires) wire.thaw();
		};
	}

	/** Resets every open connection; new ones are not affected. Returns the number of connections. */
	cut(): number {
		const cut = this.#wires.size;
		for (const wire of [...this.#wires]) wire.reset();
		return cut;
	}

	/** Resets all connections and refuses new ones until `accept`. */
	async refuse(): Promise<void> {
		if (!this.#front.listening) return;
		const closed = once(this.#front, 'close');
		this.#front.close();
		this.cut();
		await closed;
	}

	async accept(): Promise<void> {
		if (this.#front.listening) return;
		this.#front = createServer({ pauseOnConnect: true, allowHalfOpen: false }, (socket) => this.#connect(socket));
		this.#port = await listen(this.#front, this.#port);
	}

	/** All requests so far, including those without a response. */
	get requests(): readonly SeenRequest[] {
		return this.#requests;
	}

	/** Requests of a kind (default: all) in a range of time. Unit: milliseconds since the epoch. */
	seen(kind?: RequestKind, range: { readonly since?: number; readonly until?: number } = {}): readonly SeenRequest[] {
		const { since = 0, until: before = Number.POSITIVE_INFINITY } = range;
		return this.#requests.filter(
			(request) => (kind === undefined || request.kind === kind) && request.at >= since && request.at <= before,
		);
	}

	count(kind?: RequestKind, range: { readonly since?: number; readonly until?: number } = {}): number {
		return this.seen(kind, range).length;
	}

	/** The number of requests in the busiest minute. */
	perMinute(kind?: RequestKind): number {
		const times = this.seen(kind).map(({ at }) => at);
		let first = 0;
		return times.reduce((most, at, index) => {
			while (at - (times[first] ?? at) >= 60_000) first += 1;
			return Math.max(most, index - first + 1);
		}, 0);
	}

	/** The number of open watches. */
	get openWatches(): number {
		return this.#requests.filter(({ kind, endedAt }) => kind.startsWith('watch') && endedAt === undefined).length;
	}

	/** The number of connections so far, and of open ones. */
	get connections(): { readonly made: number; readonly open: number } {
		return { made: this.#connections, open: this.#wires.size };
	}

	/** Clears the recorded requests. */
	forget(): void {
		this.#requests.length = 0;
	}

	/** Waits for `count` requests of a kind. */
	async waitFor(kind: RequestKind, count = 1, ms = WAIT_MS): Promise<readonly SeenRequest[]> {
		const what = () =>
			`${count} requests of kind ${kind}; received: ${this.#requests.map((request) => request.kind).join(' ')}`;
		await until(() => this.count(kind) >= count, what, ms);
		return this.seen(kind);
	}

	async stop(): Promise<void> {
		proxies.delete(this);
		await this.refuse();
		this.#agent.destroy();
		this.#inner?.closeAllConnections();
		await new Promise((resolve) => this.#inner?.close(resolve) ?? resolve(undefined));
	}

	#connect(socket: Socket): void {
		this.#connections += 1;
		const number = this.#connections;
		const inner = connect(this.#innerPort, '127.0.0.1');
		inner.once('connect', () => {
			this.#numbers.set(inner.localPort ?? 0, number);
			wire.opened(this.#blackHoles > 0);
		});
		const wire = new Wire(socket, inner, () => this.#wires.delete(wire));
		this.#wires.add(wire);
	}

	async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const url = new URL(request.url ?? '/', 'http://proxy');
		const seen: SeenRequest = {
			at: Date.now(),
			kind: kindOf(request.method ?? 'GET', url),
			method: request.method ?? 'GET',
			path: url.pathname,
			query: url.searchParams,
			headers: request.headers,
			connection: this.#numbers.get(request.socket.remotePort ?? 0) ?? 0,
			status: undefined,
			endedAt: undefined,
		};
		this.#requests.push(seen);
		response.on('close', () => {
			seen.endedAt = Date.now();
		});
		const fault = this.#take(seen);
		const body = await readAll(request);
		if (fault.delayMs !== undefined) await sleep(fault.delayMs);
		if (fault.hang === true || response.destroyed) return;
		if (fault.drop === true) {
			response.socket?.destroy();
			return;
		}
		const { respond } = fault;
		const answer = typeof respond === 'function' ? respond(seen) : (respond ?? this.#ownAnswer(seen));
		const sender = new Sender(response, fault, seen);
		if (answer !== undefined) await sendAnswer(sender, answer);
		else if (seen.kind === 'watch-list' && this.watchList === 'emulate') {
			await this.#emulateWatchList(request, response, sender, seen, fault);
		} else await this.#forward(request, response, sender, seen, fault, body);
	}

	/** The first matching rule; this counts as one use. */
	#take(seen: SeenRequest): Fault {
		for (const active of this.#rules) {
			const rule = active.take(seen);
			if (rule !== undefined) return rule;
		}
		return {};
	}

	/** The response of the proxy itself to a request without a rule; undefined if the API server responds. */
	#ownAnswer(seen: SeenRequest): Answer | undefined {
		if (seen.kind === 'watch-list' && this.watchList === 'reject') return answers.watchListUnknown();
		return this.#upstream === undefined ? answers.status(404, 'NotFound', `${seen.path} does not exist`) : undefined;
	}

	async #forward(
		request: IncomingMessage,
		response: ServerResponse,
		sender: Sender,
		seen: SeenRequest,
		fault: Fault,
		body: Buffer,
	): Promise<void> {
		const upstream = await this.#forwardRequest(request, response, seen.method, request.url ?? '/', body);
		if (upstream === undefined) return;
		const status = upstream.statusCode ?? 502;
		const isWatch = seen.kind.startsWith('watch') && status === 200;
		sender.head(status, upstream.headers);
		if (isWatch && changesEvents(fault)) await sendEvents(sender, upstream, fault);
		else if (fault.changeBody !== undefined && !isWatch) {
			await sender.write(fault.changeBody((await readAll(upstream)).toString('utf8'), seen));
		} else for await (const chunk of upstream) await sender.write(chunk as Buffer);
		upstream.destroy();
		sender.end();
	}

	/** Responds like an API server with WatchList: the objects, a bookmark that ends them, then the events. */
	async #emulateWatchList(
		request: IncomingMessage,
		response: ServerResponse,
		sender: Sender,
		seen: SeenRequest,
		fault: Fault,
	): Promise<void> {
		const query = new URLSearchParams(seen.query);
		for (const name of ['sendInitialEvents', 'resourceVersionMatch', 'watch']) query.delete(name);
		const listQuery = new URLSearchParams(query);
		for (const name of ['allowWatchBookmarks', 'timeoutSeconds']) listQuery.delete(name);
		if (listQuery.get('resourceVersion') === '') listQuery.delete('resourceVersion');
		if (seen.query.get('resourceVersionMatch') !== 'NotOlderThan') {
			await sendAnswer(sender, answers.watchListUnknown('resourceVersionMatch must be NotOlderThan'));
			return;
		}
		const listed = await this.#forwardRequest(request, response, 'GET', `${seen.path}?${listQuery}`);
		if (listed === undefined) return;
		const text = (await readAll(listed)).toString('utf8');
		if (listed.statusCode !== 200) {
			await sendAnswer(sender, { status: listed.statusCode ?? 502, body: JSON.parse(text) });
			return;
		}
		const list = JSON.parse(text);
		const type = { kind: String(list.kind).replace(/List$/, ''), apiVersion: list.apiVersion };
		const version: string = list.metadata.resourceVersion;
		query.set('watch', '1');
		query.set('resourceVersion', version);
		const watch = await this.#forwardRequest(request, response, 'GET', `${seen.path}?${query}`);
		if (watch === undefined) return;
		const metadata = { resourceVersion: version, annotations: { 'k8s.io/initial-events-end': 'true' } };
		const end = { type: 'BOOKMARK', object: { ...type, metadata: { ...metadata, creationTimestamp: null } } };
		const initial: WatchEvent[] = list.items.map((item: object) => ({ type: 'ADDED', object: { ...type, ...item } }));
		if (/^(?:1|true)$/.test(seen.query.get('allowWatchBookmarks') ?? '')) initial.push(end);
		sender.head(200, watch.headers);
		await sendEvents(sender, watch, fault, initial);
		watch.destroy();
		sender.end();
	}

	/** Sends a request to the API server. If it is unreachable, cuts the client's connection and returns undefined. */
	async #forwardRequest(
		request: IncomingMessage,
		response: ServerResponse,
		method: string,
		path: string,
		body?: Buffer,
	): Promise<IncomingMessage | undefined> {
		const { url, caFile } = this.#upstream ?? { url: '', caFile: '' };
		const headers = { ...request.headers };
		// Without compression, because the proxy and the tests process the content.
		for (const name of ['host', 'connection', 'accept-encoding', 'transfer-encoding']) delete headers[name];
		if (body === undefined) delete headers['content-length'];
		const target = new URL(path, url);
		const forwarded = secureRequest(target, { method, headers, ca: readFileSync(caFile), agent: this.#agent });
		response.on('close', () => forwarded.destroy());
		forwarded.end(body);
		try {
			const [answer] = (await once(forwarded, 'response')) as [IncomingMessage];
			// The reader of the response gets the same error.
			forwarded.on('error', () => {});
			answer.on('error', () => {});
			return answer;
		} catch {
			response.socket?.destroy();
			return undefined;
		}
	}
}

/** A client's connection and the inner connection that continues it; while frozen, neither transfers bytes. */
class Wire {
	readonly #outer: Socket;
	readonly #inner: Socket;
	#open = false;
	#frozen = false;

	constructor(outer: Socket, inner: Socket, gone: () => void) {
		this.#outer = outer;
		this.#inner = inner;
		for (const socket of [outer, inner]) {
			socket.setNoDelay(true);
			// 'close' follows.
			socket.on('error', () => {});
		}
		outer.on('close', () => {
			inner.destroy();
			gone();
		});
		inner.on('close', () => {
			// end() still sends the bytes that were received before the close.
			if (!this.#frozen) outer.end();
		});
	}

	opened(frozen: boolean): void {
		this.#open = true;
		this.#frozen = frozen;
		if (!frozen) this.thaw();
	}

	freeze(): void {
		this.#frozen = true;
		for (const socket of [this.#outer, this.#inner]) socket.unpipe().pause();
	}

	thaw(): void {
		this.#frozen = false;
		if (!this.#open) return;
		this.#outer.pipe(this.#inner);
		this.#inner.pipe(this.#outer);
		if (this.#inner.destroyed) this.#outer.end();
	}

	reset(): void {
		this.#outer.resetAndDestroy();
		this.#inner.destroy();
	}
}

class ActiveRule implements InjectedRule {
	hits = 0;
	readonly remove: () => void;
	readonly #rule: Rule;

	constructor(rule: Rule, remove: () => void) {
		this.#rule = rule;
		this.remove = remove;
	}

	/** The rule, if it applies to this request. */
	take(request: SeenRequest): Rule | undefined {
		const { on, where, times = Number.POSITIVE_INFINITY } = this.#rule;
		const kinds = on === undefined ? [request.kind] : [on].flat();
		if (this.hits >= times || !kinds.includes(request.kind) || where?.(request) === false) return undefined;
		this.hits += 1;
		return this.#rule;
	}
}

/** Sends the bytes of a response and applies the faults that concern bytes. */
class Sender {
	/** The response has ended. */
	over = false;
	readonly #response: ServerResponse;
	readonly #fault: Fault;
	readonly #seen: SeenRequest;
	#sent = 0;

	constructor(response: ServerResponse, fault: Fault, seen: SeenRequest) {
		this.#response = response;
		this.#fault = fault;
		this.#seen = seen;
		response.on('close', () => {
			this.over = true;
		});
	}

	head(status: number, headers: IncomingHttpHeaders | Readonly<Record<string, string>>): void {
		this.#seen.status = status;
		const kept = { ...headers };
		// Every response is chunked, so that it can be cut within a chunk.
		for (const name of ['content-length', 'connection', 'transfer-encoding', 'keep-alive']) delete kept[name];
		this.#response.writeHead(status, kept);
		this.#response.flushHeaders();
	}

	async write(data: string | Buffer): Promise<void> {
		const bytes = typeof data === 'string' ? Buffer.from(data) : data;
		const size = this.#fault.splitEvery ?? bytes.length;
		for (let start = 0; start < bytes.length && !this.over; start += size) {
			await this.#writeOne(bytes.subarray(start, start + size));
		}
	}

	end(): void {
		if (!this.over) this.#response.end();
	}

	async #writeOne(piece: Buffer): Promise<void> {
		const { cutAfterBytes = Number.POSITIVE_INFINITY, hangAfterBytes = Number.POSITIVE_INFINITY } = this.#fault;
		const limit = Math.min(cutAfterBytes, hangAfterBytes);
		const rest = limit - this.#sent;
		this.#sent += piece.length;
		if (piece.length <= rest) {
			await new Promise((resolve) => this.#response.write(piece, resolve));
			return;
		}
		this.over = true;
		const socket = this.#response.socket;
		// The length of the chunk, which stays incomplete.
		const head = Buffer.from(`${piece.length.toString(16)}\r\n`);
		const part = Buffer.concat([head, piece.subarray(0, rest)]);
		socket?.write(part, () => {
			if (cutAfterBytes <= hangAfterBytes) socket.destroySoon();
		});
	}
}

async function sendAnswer(sender: Sender, answer: Answer): Promise<void> {
	const { body = '' } = answer;
	sender.head(answer.status, { 'content-type': 'application/json', ...answer.headers });
	if (typeof body === 'string') await sender.write(body);
	else if (isIterable(body)) for await (const part of body) await sender.write(part);
	else await sender.write(JSON.stringify(body));
	sender.end();
}

/** Sends `initial`, then the events of the API server, and applies the faults that concern events. */
async function sendEvents(
	sender: Sender,
	source: AsyncIterable<unknown>,
	fault: Fault,
	initial: readonly WatchEvent[] = [],
): Promise<void> {
	const change: EventChange = fault.changeEvents?.() ?? ((event) => (event === undefined ? [] : [event]));
	const most = fault.endAfterEvents ?? (fault.errorEvent === undefined ? Number.POSITIVE_INFINITY : 0);
	let sent = 0;
	const send = async (events: readonly WatchEvent[]) => {
		for (const event of events) {
			if (sent >= most || sender.over) return;
			sent += 1;
			await sender.write(`${JSON.stringify(event)}\n`);
		}
	};
	for (const event of initial) await send(change(event));
	if (sent < most) {
		for await (const line of lines(source)) {
			await send(change(JSON.parse(line) as WatchEvent));
			if (sent >= most || sender.over) break;
		}
	}
	await send(change(undefined));
	if (fault.errorEvent !== undefined && !sender.over) {
		await sender.write(`${JSON.stringify({ type: 'ERROR', object: fault.errorEvent })}\n`);
	}
}

function changesEvents({ changeEvents, endAfterEvents, errorEvent }: Fault): boolean {
	return changeEvents !== undefined || endAfterEvents !== undefined || errorEvent !== undefined;
}

function isIterable(body: object): body is AsyncIterable<string | Buffer> {
	return Symbol.asyncIterator in body;
}

async function* lines(source: AsyncIterable<unknown>): AsyncIterable<string> {
	const decoder = new TextDecoder();
	let rest = '';
	for await (const chunk of source) {
		rest += decoder.decode(chunk as Buffer, { stream: true });
		const parts = rest.split('\n');
		rest = parts.pop() ?? '';
		yield* parts.filter((part) => part !== '');
	}
}

/** Values for `changeEvents`. */
export const events = {
	/** Removes all bookmarks. */
	dropBookmarks: (): EventChange => (event) => (event === undefined || event.type === 'BOOKMARK' ? [] : [event]),
	/** Sends each event `times` times. */
	repeat:
		(times = 2) =>
		(): EventChange =>
		(event) =>
			event === undefined ? [] : Array.from({ length: times }, () => event),
	/** After each event, sends all earlier events again, the newest first. */
	replay: (): EventChange => {
		const before: WatchEvent[] = [];
		return (event) => {
			if (event === undefined) return [];
			before.unshift(event);
			return [event, ...before.slice(1)];
		};
	},
	/** Swaps the two events of each pair. */
	swapPairs: (): EventChange => {
		let held: WatchEvent | undefined;
		return (event) => {
			const first = held;
			held = undefined;
			if (event === undefined) return first === undefined ? [] : [first];
			if (first !== undefined) return [event, first];
			held = event;
			return [];
		};
	},
} as const;

/** Responses with the API server's own texts. */
export const answers = {
	status(code: number, reason: string, message: string, headers: Readonly<Record<string, string>> = {}): Answer {
		return { status: code, headers, body: statusObject(code, reason, message) };
	},
	tooManyRequests(retryAfterSeconds: number): Answer {
		const headers = { 'retry-after': String(retryAfterSeconds) };
		return answers.status(429, 'TooManyRequests', 'Too many requests, please try again later.', headers);
	},
	unauthorized(): Answer {
		return answers.status(401, 'Unauthorized', 'Unauthorized');
	},
	forbidden(message = 'configmaps is forbidden: User "somebody" cannot list resource "configmaps"'): Answer {
		return answers.status(403, 'Forbidden', message);
	},
	internalError(): Answer {
		return answers.status(500, 'InternalError', 'Internal error occurred: injected by a test');
	},
	/** As from a load balancer without a backend: not a Status, and not JSON. */
	unavailable(): Answer {
		return { status: 503, headers: { 'content-type': 'text/plain' }, body: 'upstream connect error\n' };
	},
	gatewayTimeout(): Answer {
		return answers.status(504, 'Timeout', 'Timeout: request did not complete within the allotted timeout');
	},
	/** 410 as the status of the response; for an ERROR event in a watch, use `statuses.gone` as `errorEvent`. */
	gone(): Answer {
		return { status: 410, body: statuses.gone() };
	},
	/** 422 of an API server without sendInitialEvents. */
	watchListUnknown(
		why = 'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
	): Answer {
		const message = `ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: ${why}`;
		return answers.status(422, 'Invalid', message);
	},
} as const;

/** Status objects for `errorEvent`. */
export const statuses = {
	gone: (): object => statusObject(410, 'Expired', 'too old resource version: 1 (2)'),
	internalError: (): object => statusObject(500, 'InternalError', 'etcd event received with no stored value'),
	tooLargeVersion: (): object => statusObject(504, 'Timeout', 'Timeout: Too large resource version: 2, current: 1'),
} as const;

function statusObject(code: number, reason: string, message: string): object {
	return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
}

function kindOf(method: string, url: URL): RequestKind {
	const { pathname: path, searchParams: query } = url;
	// The path of a resource is below a version; all other paths describe the server.
	const resource = /^\/(?:api\/[^/]+|apis\/[^/]+\/[^/]+)\/(.+?)\/?$/.exec(path)?.[1]?.split('/');
	if (resource === undefined) return 'discovery';
	if (method !== 'GET') return resource.some((part) => part.endsWith('accessreviews')) ? 'review' : 'write';
	if (/^(?:1|true)$/.test(query.get('watch') ?? '')) {
		return query.get('sendInitialEvents') === 'true' ? 'watch-list' : 'watch';
	}
	if (query.has('continue')) return 'continue';
	// namespaces/N/configmaps is a list; namespaces/N/configmaps/NAME and namespaces/N are single objects.
	const inNamespace = resource[0] === 'namespaces' && resource.length > 2;
	return (inNamespace ? resource.length - 2 : resource.length) === 1 ? 'list' : 'get';
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
	const parts: Buffer[] = [];
	for await (const part of stream) parts.push(part as Buffer);
	return Buffer.concat(parts);
}

async function listen(server: NetServer, port: number): Promise<number> {
	server.listen(port, '127.0.0.1');
	await once(server, 'listening');
	return (server.address() as AddressInfo).port;
}
