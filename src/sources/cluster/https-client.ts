/**
 * The API client over Node's https: HTTP/1.1, kept connections, gzip for lists, bodies in chunks. It repeats a request only
 * after a kept connection turned out to be closed, or after refused credentials or certificates were renewed.
 */

import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { createGunzip } from 'node:zlib';
import { JsonLines } from '../../base/json-lines.js';
import type { Timers } from '../../base/timers.js';
import { isJsonObject } from '../../go/json/value.js';
import type { ObjectKey } from '../../model/object-key.js';
import {
	type ApiClient,
	type ApiResource,
	type ClusterTarget,
	type ListPage,
	type ListRequest,
	PAGE_TOO_LARGE,
	type WatchEvent,
	type WatchListener,
	type WatchRequest,
} from './api-client.js';
import { ApiError, aborted, CERTIFICATE_CODES, statusToApiError, toApiError } from './api-error.js';
import type { AppliedCredentials, Authentication } from './authentication.js';
import { resourceVersionOf } from './cluster-object.js';

export interface HttpsClientOptions {
	/** `https://host:port`, with the path above the API if there is one. */
	readonly server: string;
	readonly authentication: Authentication;
	readonly timers: Timers;
	/** Largest body of a list page. Default is 256 MiB: Node's longest string is about twice that. Unit: bytes. */
	readonly maxPageBytes?: number;
}

/** Longest silence before an answer, and inside of a body other than a watch's. Unit: milliseconds. */
const SILENCE_MS = 15_000;
/** The kernel probes a connection after this long without traffic, and gives it up 10 s later. Unit: milliseconds. */
const TCP_KEEPALIVE_MS = 15_000;
const MAX_PAGE_BYTES = 256 * 1024 * 1024;
/** A Status is small; a larger body is a page of some gateway. Unit: bytes. */
const MAX_STATUS_BYTES = 64 * 1024;

interface Request {
	readonly path: string;
	readonly signal: AbortSignal;
	readonly gzip: boolean;
}

export class HttpsClient implements ApiClient {
	readonly server: string;
	readonly #options: HttpsClientOptions;
	readonly #base: URL;
	#requestCount = 0;

	constructor(options: HttpsClientOptions) {
		this.server = options.server;
		this.#options = options;
		this.#base = new URL(options.server);
	}

	get requestCount(): number {
		return this.#requestCount;
	}

	async list({ target, limit, continueToken, resourceVersion }: ListRequest, signal: AbortSignal): Promise<ListPage> {
		const query = selectorQuery(target);
		if (limit !== undefined) query.set('limit', String(limit));
		if (continueToken !== undefined) query.set('continue', continueToken);
		if (resourceVersion !== undefined) query.set('resourceVersion', resourceVersion);
		const { value: list, bytes } = await this.#getJson(collectionPath(target, query), signal);
		if (!isJsonObject(list) || (!Array.isArray(list.items) && list.items !== null && list.items !== undefined)) {
			throw new ApiError('protocol', 'the server answered a list with something else');
		}
		const metadata = isJsonObject(list.metadata) ? list.metadata : {};
		const token = metadata.continue;
		return {
			items: Array.isArray(list.items) ? list.items : [],
			resourceVersion: resourceVersionOf(list),
			continueToken: typeof token === 'string' && token !== '' ? token : undefined,
			bytes,
		};
	}

	async watch(request: WatchRequest, listener: WatchListener, signal: AbortSignal): Promise<void> {
		const query = selectorQuery(request.target);
		query.set('watch', '1');
		query.set('allowWatchBookmarks', 'true');
		query.set('timeoutSeconds', String(request.timeoutSeconds));
		if (request.resourceVersion !== undefined) query.set('resourceVersion', request.resourceVersion);
		if (request.sendInitialEvents === true) {
			query.set('sendInitialEvents', 'true');
			query.set('resourceVersionMatch', 'NotOlderThan');
		}
		// Not compressed: a compressor may delay an event.
		const path = collectionPath(request.target, query);
		const response = await this.#send({ path, signal, gzip: false });
		listener.opened();
		const lines = new JsonLines((value) => listener.event(toWatchEvent(value)));
		await readBody(response, (chunk) => {
			listener.received(chunk.length);
			lines.push(chunk);
		});
		if (lines.pendingBytes > 0) throw new ApiError('network', 'the stream ended in the middle of an event');
	}

