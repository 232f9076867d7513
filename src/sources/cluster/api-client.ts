/**
 * The narrow port to an API server, ConfigMaps and single objects of other kinds, and nothing that writes (types). A list is one page, a watch is
 * one stream; who calls again, when and from where is the reflector's business.
 */

import type { ObjectKey } from '../../model/object-key.js';

/** Which objects. Without a namespace: those of all namespaces. */
export interface ClusterTarget {
	readonly namespace?: string | undefined;
	/** The objects of this name only, asked for in the way that RBAC's resourceNames allow. */
	readonly name?: string | undefined;
	readonly labelSelector?: string | undefined;
	readonly fieldSelector?: string | undefined;
}

/** A kind of namespaced objects, as a path of the API has it. */
export interface ApiResource {
	/** `apps/v1`, `v1`. */
	readonly apiVersion: string;
	/** `deployments`. */
	readonly plural: string;
}

export interface ListRequest {
	readonly target: ClusterTarget;
	/** Most objects of the page. */
	readonly limit?: number | undefined;
	/** Token of the page before. */
	readonly continueToken?: string | undefined;
	/** Undefined: the newest state. "0": any state, from the server's cache. */
	readonly resourceVersion?: string | undefined;
}

export interface ListPage {
	/** As the server sent them. */
	readonly items: readonly unknown[];
	readonly resourceVersion: string;
	/** Undefined: this was the last page. */
	readonly continueToken: string | undefined;
	/** Size of the decompressed body. Unit: bytes. */
	readonly bytes: number;
}

export interface WatchRequest {
	readonly target: ClusterTarget;
	/** Undefined only with sendInitialEvents. */
	readonly resourceVersion?: string | undefined;
	/** The server ends the stream after this long. */
	readonly timeoutSeconds: number;
	/** Everything there is comes first, then a bookmark that says so. */
	readonly sendInitialEvents?: boolean | undefined;
}

export interface WatchEvent {
	/** ADDED, MODIFIED, DELETED, BOOKMARK, ERROR. */
	readonly type: string;
	readonly object: unknown;
}

/** Called on the event loop, while the chunk that completed an event is handled. */
export interface WatchListener {
	/** The server accepted the watch. */
	opened(): void;
	/** Something came, be it half an event. */
	received(bytes: number): void;
	/** Errors: what it throws ends the stream and rejects the watch. */
	event(event: WatchEvent): void;
}

/** Errors: every method rejects with ApiError and nothing else; `aborted` when the signal was. */
export interface ApiClient {
	/** `https://host:port`, for messages. */
	readonly server: string;
	/** Requests that were sent so far. */
	readonly requestCount: number;
	list(request: ListRequest, signal: AbortSignal): Promise<ListPage>;
	/** Resolves when the server ended the stream in an orderly way. */
	watch(request: WatchRequest, listener: WatchListener, signal: AbortSignal): Promise<void>;
	/** One ConfigMap; undefined: there is none of this name. */
	get(key: ObjectKey, signal: AbortSignal, resourceVersion?: string): Promise<unknown>;
	/** One object of any kind; without it the error's code is 404, as it is where the server has no such kind. */
	read(resource: ApiResource, key: ObjectKey, signal: AbortSignal): Promise<unknown>;
	/** Whether a namespace exists; undefined where the server does not let this user know. */
	hasNamespace(name: string, signal: AbortSignal): Promise<boolean | undefined>;
	/** Closes connections that nobody uses: after a fault they may be as dead as the one that failed. */
	dropIdleConnections(): void;
	/** Closes everything. Idempotent. */
	close(): void;
}

/** Reason of the ApiError for a page that is larger than a client takes: ask for fewer objects. */
export const PAGE_TOO_LARGE = 'PageTooLarge';
