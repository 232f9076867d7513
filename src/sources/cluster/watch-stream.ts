/**
 * One watch from request to end: applies events to the known objects, and ends after silence. A watch starts from a
 * resourceVersion, or with all existing objects first (WatchList).
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
 * Servers send a bookmark a minute, give or take two seconds. A stream that is silent for this long, or that misses a
 * bookmark, is considered dead. If a server sends no bookmarks, an idle watch is requested again this often.
 */
const SILENCE_MS = 65_000;
/** Longest silence of a server that supports WatchList while it sends the existing objects. Unit: milliseconds. */
const INITIAL_SILENCE_MS = 10_000;

/** How a stream ended without an error. */
export type WatchEnd =
	/** The server ended it, or the signal was aborted. */
	| 'ended'
	/** The server sent nothing for too long. */
	| 'silent'
	/** The server ignored sendInitialEvents. */
	| 'no-watch-list'
	/** `stopIf` returned true. */
	| 'stopped';

export interface WatchStreamOptions extends FeedOptions {
	readonly feed: Feed;
	/** Undefined: start with all existing objects. */
	readonly resourceVersion: string | undefined;
	/** Called after each change; true ends the stream. */
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

	/** A later watch can continue here; undefined: a list is needed. */
	get resourceVersion(): string | undefined {
		return this.#resourceVersion;
	}

	/** Time since the server accepted the watch; undefined if it did not. Unit: milliseconds. */
	get ageMs(): number | undefined {
		return this.#openedAt === undefined ? undefined : this.#options.timers.now() - this.#openedAt;
	}

	get eventCount(): number {
		return this.#eventCount;
	}

	/** Resolves at the end. Errors: ApiError, also for an error event such as 410. */
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

	/** One timer for the stream: when it fires, it compares the time of the last data. */
	#armSilence(): void {
		const { timers } = this.#options;
		const dueAt = this.#silentAt();
		this.#silence?.cancel();
		this.#silence = timers.after(Math.max(1, dueAt - timers.now()), () => {
			if (timers.now() < this.#silentAt()) this.#armSilence();
			else this.#stop(this.#initial === undefined ? 'silent' : 'no-watch-list');
		});
	}

	/** Once there was a bookmark, the next one is due, whatever else arrived since. */
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
		else this.#options.log.debug({ type }, 'ignored a watch event of an unknown type');
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
			// The cluster's history went back, as after etcd was restored from a backup.
			throw new ApiError('status', `the server is at ${resourceVersion} and was at ${this.#resourceVersion}`, {
				code: 410,
				reason: 'Expired',
			});
		}
		this.#advance(resourceVersion);
	}

	/** Never goes back: a watch must not continue from an outdated event. */
	#advance(resourceVersion: string): void {
		if (resourceVersion === '') return;
		const order = this.#resourceVersion && compareResourceVersions(resourceVersion, this.#resourceVersion);
		if (typeof order === 'number' && order < 0) return;
		this.#resourceVersion = resourceVersion;
	}
}