	async get(key: ObjectKey, signal: AbortSignal, resourceVersion?: string): Promise<unknown> {
		const query = new URLSearchParams();
		if (resourceVersion !== undefined) query.set('resourceVersion', resourceVersion);
		const search = query.size === 0 ? '' : `?${query}`;
		try {
			return (await this.#getJson(objectPath(CONFIG_MAPS, key) + search, signal)).value;
		} catch (error) {
			if (error instanceof ApiError && error.code === 404) return undefined;
			throw error;
		}
	}

	async read(resource: ApiResource, key: ObjectKey, signal: AbortSignal): Promise<unknown> {
		return (await this.#getJson(objectPath(resource, key), signal)).value;
	}

	async hasNamespace(name: string, signal: AbortSignal): Promise<boolean | undefined> {
		try {
			await this.#getJson(`/api/v1/namespaces/${encodeURIComponent(name)}`, signal);
			return true;
		} catch (error) {
			const { code } = toApiError(error);
			if (code === 404) return false;
			if (code === 403 || code === 401) return undefined;
			throw error;
		}
	}

	dropIdleConnections(): void {
		this.#options.authentication.dropIdleConnections();
	}

	close(): void {
		this.#options.authentication.close();
	}

	async #getJson(path: string, signal: AbortSignal): Promise<{ readonly value: unknown; readonly bytes: number }> {
		const response = await this.#send({ path, signal, gzip: true });
		const body = await this.#readAll(response, this.#options.maxPageBytes ?? MAX_PAGE_BYTES);
		return { value: parseJson(body.toString('utf8')), bytes: body.length };
	}

	/** Resolves with an answer of status 200 whose body is still to be read. */
	async #send(request: Request): Promise<IncomingMessage> {
		const { authentication } = this.#options;
		const credentials = await authentication.apply();
		let response: IncomingMessage;
		try {
			response = await this.#exchangeAgain(request, credentials);
		} catch (error) {
			const renewed = isCertificateError(error) && (await authentication.renew(credentials, 'certificate'));
			if (!renewed) throw error;
			return await this.#refuseFailure(await this.#exchangeAgain(request, renewed), renewed);
		}
		if (response.statusCode !== 401) return await this.#refuseFailure(response, credentials);
		const renewed = await authentication.renew(credentials, 'unauthorized');
		if (renewed === undefined) return await this.#refuseFailure(response, credentials);
		response.destroy();
		return await this.#refuseFailure(await this.#exchangeAgain(request, renewed), renewed);
	}

	/** Repeats a request if its kept connection was closed in the meantime, which is not a fault of the server. */
	async #exchangeAgain(request: Request, credentials: AppliedCredentials): Promise<IncomingMessage> {
		try {
			return await this.#exchange(request, credentials);
		} catch (error) {
			if (!(error instanceof StaleConnection)) throw error;
			this.dropIdleConnections();
			return await this.#exchange(request, credentials);
		}
	}

	async #exchange({ path, signal, gzip }: Request, credentials: AppliedCredentials): Promise<IncomingMessage> {
		if (signal.aborted) throw aborted();
		this.#requestCount += 1;
		const transport = this.#base.protocol === 'http:' ? http : https;
		const prefix = this.#base.pathname.replace(/\/+$/, '');
		return await new Promise<IncomingMessage>((resolve, reject) => {
			const call = transport.request(new URL(prefix + path, this.#base), {
				method: 'GET',
				agent: credentials.agent,
				signal,
				headers: {
					...credentials.headers,
					accept: 'application/json',
					'user-agent': 'configmapfs',
					...(gzip ? { 'accept-encoding': 'gzip' } : {}),
				},
			});
			const silence = this.#options.timers.after(SILENCE_MS, () => {
				call.destroy(new ApiError('timeout', `no answer from the server within ${SILENCE_MS / 1000} s`));
			});
			call.on('socket', (socket) => socket.setKeepAlive(true, TCP_KEEPALIVE_MS));
			call.on('error', (error) => {
				silence.cancel();
				if (signal.aborted) reject(aborted());
				else if (call.reusedSocket && toApiError(error).systemCode === 'ECONNRESET') reject(new StaleConnection());
				else reject(toApiError(error));
			});
			call.on('response', (response) => {
				silence.cancel();
				resolve(response);
			});
			call.end();
		});
	}

	/** Errors: ApiError `status` for any other status than 200. */
	async #refuseFailure(response: IncomingMessage, { isOfPlugin }: AppliedCredentials): Promise<IncomingMessage> {
		const { statusCode = 0, headers } = response;
		if (statusCode === 200) return response;
		let body: unknown;
		try {
			body = JSON.parse((await this.#readAll(response, MAX_STATUS_BYTES)).toString('utf8'));
		} catch {
			// A page of some gateway; the status suffices.
		}
		throw statusToApiError(body, { httpCode: statusCode, retryAfter: headers['retry-after'], isOfPlugin });
	}

	async #readAll(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
		const { timers } = this.#options;
		const giveUp = (): void => {
			response.destroy(new ApiError('timeout', `the server stopped in the middle of an answer`));
		};
		let silence = timers.after(SILENCE_MS, giveUp);
		const chunks: Buffer[] = [];
		let bytes = 0;
		try {
			await readBody(response, (chunk) => {
				silence.cancel();
				silence = timers.after(SILENCE_MS, giveUp);
				chunks.push(chunk);
				bytes += chunk.length;
				if (bytes > maxBytes) throw new ApiError('protocol', `an answer of more than ${maxBytes} bytes`, TOO_LARGE);
			});
		} finally {
			silence.cancel();
		}
		return Buffer.concat(chunks, bytes);
	}
}

