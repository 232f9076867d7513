/**
 * Kubelet's strategies without a watch: at each sync of a simulated pod the objects are requested, always (get) or if they
 * are older than the time to live (cache). An error never removes an object.
 * Source: kubelet v1.32 pkg/kubelet/util/manager, cacheBasedManager; kubelet v1.32 configMapAndSecretChangeDetectionStrategy.
 */

import type { ClusterTarget } from './api-client.js';
import { type ApiError, toApiError } from './api-error.js';
import { BackOff, sleep } from './back-off.js';
import { between, type Feed, type FeedOptions } from './feed.js';
import { FeedState } from './feed-state.js';
import { KnownObjects } from './known-objects.js';
import { listAll } from './lister.js';
import type { LoopState } from './loop-state.js';

export interface PollerOptions extends FeedOptions {
	/** Syncs are 1 to 1.5 times this apart. Unit: milliseconds. */
	readonly syncFrequencyMs: number;
	/** Undefined: objects are requested at each sync. Unit: milliseconds. */
	readonly ttlMs: number | undefined;
}

/** After an error a pod is synced again sooner. Source: kubelet v1.32 pod_workers.go, backOffPeriod 10 s. */
const LONGEST_DELAY_MS = 10_000;

export class Poller implements Feed {
	readonly target: ClusterTarget;
	readonly objects = new KnownObjects();
	readonly #options: PollerOptions;
	readonly #backOff: BackOff;
	readonly #state: FeedState;
	readonly #abort = new AbortController();
	#isStarted = false;
	#requestedAt = Number.NEGATIVE_INFINITY;

	constructor(options: PollerOptions) {
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
		const { timers, random, syncFrequencyMs } = this.#options;
		const { signal } = this.#abort;
		while (!signal.aborted) {
			let delayMs = between(random, syncFrequencyMs, 1.5 * syncFrequencyMs);
			try {
				if (this.#isDue()) await this.#request();
			} catch (thrown) {
				if (signal.aborted) return;
				delayMs = this.#afterFailure(toApiError(thrown));
			}
			await sleep(timers, delayMs, signal);
		}
	}

	#isDue(): boolean {
		const { timers, ttlMs } = this.#options;
		return ttlMs === undefined || timers.now() - this.#requestedAt >= ttlMs;
	}

	async #request(): Promise<void> {
		const { timers, listener, gate } = this.#options;
		const { signal } = this.#abort;
		const requestedAt = timers.now();
		// A refresh of the cache accepts the state of the server's cache. Source: kubelet v1.32 util.EnableEtcdWatchCache.
		const resourceVersion = this.#options.ttlMs === undefined ? undefined : '0';
		const { namespace, name } = this.target;
		if (name !== undefined && namespace !== undefined) await this.#get({ namespace, name }, resourceVersion);
		else await this.#list(resourceVersion);
		if (signal.aborted) return;
		this.#requestedAt = requestedAt;
		gate.regained();
		listener.contact();
		this.#state.completed({ isReplaced: true });
	}

	/** A plain get, so that the permission to get suffices. */
	async #get(key: { namespace: string; name: string }, resourceVersion: string | undefined): Promise<void> {
		const { gate, client } = this.#options;
		const { signal } = this.#abort;
		await gate.enter(this, signal);
		const value = await client.get(key, signal, resourceVersion);
		if (signal.aborted) return;
		const replacement = this.objects.beginReplacement(resourceVersion === '0');
		if (value !== undefined) replacement.add(value);
		replacement.commit();
	}

	async #list(resourceVersion: string | undefined): Promise<void> {
		const { signal } = this.#abort;
		const { target, objects } = this;
		const list = await listAll(this.#options, { target, objects, user: this, signal, resourceVersion });
		if (!signal.aborted) list.replacement.commit();
	}

	#afterFailure(error: ApiError): number {
		const { gate, client, log } = this.#options;
		gate.startCounting();
		if (error.kind === 'network' || error.kind === 'timeout') client.dropIdleConnections();
		if (error.kind !== 'status' || error.code === 429 || (error.code ?? 0) >= 500) gate.lost(this);
		else gate.regained();
		this.#state.failed(error);
		const delayMs = Math.max(this.#backOff.next(LONGEST_DELAY_MS), (error.retryAfterSeconds ?? 0) * 1_000);
		log.debug({ reason: error.message, code: error.code, delayMs: Math.round(delayMs) }, 'request failed');
		return delayMs;
	}
}
