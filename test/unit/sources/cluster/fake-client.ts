/**
 * An API client controlled by a test, request by request: answers in order, streams that the test feeds, and every kind of
 * failure. A request without a prepared answer waits for ever, like one to a silent server.
 */

import type { Timers } from '../../../../src/base/timers.js';
import type {
	ApiClient,
	ApiResource,
	ListPage,
	ListRequest,
	WatchListener,
	WatchRequest,
} from '../../../../src/sources/cluster/api-client.js';
import { ApiError } from '../../../../src/sources/cluster/api-error.js';
import { settle } from './held-timers.js';

type Answer = Partial<ListPage> | ApiError;

/** An open watch. */
export class FakeWatch {
	readonly request: WatchRequest;
	readonly #listener: WatchListener;
	readonly #end: (error?: ApiError) => void;
	isOver = false;

	constructor(request: WatchRequest, listener: WatchListener, end: (error?: ApiError) => void) {
		this.request = request;
		this.#listener = listener;
		this.#end = (error) => {
			this.isOver = true;
			end(error);
		};
	}

	send(type: string, object: unknown): void {
		this.#listener.received(100);
		try {
			this.#listener.event({ type, object });
		} catch (error) {
			this.#end(error instanceof ApiError ? error : new ApiError('protocol', String(error)));
		}
	}

	/** Bytes that do not complete an event. */
	drip(): void {
		this.#listener.received(1);
	}

	async end(): Promise<void> {
		this.#end();
		await settle();
	}

	async fail(error: ApiError): Promise<void> {
		this.#end(error);
		await settle();
	}
}

export class FakeClient implements ApiClient {
	readonly server = 'https://fake:6443';
	/** Requests with their times: `list limit=500`, `watch rv=5`. */
	readonly log: { readonly at: number; readonly what: string }[] = [];
	readonly lists: Answer[] = [];
	readonly gets: (unknown | ApiError)[] = [];
	readonly reads: (unknown | ApiError)[] = [];
	/** Consumed before a watch opens; undefined lets it open. */
	readonly watchFailures: (ApiError | undefined)[] = [];
	readonly watches: FakeWatch[] = [];
	namespaceExists: boolean | undefined = true;
	/** While set, all requests fail with it. */
	outage: ApiError | undefined;
	idleDrops = 0;
	isClosed = false;
	readonly #timers: Timers;

	constructor(timers: Timers) {
		this.#timers = timers;
	}

	get requestCount(): number {
		return this.log.length;
	}

	/** The requests so far, without times. */
	get requested(): readonly string[] {
		return this.log.map(({ what }) => what);
	}

	/** The most requests within any minute. */
	get worstMinute(): number {
		return Math.max(
			0,
			...this.log.map(({ at }) => this.log.filter((one) => one.at >= at && one.at < at + 60_000).length),
		);
	}

	/** The watch that was opened last. */
	get watch$(): FakeWatch {
		const watch = this.watches.at(-1);
		if (watch === undefined) throw new Error(`no watch was requested: ${this.requested.join('; ')}`);
		return watch;
	}

