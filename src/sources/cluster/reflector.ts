/**
 * Lists, then watches, in a loop that keeps the known objects equal to a part of the cluster. A list takes effect only
 * when it is complete, so nothing disappears in between.
 * Source: client-go v0.32 tools/cache, Reflector.ListAndWatch. Differences: lists are consistent reads (see lister.ts);
 * silence ends a watch, for which Go has HTTP/2 pings; requests after a fault have a hard cap.
 */

import type { ClusterTarget } from './api-client.js';
import { ApiError, toApiError } from './api-error.js';
import { BackOff, sleep } from './back-off.js';
import { between, type Feed, type FeedOptions } from './feed.js';
import { FeedState } from './feed-state.js';
import { KnownObjects } from './known-objects.js';
import { listAll } from './lister.js';
import type { LoopState } from './loop-state.js';
import { WatchStream } from './watch-stream.js';

/** A watch that ends sooner and without an event has failed. Source: client-go v0.32 tools/cache, handleWatch. */
const VERY_SHORT_MS = 1_000;
/** A watch that ends sooner starts the count of requests, for servers that end every watch. Unit: milliseconds. */
const SHORT_MS = 60_000;
/**
 * Longest delay for a fault that may end at any moment: ten attempts a minute, which the budget allows for ever. Unit:
 * milliseconds.
 */
const LONGEST_DELAY_MS = 6_000;
/** Source: client-go v0.32 tools/cache: retry after one second if the server is behind. */
const BEHIND_MS = 1_000;
/** After this many unexplained failures in a row the resourceVersion is dropped, and the objects are listed. */
const MAX_UNEXPLAINED = 3;
/** An expired resourceVersion allows a list without delay, but only once in this time. Unit: milliseconds. */
const EXPIRED_AGAIN_MS = 60_000;
/** Between two checks of an immutable object: kubelet's time between two syncs of a pod. Unit: milliseconds. */
const REST_MS = [60_000, 90_000] as const;

export class Reflector implements Feed {
	readonly target: ClusterTarget;
	readonly objects = new KnownObjects();
	readonly #options: FeedOptions;
	readonly #backOff: BackOff;
	readonly #state: FeedState;
	readonly #abort = new AbortController();
	/** Start of the next watch; undefined: a list is needed. */
	#resourceVersion: string | undefined;
	#isStarted = false;
	#unexplainedFailures = 0;
	#expiredAt = Number.NEGATIVE_INFINITY;

	constructor(options: FeedOptions) {
		this.#options = options;
		this.target = options.target;
		this.#backOff = new BackOff(options);
		this.#state = new FeedState(this, options.listener);
	}

	get state(): LoopState {
		return this.#state.current;
	}

	start(): void {
		if (this.#isStarted) return;
		this.#isStarted = true;
		void this.#run();
	}

	close(): void {
		this.#abort.abort();
		this.#options.gate.leave(this);
	}

	async #run(): Promise<void> {
		const { signal } = this.#abort;
		while (!signal.aborted) {
			try {
				if (this.#resourceVersion === undefined && !this.#usesWatchList()) await this.#list();
				if (this.#mayRest()) await this.#rest();
				else await this.#watch();
			} catch (thrown) {
				if (signal.aborted) return;
				const delayMs = this.#afterFailure(toApiError(thrown));
				if (delayMs > 0) await sleep(this.#options.timers, delayMs, signal);
			}
		}
	}

	/** Not for a single object, which is one small page anyway. */
	#usesWatchList(): boolean {
		return this.#options.gate.mayHaveWatchList && this.target.name === undefined;
	}

	async #list(resourceVersion?: string): Promise<void> {
		const { log } = this.#options;
		const { signal } = this.#abort;
		const list = await listAll(this.#options, {
			target: this.target,
			objects: this.objects,
			user: this,
			signal,
			resourceVersion,
		});
		if (signal.aborted) return;
		list.replacement.commit();
		this.#resourceVersion = list.resourceVersion;
		log.debug({ objectCount: this.objects.size, resourceVersion: list.resourceVersion }, 'listed');
		this.#completed(true);
	}

