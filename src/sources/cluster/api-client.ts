/**
 * The port to an API server (types): ConfigMaps, and single objects of other kinds; nothing that writes. A list is one
 * page, a watch is one stream. When and from where to request again is up to the reflector.
 */

import type { ObjectKey } from '../../model/object-key.js';

/** A selection of ConfigMaps. Without a namespace: of all namespaces. */
export interface ClusterTarget {
	readonly namespace?: string | undefined;
	/** Only objects of this name, requested in the form that RBAC's resourceNames allow. */
	readonly name?: string | undefined;
	readonly labelSelector?: string | undefined;
	readonly fieldSelector?: string | undefined;
}

/** A kind of namespaced objects, as in a path of the API. */
export interface ApiResource {
	/** `apps/v1`, `v1`. */
	readonly apiVersion: string;
	/** `deployments`. */
	readonly plural: string;
}

export interface ListRequest {
	readonly target: ClusterTarget;
	/** Largest number of objects in the page. */
	readonly limit?: number | undefined;
	/** Token of the previous page. */
	readonly continueToken?: string | undefined;
	/** Undefined: the newest state. "0": any state, from the server's cache. */
	readonly resourceVersion?: string | undefined;
}

export interface ListPage {
	/** Not decoded. */
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
	/** The server ends the stream after this time. */
	readonly timeoutSeconds: number;
	/** All existing objects are sent first, followed by a bookmark that marks their end. */
	readonly sendInitialEvents?: boolean | undefined;
}

export interface WatchEvent {
	/** ADDED, MODIFIED, DELETED, BOOKMARK, ERROR. */
	readonly type: string;
	readonly object: unknown;
}

/** Called on the event loop, while the chunk that completes an event is handled. */
export interface WatchListener {
	/** The server accepted the watch. */
	opened(): void;
	/** Bytes arrived, possibly a part of an event. */
	received(bytes: number): void;
	/** Errors: an exception ends the stream and rejects the watch. */
	event(event: WatchEvent): void;
}

/** Errors: every method rejects only with ApiError; `aborted` if the signal was aborted. */
export interface ApiClient {
	/** `https://host:port`, for messages. */
	readonly server: string;
	/** Requests sent so far. */
	readonly requestCount: number;
	list(request: ListRequest, signal: AbortSignal): Promise<ListPage>;
	/** Resolves when the server ends the stream properly. */
	watch(request: WatchRequest, listener: WatchListener, signal: AbortSignal): Promise<void>;
	/** One ConfigMap; undefined if it does not exist. */
	get(key: ObjectKey, signal: AbortSignal, resourceVersion?: string): Promise<unknown>;
	/** One object of any kind. Errors: code 404 if the object does not exist, and if the server lacks the kind. */
	read(resource: ApiResource, key: ObjectKey, signal: AbortSignal): Promise<unknown>;
	/** Whether a namespace exists; undefined if this user may not know. */
	hasNamespace(name: string, signal: AbortSignal): Promise<boolean | undefined>;
	/** Closes idle connections: after a fault they may be as dead as the one that failed. */
	dropIdleConnections(): void;
	/** Closes everything. Idempotent. */
	close(): void;
}

/** Reason of the ApiError for a page larger than the client accepts; the cure is to request fewer objects. */
export const PAGE_TOO_LARGE = 'PageTooLarge';
