/**
 * One watch from request to end: what comes is applied to the known objects, and silence ends it. Two kinds: from a
 * resourceVersion, or with everything there is first (WatchList). Knows nothing of what happens after the end.
 */

import type { PendingCall } from '../../base/timers.js';
import type { WatchEvent } from './api-client.js';
import { ApiError, statusToApiError } from './api-error.js';
import { compareResourceVersions, isInitialEventsEnd, resourceVersionOf } from './cluster-object.js';
import { between, type Feed, type FeedOptions } from './feed.js';
import type { Replacement } from './known-objects.js';

/** Source: client-go v0.32 tools/cache/reflector.go, minWatchTimeout. Unit: seconds. */
const MIN_TIMEOUT_SECONDS = 300;
/**
 * Servers send a bookmark a minute, give or take two seconds; a stream without anything for this long, or without the
 * bookmark that was due, is taken for dead. Where a server sends none, an idle watch is asked for anew this often.
 */
const SILENCE_MS = 65_000;
/** A server that knows WatchList has begun, and goes on, within this long. */
const INITIAL_SILENCE_MS = 10_000;

/** How a stream ended when nothing went wrong. */
export type WatchEnd =
	/** The server ended it, or it was told to. */
	| 'ended'
	/** Nothing came for too long. */
	| 'silent'
	/** The server took no notice of sendInitialEvents. */
	| 'no-watch-list'
	/** `stopIf` said so. */
	| 'stopped';

export interface WatchStreamOptions extends FeedOptions {
	readonly feed: Feed;
	/** Undefined: everything first. */
	readonly resourceVersion: string | undefined;
	/** Asked after each change. Default is never. */
	readonly stopIf?: () => boolean;
	/**
	 * The known objects follow the cluster. `isReplaced`: they are a complete new state; otherwise the watch goes on from
	 * a resourceVersion.
	 */
	readonly onComplete: (isReplaced: boolean) => void;
}

export class WatchStream {
	readonly #options: WatchStreamOptions;
	readonly #abort = new AbortController();
	#initial: Replacement | undefined;
	#resourceVersion: string | undefined;
	#end: WatchEnd = 'ended';
	#openedAt: number | undefined;
	#eventCount = 0;
	#receivedAt = 0;
	#bookmarkAt: number | undefined;
	#silence: PendingCall | undefined;

	constructor(options: WatchStreamOptions) {
		this.#options = options;
		this.#resourceVersion = options.resourceVersion;
		if (options.resourceVersion === undefined) this.#initial = options.feed.objects.beginReplacement();
	}

	/** Where a later watch goes on; undefined: nowhere, a list is needed. */
	get resourceVersion(): string | undefined {
		return this.#resourceVersion;
	}

	/** How long ago the server accepted the watch; undefined: it did not. Unit: milliseconds. */
	get ageMs(): number | undefined {
		return this.#openedAt === undefined ? undefined : this.#options.timers.now() - this.#openedAt;
	}

	get eventCount(): number {
		return this.#eventCount;
	}