	async list(request: ListRequest, signal: AbortSignal): Promise<ListPage> {
		const { target, limit, continueToken, resourceVersion } = request;
		this.#note('list', {
			ns: target.namespace,
			name: target.name,
			limit,
			continue: continueToken,
			rv: resourceVersion,
		});
		if (this.outage !== undefined) throw this.outage;
		const answer = this.lists.shift();
		if (answer === undefined) return await forever(signal);
		if (answer instanceof ApiError) throw answer;
		return { items: [], resourceVersion: '1', continueToken: undefined, bytes: 100, ...answer };
	}

	async watch(request: WatchRequest, listener: WatchListener, signal: AbortSignal): Promise<void> {
		const { target, resourceVersion, sendInitialEvents } = request;
		this.#note('watch', {
			ns: target.namespace,
			name: target.name,
			rv: resourceVersion,
			initial: sendInitialEvents === true ? 'true' : undefined,
		});
		if (this.outage !== undefined) throw this.outage;
		const failure = this.watchFailures.shift();
		if (failure !== undefined) throw failure;
		listener.opened();
		await new Promise<void>((resolve, reject) => {
			const end = (error?: ApiError): void => (error === undefined ? resolve() : reject(error));
			const watch = new FakeWatch(request, listener, end);
			signal.addEventListener('abort', () => {
				watch.isOver = true;
				reject(new ApiError('aborted', 'given up'));
			});
			this.watches.push(watch);
		});
	}

	async get(key: { namespace: string; name: string }, signal: AbortSignal, resourceVersion?: string): Promise<unknown> {
		this.#note('get', { ns: key.namespace, name: key.name, rv: resourceVersion });
		if (this.outage !== undefined) throw this.outage;
		if (this.gets.length === 0) return await forever(signal);
		const answer = this.gets.shift();
		if (answer instanceof ApiError) throw answer;
		return answer;
	}

	async read(resource: ApiResource, key: { namespace: string; name: string }, signal: AbortSignal): Promise<unknown> {
		this.#note(`read ${resource.apiVersion} ${resource.plural}`, { ns: key.namespace, name: key.name });
		if (this.outage !== undefined) throw this.outage;
		if (this.reads.length === 0) return await forever(signal);
		const answer = this.reads.shift();
		if (answer instanceof ApiError) throw answer;
		return answer;
	}

	async hasNamespace(name: string): Promise<boolean | undefined> {
		this.#note('namespace', { name });
		return this.namespaceExists;
	}

	dropIdleConnections(): void {
		this.idleDrops += 1;
	}

	close(): void {
		this.isClosed = true;
	}

	#note(verb: string, fields: Readonly<Record<string, string | number | undefined>>): void {
		const known = Object.entries(fields).filter(([, value]) => value !== undefined);
		const what = [verb, ...known.map(([name, value]) => `${name}=${value}`)].join(' ');
		this.log.push({ at: this.#timers.now(), what });
	}
}

async function forever(signal: AbortSignal): Promise<never> {
	return await new Promise<never>((_, reject) => {
		signal.addEventListener('abort', () => reject(new ApiError('aborted', 'given up')));
	});
}

export const failures = {
	refused: () => new ApiError('network', 'connect ECONNREFUSED', { systemCode: 'ECONNREFUSED' }),
	reset: () => new ApiError('network', 'the connection broke', { systemCode: 'ECONNRESET' }),
	gone: () => new ApiError('status', 'too old resource version: 5 (120)', { code: 410, reason: 'Expired' }),
	forbidden: () => {
		const text =
			'configmaps is forbidden: User "u" cannot list resource "configmaps" in API group "" in the namespace "a"';
		return new ApiError('status', text, { code: 403, reason: 'Forbidden' });
	},
	tooMany: (retryAfterSeconds: number) => new ApiError('status', 'slow down', { code: 429, retryAfterSeconds }),
	invalid: () => new ApiError('status', 'sendInitialEvents is forbidden', { code: 422, reason: 'Invalid' }),
	tooLarge: () =>
		new ApiError('status', 'Too large resource version: 9, current: 5', {
			code: 504,
			causes: ['ResourceVersionTooLarge'],
			retryAfterSeconds: 1,
		}),
};

/** A ConfigMap as a server sends it. */
export function sent(
	name: string,
	resourceVersion: number | string,
	value = 'v',
	more: Readonly<Record<string, unknown>> = {},
) {
	const { metadata, ...rest } = more;
	return {
		metadata: {
			name,
			namespace: 'a',
			uid: `uid-${name}`,
			resourceVersion: String(resourceVersion),
			managedFields: [{ manager: 'kubectl' }],
			annotations: { note: 'x' },
			...(typeof metadata === 'object' ? metadata : {}),
		},
		data: { k: value },
		...rest,
	};
}

/** A Status in a stream. */
export function expiredStatus() {
	return { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 5 (120)' };
}

export function bookmark(resourceVersion: number | string, isEnd = false) {
	const annotations = isEnd ? { 'k8s.io/initial-events-end': 'true' } : undefined;
	return { kind: 'ConfigMap', metadata: { resourceVersion: String(resourceVersion), annotations } };
}
