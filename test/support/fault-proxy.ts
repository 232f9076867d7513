/**
 * A proxy in front of the API server that goes wrong on demand, and counts what it is asked. It shows the API server's
 * own certificate, so the same caFile is right for both.
 *
 *     const proxy = await startFaultProxy(cluster());         // stop in afterEach: await stopProxies()
 *     const kubeconfig = proxy.kubeconfig();                  // the administrator, through the proxy
 *     proxy.inject({ on: 'watch', times: 1, respond: answers.gone() });
 *     proxy.inject({ on: 'list', delayMs: 500, splitEvery: 1 });
 *     const release = proxy.blackHole();                      // connections stay open, nothing goes through
 *     await proxy.waitFor('watch', 3);
 *     expect(proxy.perMinute()).toBeLessThan(30);
 *
 * The first rule that fits a request and is not used up decides about it. `startFaultProxy()` without an API server is
 * a plain HTTP fake: what no rule answers is 404. HTTP/1.1 only; faults of content want JSON, not protobuf.
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
 * `watch-list` is a watch with sendInitialEvents, `continue` a list's further page, `review` a SelfSubjectAccessReview
 * or its like, `discovery` everything about the API itself, `write` any other change.
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
	/** Which connection it came over; the first is 1. */
	readonly connection: number;
	/** What was answered; undefined while nothing was. */
	status: number | undefined;
	/** When the answer was over or cut off. Unit: milliseconds since the epoch. */
	endedAt: number | undefined;
}

export interface WatchEvent {
	readonly type: string;
	// biome-ignore lint/suspicious/noExplicitAny: objects of any kind pass through
	readonly object: any;
}

export interface Answer {
	readonly status: number;
	readonly headers?: Readonly<Record<string, string>>;
	/** An object is sent as JSON; what an iterable yields is sent as it comes, the answer ends with it. */
	readonly body?: object | string | AsyncIterable<string | Buffer>;
}

/** What a watch's events become; `undefined` for the end of the watch, when what was held back may be given. */
export type EventChange = (event: WatchEvent | undefined) => readonly WatchEvent[];

/** Everything that is given happens, in the order of these fields. */
export interface Fault {
	/** Wait before the request is looked at. Unit: milliseconds. */
	readonly delayMs?: number;
	/** Never answer; the connection stays open. */
	readonly hang?: boolean;
	/** End the connection instead of answering. */
	readonly drop?: boolean;
	/** Answer so, and do not ask the API server. */
	readonly respond?: Answer | ((request: SeenRequest) => Answer);
	/** Ask the API server, and change the text of what it answers; not for watches. */
	readonly changeBody?: (text: string, request: SeenRequest) => string;
	/** Change the events of a watch; made anew for each watch. */
	readonly changeEvents?: () => EventChange;
	/** End a watch in order after this many events; 0 ends it at once. */
	readonly endAfterEvents?: number;
	/** After `endAfterEvents` (0 when that is not given): an ERROR event with this Status, then the end. */
	readonly errorEvent?: object;
	/** Send the answer in pieces of this many bytes, each a chunk and a write of its own. */
	readonly splitEvery?: number;
	/** Cut the connection after this many bytes of the answer, in the middle of a chunk. */
	readonly cutAfterBytes?: number;
	/** Send nothing more after this many bytes of the answer; the connection stays open. */
	readonly hangAfterBytes?: number;
}

export interface Rule extends Fault {
	/** Which requests; all when it is not given. */
	readonly on?: RequestKind | readonly RequestKind[];
	/** Only those that this is true for as well. */
	readonly where?: (request: SeenRequest) => boolean;
	/** How many requests it is good for; all when it is not given. */
	readonly times?: number;
}

export interface InjectedRule {
	/** How many requests it decided about. */
	readonly hits: number;
	remove(): void;
}

/**
 * What is done with a watch that asks for sendInitialEvents: `pass` leaves it to the API server, `reject` answers 422
 * as an API server without the feature, `emulate` does what one with the feature does, by a list and a watch.
 */
export type WatchListMode = 'pass' | 'reject' | 'emulate';

const proxies = new Set<FaultProxy>();

export async function startFaultProxy(upstream?: ControlPlane): Promise<FaultProxy> {
	const proxy = new FaultProxy(upstream);
	proxies.add(proxy);
	await proxy.start();
	return proxy;
}