	/** Resolves at the end. Errors: ApiError; a 410 in the stream is one like any other. */
	async run(signal: AbortSignal): Promise<WatchEnd> {
		const { client, target, random } = this.#options;
		const giveUp = (): void => this.#abort.abort();
		signal.addEventListener('abort', giveUp);
		try {
			await client.watch(
				{
					target,
					resourceVersion: this.#resourceVersion,
					timeoutSeconds: Math.floor(between(random, MIN_TIMEOUT_SECONDS, 2 * MIN_TIMEOUT_SECONDS)),
					sendInitialEvents: this.#initial !== undefined,
				},
				{
					opened: () => this.#opened(),
					received: () => this.#received(),
					event: (event) => this.#event(event),
				},
				this.#abort.signal,
			);
			if (this.#initial !== undefined) throw new ApiError('protocol', 'the stream ended before the state was complete');
			return this.#end;
		} catch (error) {
			if (this.#end === 'ended') throw error;
			return this.#end;
		} finally {
			signal.removeEventListener('abort', giveUp);
			this.#silence?.cancel();
		}
	}

	#opened(): void {
		const { timers, listener } = this.#options;
		this.#openedAt = timers.now();
		this.#receivedAt = this.#openedAt;
		listener.contact();
		if (this.#initial === undefined) this.#options.onComplete(false);
		this.#armSilence();
	}

	#received(): void {
		this.#receivedAt = this.#options.timers.now();
		this.#options.listener.contact();
	}

	/** One timer serves the stream: it looks at the time of the last sign of life when it fires. */
	#armSilence(): void {
		const { timers } = this.#options;
		const dueAt = this.#silentAt();
		this.#silence?.cancel();
		this.#silence = timers.after(Math.max(1, dueAt - timers.now()), () => {
			if (timers.now() < this.#silentAt()) this.#armSilence();
			else this.#stop(this.#initial === undefined ? 'silent' : 'no-watch-list');
		});
	}

	/** With bookmarks, the next one counts, whatever else came since the last. */
	#silentAt(): number {
		if (this.#initial !== undefined) return this.#receivedAt + INITIAL_SILENCE_MS;
		return (this.#bookmarkAt ?? this.#receivedAt) + SILENCE_MS;
	}

	#stop(end: WatchEnd): void {
		this.#end = end;
		this.#abort.abort();
	}

	#event({ type, object }: WatchEvent): void {
		if (this.#abort.signal.aborted) return;
		if (type === 'ERROR') throw statusToApiError(object);
		if (type === 'BOOKMARK') {
			this.#bookmark(object);
			return;
		}
		this.#eventCount += 1;
		if (type === 'ADDED' || type === 'MODIFIED') this.#put(object);
		else if (type === 'DELETED') this.#remove(object);
		else this.#options.log.debug({ type }, 'watch event of an unknown type is passed over');
	}

	#put(value: unknown): void {
		if (this.#initial !== undefined) {
			this.#initial.add(value);
			return;
		}
		const { objects } = this.#options.feed;
		const faultCount = objects.faults.length;
		this.#report(objects.put(value), faultCount);
		this.#advance(resourceVersionOf(value));
	}

	#remove(value: unknown): void {
		if (this.#initial !== undefined) {
			this.#initial.remove(value);
			return;
		}
		const { objects } = this.#options.feed;
		const faultCount = objects.faults.length;
		this.#report(objects.remove(value), faultCount);
		this.#advance(resourceVersionOf(value));
	}

	#report(update: ReturnType<Feed['objects']['put']>, faultCount: number): void {
		const { feed, listener, stopIf } = this.#options;
		if (update !== undefined) listener.updated(feed, update);
		if (faultCount > 0 || feed.objects.faults.length > 0) listener.faults(feed);
		if (stopIf?.() === true) this.#stop('stopped');
	}

	#bookmark(value: unknown): void {
		this.#bookmarkAt = this.#options.timers.now();
		const resourceVersion = resourceVersionOf(value);
		if (this.#initial !== undefined) {
			if (!isInitialEventsEnd(value)) {
				this.#stop('no-watch-list');
				return;
			}
			this.#initial.commit();
			this.#initial = undefined;
			this.#resourceVersion = resourceVersion;
			this.#armSilence();
			this.#options.onComplete(true);
			if (this.#options.stopIf?.() === true) this.#stop('stopped');
			return;
		}
		const order = this.#resourceVersion && compareResourceVersions(resourceVersion, this.#resourceVersion);
		if (typeof order === 'number' && order < 0) {
			// The cluster's own history went back, as after a restored backup of etcd.
			throw new ApiError('status', `the server is at ${resourceVersion} and was at ${this.#resourceVersion}`, {
				code: 410,
				reason: 'Expired',
			});
		}
		this.#advance(resourceVersion);
	}

	/** Never back: an event that was overtaken is no place to go on from. */
	#advance(resourceVersion: string): void {
		if (resourceVersion === '') return;
		const order = this.#resourceVersion && compareResourceVersions(resourceVersion, this.#resourceVersion);
		if (typeof order === 'number' && order < 0) return;
		this.#resourceVersion = resourceVersion;
	}
}