function isCertificateError(error: unknown): boolean {
	const { systemCode } = toApiError(error);
	return systemCode !== undefined && CERTIFICATE_CODES.has(systemCode);
}

const TOO_LARGE = { reason: PAGE_TOO_LARGE };

/** The server closed a kept connection before the request reached it. */
class StaleConnection extends Error {}

/** Passes on the decompressed chunks of a body. Errors: ApiError; an exception of `onChunk` ends the connection. */
async function readBody(response: IncomingMessage, onChunk: (chunk: Buffer) => void): Promise<void> {
	const stream = response.headers['content-encoding'] === 'gzip' ? response.pipe(createGunzip()) : response;
	await new Promise<void>((resolve, reject) => {
		const fail = (error: unknown): void => {
			reject(toBodyError(error));
			response.destroy();
			if (stream !== response) stream.destroy();
		};
		stream.on('data', (chunk: Buffer) => {
			try {
				onChunk(chunk);
			} catch (error) {
				fail(error);
			}
		});
		stream.on('end', resolve);
		stream.on('error', fail);
		if (stream !== response) response.on('error', fail);
	});
}

/** Node calls any body that breaks off "aborted", whichever side broke it. */
function toBodyError(thrown: unknown): ApiError {
	const error = toApiError(thrown);
	if (error.systemCode === 'ABORT_ERR') return aborted();
	if (error.message !== 'aborted') return error;
	return new ApiError('network', 'the connection broke', { systemCode: error.systemCode, cause: thrown });
}

const CONFIG_MAPS: ApiResource = { apiVersion: 'v1', plural: 'configmaps' };

function objectPath({ apiVersion, plural }: ApiResource, { namespace, name }: ObjectKey): string {
	const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
	return `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}/${encodeURIComponent(name)}`;
}

function collectionPath({ namespace }: ClusterTarget, query: URLSearchParams): string {
	const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
	const search = query.size === 0 ? '' : `?${query}`;
	return `/api/v1${scope}/configmaps${search}`;
}

function selectorQuery({ name, labelSelector, fieldSelector }: ClusterTarget): URLSearchParams {
	const query = new URLSearchParams();
	if (labelSelector !== undefined && labelSelector !== '') query.set('labelSelector', labelSelector);
	const fields = [name === undefined ? '' : `metadata.name=${name}`, fieldSelector ?? ''];
	const selector = fields.filter((field) => field !== '').join(',');
	if (selector !== '') query.set('fieldSelector', selector);
	return query;
}

function toWatchEvent(value: unknown): WatchEvent {
	if (isJsonObject(value) && typeof value.type === 'string') return { type: value.type, object: value.object };
	// Some servers answer a failed watch with a bare Status.
	if (isJsonObject(value) && value.kind === 'Status') return { type: 'ERROR', object: value };
	throw new ApiError('protocol', 'the server sent something other than a watch event');
}

/** Errors: ApiError `protocol`, without any of the text, which may be configuration. */
function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new ApiError('protocol', `the server sent ${text.length} characters that are not JSON`, { cause: error });
	}
}