/** Belongs into afterEach. */
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
	/** From the port of the inner connection to the number of the outer. */
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
		// One that the system gives to no client: it must still be free after `refuse`.
		this.#port = await freePort();
		await this.accept();
		this.url = `${upstream === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}`;
	}

	/** Path of a kubeconfig that goes through here; the administrator's unless a token is given. */
	kubeconfig(options: Omit<KubeconfigOptions, 'server'> = {}): string {
		if (this.#upstream === undefined) throw new Error('a fake has no kubeconfig, only a url');
		return this.#upstream.writeKubeconfig({ ...options, server: this.url });
	}

	/** The rule comes after those that are there already. */
	inject(rule: Rule): InjectedRule {
		const active = new ActiveRule(rule, () => {
			this.#rules = this.#rules.filter((other) => other !== active);
		});
		this.#rules.push(active);
		return active;
	}

	/** Takes all rules away; answers that are under way keep theirs. */
	clear(): void {
		this.#rules = [];
	}

	/**
	 * From now on nothing goes through, in either direction; connections stay open, new ones are accepted. Call what it
	 * returns to let everything go on.
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

	/** Cuts every connection that is open, with a reset; new ones are not affected. Returns how many. */
	cut(): number {
		const cut = this.#wires.size;
		for (const wire of [...this.#wires]) wire.reset();
		return cut;
	}

	/** Cuts all connections; new ones are refused until `accept`. */
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

	/** Every request so far, also those that were never answered. */
	get requests(): readonly SeenRequest[] {
		return this.#requests;
	}

	/** `since` and `until` are times as `Date.now()` gives them. */
	seen(kind?: RequestKind, range: { readonly since?: number; readonly until?: number } = {}): readonly SeenRequest[] {
		const { since = 0, until: before = Number.POSITIVE_INFINITY } = range;
		return this.#requests.filter(
			(request) => (kind === undefined || request.kind === kind) && request.at >= since && request.at <= before,
		);
	}

	count(kind?: RequestKind, range: { readonly since?: number; readonly until?: number } = {}): number {
		return this.seen(kind, range).length;
	}

	/** How many there were in the busiest minute. */
	perMinute(kind?: RequestKind): number {
		const times = this.seen(kind).map(({ at }) => at);
		let first = 0;
		return times.reduce((most, at, index) => {
			while (at - (times[first] ?? at) >= 60_000) first += 1;
			return Math.max(most, index - first + 1);
		}, 0);
	}

	/** Watches that are open now. */
	get openWatches(): number {
		return this.#requests.filter(({ kind, endedAt }) => kind.startsWith('watch') && endedAt === undefined).length;
	}

	/** How many connections were made so far, and how many are open. */
	get connections(): { readonly made: number; readonly open: number } {
		return { made: this.#connections, open: this.#wires.size };
	}

	/** Forgets what was counted. */
	forget(): void {
		this.#requests.length = 0;
	}

	/** Waits until there were `count` requests of a kind. */
	async waitFor(kind: RequestKind, count = 1, ms = WAIT_MS): Promise<readonly SeenRequest[]> {
		const what = () =>
			`${count} requests of kind ${kind}, there were ${this.#requests.map((one) => one.kind).join(' ')}`;
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

	/** What the first rule says that fits; it is used up by that. */
	#take(seen: SeenRequest): Fault {
		for (const active of this.#rules) {
			const rule = active.take(seen);
			if (rule !== undefined) return rule;
		}
		return {};
	}

	/** What is answered here although no rule says so. */
	#ownAnswer(seen: SeenRequest): Answer | undefined {
		if (seen.kind === 'watch-list' && this.watchList === 'reject') return answers.watchListUnknown();
		return this.#upstream === undefined ? answers.status(404, 'NotFound', `${seen.path} is not here`) : undefined;
	}

	async #forward(
		request: IncomingMessage,
		response: ServerResponse,
		sender: Sender,
		seen: SeenRequest,
		fault: Fault,
		body: Buffer,
	): Promise<void> {
		const upstream = await this.#ask(request, response, seen.method, request.url ?? '/', body);
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

	/** As an API server with WatchList: the objects, a bookmark that says that this was all, then what happens. */
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
		const listed = await this.#ask(request, response, 'GET', `${seen.path}?${listQuery}`);
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
		const watch = await this.#ask(request, response, 'GET', `${seen.path}?${query}`);
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

	/** Asks the API server; undefined when it cannot be reached, and then the client's connection is cut as well. */
	async #ask(
		request: IncomingMessage,
		response: ServerResponse,
		method: string,
		path: string,
		body?: Buffer,
	): Promise<IncomingMessage | undefined> {
		const { url, caFile } = this.#upstream ?? { url: '', caFile: '' };
		const headers = { ...request.headers };
		// The content is changed here, and compared by tests.
		for (const name of ['host', 'connection', 'accept-encoding', 'transfer-encoding']) delete headers[name];
		if (body === undefined) delete headers['content-length'];
		const target = new URL(path, url);
		const asked = secureRequest(target, { method, headers, ca: readFileSync(caFile), agent: this.#agent });
		response.on('close', () => asked.destroy());
		asked.end(body);
		try {
			const [answer] = (await once(asked, 'response')) as [IncomingMessage];
			// Whoever reads the answer hears of it as well.
			asked.on('error', () => {});
			answer.on('error', () => {});
			return answer;
		} catch {
			response.socket?.destroy();
			return undefined;
		}
	}
}

/** A client's connection and the one that carries it on; both stand still while frozen. */
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
			// Its close comes next.
			socket.on('error', () => {});
		}
		outer.on('close', () => {
			inner.destroy();
			gone();
		});
		inner.on('close', () => {
			// What was received before the end is still passed on.
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

	/** The rule, when it decides about this request. */
	take(request: SeenRequest): Rule | undefined {
		const { on, where, times = Number.POSITIVE_INFINITY } = this.#rule;
		const kinds = on === undefined ? [request.kind] : [on].flat();
		if (this.hits >= times || !kinds.includes(request.kind) || where?.(request) === false) return undefined;
		this.hits += 1;
		return this.#rule;
	}
}

/** Sends an answer's bytes with the faults that are about bytes. */
class Sender {
	/** Nothing is to be sent any more. */
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
		// Every answer is sent in chunks, so that it can be cut within one.
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
		// The length of a chunk that will not be complete.
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

/** Sends `initial` and what comes from the API server, event by event, with the faults that are about events. */
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

/** Changes for `changeEvents`. */
export const events = {
	/** No bookmark gets through. */
	dropBookmarks: (): EventChange => (event) => (event === undefined || event.type === 'BOOKMARK' ? [] : [event]),
	/** Each comes `times` times in a row. */
	repeat:
		(times = 2) =>
		(): EventChange =>
		(event) =>
			event === undefined ? [] : Array.from({ length: times }, () => event),
	/** After each event come those before it once more, the newest first. */
	replay: (): EventChange => {
		const before: WatchEvent[] = [];
		return (event) => {
			if (event === undefined) return [];
			before.unshift(event);
			return [event, ...before.slice(1)];
		};
	},
	/** The events come in pairs, the second of each first. */
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

/** Answers in the API server's words. */
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
	/** As a load balancer with nothing behind it: no Status, not even JSON. */
	unavailable(): Answer {
		return { status: 503, headers: { 'content-type': 'text/plain' }, body: 'upstream connect error\n' };
	},
	gatewayTimeout(): Answer {
		return answers.status(504, 'Timeout', 'Timeout: request did not complete within the allotted timeout');
	},
	/** 410 as the answer itself; for a watch that begins well see `gone` of `statuses`, given as `errorEvent`. */
	gone(): Answer {
		return { status: 410, body: statuses.gone() };
	},
	/** 422 of an API server that does not know sendInitialEvents. */
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
	// A resource is below a version; what is above it, and what is no API at all, describes the server.
	const resource = /^\/(?:api\/[^/]+|apis\/[^/]+\/[^/]+)\/(.+?)\/?$/.exec(path)?.[1]?.split('/');
	if (resource === undefined) return 'discovery';
	if (method !== 'GET') return resource.some((part) => part.endsWith('accessreviews')) ? 'review' : 'write';
	if (/^(?:1|true)$/.test(query.get('watch') ?? '')) {
		return query.get('sendInitialEvents') === 'true' ? 'watch-list' : 'watch';
	}
	if (query.has('continue')) return 'continue';
	// namespaces/N/configmaps is a list, namespaces/N/configmaps/NAME one object; namespaces/N is one, too.
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
