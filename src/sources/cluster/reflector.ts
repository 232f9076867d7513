/**
 * List, then watch, for ever: one loop that keeps the known objects equal to a part of the cluster. Nothing disappears
 * between two lists, because a list takes effect only when it is complete.
 * Source: client-go v0.32 tools/cache, Reflector.ListAndWatch. Differences, each for a reason: lists are consistent
 * reads (see lister.ts); silence ends a watch (Go has HTTP/2 pings for that); requests after a fault have a hard cap.
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

/** A watch that ends sooner, and brought nothing, failed. Source: client-go v0.32 tools/cache, handleWatch. */
const VERY_SHORT_MS = 1_000;
/** A watch that ends sooner makes requests count: a server that ends them all the time must not be asked for ever. */
const SHORT_MS = 60_000;
/** Delays stop growing here where the fault may end at any moment: ten attempts a minute, what the budget gives back. */
const LONGEST_DELAY_MS = 6_000;
/** Source: client-go v0.32 tools/cache: a server behind us is asked again after one second. */
const BEHIND_MS = 1_000;
/** After so many failures in a row that do not say why, the resourceVersion itself is no longer trusted. */
const MAX_DISTRUST = 3;
/** An expired resourceVersion is a reason to list at once, but not one each minute. */
const EXPIRED_AGAIN_MS = 60_000;
/** How often an immutable object is looked at: kubelet's time between two syncs of a pod. */
const REST_MS = [60_000, 90_000] as const;

export class Reflector implements Feed {
	readonly target: ClusterTarget;
	readonly objects = new KnownObjects();
	readonly #options: FeedOptions;
	readonly #backOff: BackOff;
	readonly #state: FeedState;
	readonly #abort = new AbortController();
	/** Where to watch from; undefined: a list is needed. */
	#resourceVersion: string | undefined;
	#isStarted = false;
	#distrust = 0;
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

	/** A single object is one small page; a stream for it would have no advantage. */
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
			if (end === 'no-watch-list') this.#forgetWatchList('the server does not say where the state ends');
			if (end === 'silent') {
				gate.lost(this);
				client.dropIdleConnections();
				log.debug({ resourceVersion: this.#resourceVersion }, 'watch is silent, asked for anew');
			}
			hasEnded = end === 'ended';
		} catch (thrown) {
			const error = toApiError(thrown);
			if (signal.aborted || !this.#isRefusedWatchList(error, stream)) {
				if (!this.#hasWorked(stream) || error.kind !== 'network') throw error;
				// Asked for anew before anybody calls it a failure.
				gate.lost(this);
				if ((stream.ageMs ?? 0) >= SHORT_MS) this.#distrust = 0;
				this.#distrustMore();
				log.debug({ reason: error.message }, 'watch broke, asked for anew');
				await sleep(timers, between(random, 0, 100 * this.#distrust), signal);
			}
		} finally {
			this.#keepPlace(stream);
		}
		if (hasEnded) this.#afterEnd(stream);
	}

	/** Whether a stream that broke is no reason to doubt the server; of those that were just opened, one is not. */
	#hasWorked({ ageMs }: WatchStream): boolean {
		return ageMs !== undefined && (ageMs >= VERY_SHORT_MS || this.#distrust === 0);
	}

	/** Where the stream got to, unless it was given up meanwhile. */
	#keepPlace(stream: WatchStream): void {
		if (stream.resourceVersion !== undefined && this.#distrust < MAX_DISTRUST) {
			this.#resourceVersion = stream.resourceVersion;
		}
	}

	/** Errors: ApiError for an end that is none. */
	#afterEnd(stream: WatchStream): void {
		const ageMs = stream.ageMs ?? 0;
		if (ageMs < VERY_SHORT_MS && stream.eventCount === 0) {
			throw new ApiError('network', 'the server ends watches at once');
		}
		if (ageMs < SHORT_MS) this.#options.gate.startCounting();
		else this.#distrust = 0;
	}

	#isRefusedWatchList(error: ApiError, stream: WatchStream): boolean {
		if (this.#resourceVersion !== undefined || stream.ageMs !== undefined) return false;
		// With 403 the list says what kubectl would say, or is allowed.
		if (error.code !== 400 && error.code !== 422 && error.code !== 403) return false;
		this.#forgetWatchList(error.message);
		return true;
	}

	#forgetWatchList(reason: string): void {
		this.#options.gate.mayHaveWatchList = false;
		this.#options.log.debug({ reason }, 'no WatchList, objects are listed instead');
	}

	/** Takes note of a failure. Returns how long to wait; unit: milliseconds. */
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
			this.#distrustMore();
			return BEHIND_MS;
		} else if (error.kind === 'protocol') {
			// Something was lost that cannot be told.
			this.#resourceVersion = undefined;
		}
		const concernsAll = isAway || error.kind === 'credentials' || error.code === 429 || (error.code ?? 0) >= 500;
		if (concernsAll) gate.lost(this);
		else gate.regained();
		this.#state.failed(error);
		// Where not one loop knocks for all, each may have the same fault, and the attempts of all are to be as many.
		const longestMs = LONGEST_DELAY_MS * (concernsAll ? 1 : gate.loops);
		const backOffMs = this.#backOff.next(endsByItself(error) ? longestMs : undefined);
		const askedMs = (error.retryAfterSeconds ?? 0) * 1_000 * between(random, 1, 1.1);
		const delayMs = Math.max(backOffMs, askedMs);
		log.debug({ reason: error.message, code: error.code, delayMs: Math.round(delayMs) }, 'request failed');
		return delayMs;
	}

	/** Another failure that does not say why; three in a row ask for a new list. */
	#distrustMore(): void {
		this.#distrust += 1;
		if (this.#distrust < MAX_DISTRUST) return;
		if (this.#resourceVersion === undefined) this.#forgetWatchList('the stream broke again and again');
		this.#resourceVersion = undefined;
	}

	#completed(isReplaced: boolean): void {
		if (this.#resourceVersion !== undefined && this.#distrust >= MAX_DISTRUST) this.#distrust = 0;
		this.#state.completed({ isReplaced });
	}

	/**
	 * A single object that is immutable is looked at about as often as a pod is synced instead of being watched: it
	 * cannot change, only be deleted and made again. Kubelet would not notice even that.
	 */
	#mayRest(): boolean {
		if (this.target.name === undefined || this.objects.size === 0) return false;
		return this.objects.faults.length === 0 && this.objects.list().every(({ immutable }) => immutable);
	}

	/** Waits and looks again; any state of the server's cache is good enough. With many objects, less often. */
	async #rest(): Promise<void> {
		const { timers, random, gate } = this.#options;
		const factor = Math.ceil(gate.loops / 8);
		await sleep(timers, factor * between(random, ...REST_MS), this.#abort.signal);
		if (this.#abort.signal.aborted) return;
		// If this list fails, the next one comes after a delay and not after another rest: others may wait for it.
		this.#resourceVersion = undefined;
		await this.#list('0');
	}
}

/**
 * Whether a fault may be over at any moment, as when a server is back or a token is renewed. Not so where the server
 * asked to be left alone, a credential plugin would run each time, each attempt would be a list, or flags are wrong.
 */
function endsByItself(error: ApiError): boolean {
	if (error.runsPlugin || error.isExpired) return false;
	return error.code === undefined || ![400, 422, 429].includes(error.code);
}