	async #watch(): Promise<void> {
		const { gate, client, log, timers, random } = this.#options;
		const { signal } = this.#abort;
		await gate.enter(this, signal);
		if (signal.aborted) return;
		const stream = new WatchStream({
			...this.#options,
			feed: this,
			resourceVersion: this.#resourceVersion,
			stopIf: () => this.#mayRest(),
			onComplete: (isReplaced) => {
				gate.regained();
				this.#completed(isReplaced);
			},
		});
		let hasEnded = false;
		try {
			const end = await stream.run(signal);
			if (signal.aborted) return;
			if (end === 'no-watch-list') this.#forgetWatchList('the server does not mark the end of the existing objects');
			if (end === 'silent') {
				gate.lost(this);
				client.dropIdleConnections();
				log.debug({ resourceVersion: this.#resourceVersion }, 'the watch is silent, requesting it again');
			}
			hasEnded = end === 'ended';
		} catch (thrown) {
			const error = toApiError(thrown);
			if (signal.aborted || !this.#isRefusedWatchList(error, stream)) {
				if (!this.#hasWorked(stream) || error.kind !== 'network') throw error;
				// A first break of a working stream is not reported as a failure.
				gate.lost(this);
				if ((stream.ageMs ?? 0) >= SHORT_MS) this.#unexplainedFailures = 0;
				this.#countUnexplained();
				log.debug({ reason: error.message }, 'the watch broke, requesting it again');
				await sleep(timers, between(random, 0, 100 * this.#unexplainedFailures), signal);
			}
		} finally {
			this.#keepResourceVersion(stream);
		}
		if (hasEnded) this.#afterEnd(stream);
	}

	/** Whether a broken stream had worked: it was open for long enough, or it is the first one to break. */
	#hasWorked({ ageMs }: WatchStream): boolean {
		return ageMs !== undefined && (ageMs >= VERY_SHORT_MS || this.#unexplainedFailures === 0);
	}

	/** Continues where the stream ended, unless that resourceVersion was dropped. */
	#keepResourceVersion(stream: WatchStream): void {
		if (stream.resourceVersion !== undefined && this.#unexplainedFailures < MAX_UNEXPLAINED) {
			this.#resourceVersion = stream.resourceVersion;
		}
	}

	/** Errors: ApiError if the watch ended too soon. */
	#afterEnd(stream: WatchStream): void {
		const ageMs = stream.ageMs ?? 0;
		if (ageMs < VERY_SHORT_MS && stream.eventCount === 0) {
			throw new ApiError('network', 'the server ends watches at once');
		}
		if (ageMs < SHORT_MS) this.#options.gate.startCounting();
		else this.#unexplainedFailures = 0;
	}

	#isRefusedWatchList(error: ApiError, stream: WatchStream): boolean {
		if (this.#resourceVersion !== undefined || stream.ageMs !== undefined) return false;
		// After 403 the list either succeeds or fails with kubectl's message.
		if (error.code !== 400 && error.code !== 422 && error.code !== 403) return false;
		this.#forgetWatchList(error.message);
		return true;
	}

	#forgetWatchList(reason: string): void {
		this.#options.gate.mayHaveWatchList = false;
		this.#options.log.debug({ reason }, 'no WatchList, listing objects instead');
	}

	/** Records a failure. Returns the delay before the next attempt; unit: milliseconds. */
	#afterFailure(error: ApiError): number {
		const { client, gate, log, timers, random } = this.#options;
		gate.startCounting();
		const isAway = error.kind === 'network' || error.kind === 'timeout';
		if (isAway) client.dropIdleConnections();
		if (error.isExpired) {
			this.#resourceVersion = undefined;
			const isFirst = timers.now() - this.#expiredAt >= EXPIRED_AGAIN_MS;
			this.#expiredAt = timers.now();
			log.debug({ reason: error.message }, 'resource version expired, listing again');
			if (isFirst) return 0;
		} else if (error.isResourceVersionTooLarge) {
			this.#countUnexplained();
			return BEHIND_MS;
		} else if (error.kind === 'protocol') {
			// Events may be lost.
			this.#resourceVersion = undefined;
		}
		const concernsAll = isAway || error.kind === 'credentials' || error.code === 429 || (error.code ?? 0) >= 500;
		if (concernsAll) gate.lost(this);
		else gate.regained();
		this.#state.failed(error);
		// Each loop may have this fault of its own; longer delays keep their attempts as few as those of one loop.
		const longestMs = LONGEST_DELAY_MS * (concernsAll ? 1 : gate.loops);
		const backOffMs = this.#backOff.next(mayEndAnyTime(error) ? longestMs : undefined);
		const requestedMs = (error.retryAfterSeconds ?? 0) * 1_000 * between(random, 1, 1.1);
		const delayMs = Math.max(backOffMs, requestedMs);
		log.debug({ reason: error.message, code: error.code, delayMs: Math.round(delayMs) }, 'request failed');
		return delayMs;
	}

	/** Counts a failure without an explanation; after three in a row the objects are listed. */
	#countUnexplained(): void {
		this.#unexplainedFailures += 1;
		if (this.#unexplainedFailures < MAX_UNEXPLAINED) return;
		if (this.#resourceVersion === undefined) this.#forgetWatchList('the stream broke several times');
		this.#resourceVersion = undefined;
	}

	#completed(isReplaced: boolean): void {
		if (this.#resourceVersion !== undefined && this.#unexplainedFailures >= MAX_UNEXPLAINED)
			this.#unexplainedFailures = 0;
		this.#state.completed({ isReplaced });
	}

	/**
	 * Whether the only object is immutable. It can only be deleted and created again, which kubelet would not even notice,
	 * so it is checked about as often as a pod is synced instead of being watched.
	 */
	#mayRest(): boolean {
		if (this.target.name === undefined || this.objects.size === 0) return false;
		return this.objects.faults.length === 0 && this.objects.list().every(({ immutable }) => immutable);
	}

	/** Waits, then lists from the server's cache; with many loops less often. */
	async #rest(): Promise<void> {
		const { timers, random, gate } = this.#options;
		const factor = Math.ceil(gate.loops / 8);
		await sleep(timers, factor * between(random, ...REST_MS), this.#abort.signal);
		if (this.#abort.signal.aborted) return;
		// If this list fails, the next one follows after a delay, not after a rest: other loops may wait for this probe.
		this.#resourceVersion = undefined;
		await this.#list('0');
	}
}

/**
 * Whether a fault may end at any moment, as when a server is back or a token is renewed. Not if the server asked for a
 * pause, an attempt runs a credential plugin or is a list, or a flag is wrong.
 */
function mayEndAnyTime(error: ApiError): boolean {
	if (error.runsPlugin || error.isExpired) return false;
	return error.code === undefined || ![400, 422, 429].includes(error.code);
}
