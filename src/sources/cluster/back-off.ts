/** Delays before requests: growing delays of one loop, and one budget for all loops of a server. */

import type { Timers } from '../../base/timers.js';

/** Source: client-go v0.32 tools/cache, NewReflectorWithOptions: 800 ms, 30 s, reset after 2 min, factor 2. */
const FIRST_DELAY_MS = 800;
const LONGEST_DELAY_MS = 30_000;
const HEALTHY_AFTER_MS = 120_000;

export interface BackOffOptions {
	readonly timers: Timers;
	/** 0 up to and not including 1. */
	readonly random: () => number;
}

/** Doubling delays, each varied by up to a fifth, so that clients that failed together do not return together. */
export class BackOff {
	readonly #timers: Timers;
	readonly #random: () => number;
	#delayMs = 0;
	#lastAt = 0;

	constructor({ timers, random }: BackOffOptions) {
		this.#timers = timers;
		this.#random = random;
	}

	/**
	 * The next delay. Delays start again two minutes after the last one. Unit: milliseconds.
	 * @param longestMs Longest delay, for a fault that may end at any moment.
	 */
	next(longestMs: number = LONGEST_DELAY_MS): number {
		const now = this.#timers.now();
		if (this.#delayMs === 0 || now - this.#lastAt >= HEALTHY_AFTER_MS) this.#delayMs = FIRST_DELAY_MS;
		const base = Math.min(this.#delayMs, longestMs);
		this.#delayMs = Math.min(this.#delayMs * 2, LONGEST_DELAY_MS);
		const delayMs = base * (0.8 + 0.4 * this.#random());
		// The two minutes begin at the end of the wait.
		this.#lastAt = now + delayMs;
		return delayMs;
	}
}

export interface RequestBudgetOptions {
	readonly timers: Timers;
	/** Number of loops that share the budget; each adds a request of its own, and perhaps another one a minute later. */
	readonly loops: number;
}

/** Requests that may follow each other without delay. */
const BURST = 8;
/** With the burst, 18 in any minute. */
const REFILL_PER_MINUTE = 10;
const MINUTE_MS = 60_000;

/**
 * The hard cap of requests after a fault: in any minute at most 16 plus two for each loop. A list of 10 000 objects then
 * takes five pages, because pages grow (see lister.ts). Requests before the first fault are not counted.
 */
export class RequestBudget {
	readonly #timers: Timers;
	readonly #capacity: number;
	/** Time until the budget grows by one request. Unit: milliseconds. */
	readonly #refillMs: number;
	#tokens: number;
	#countedAt: number;
	#isCounting = false;

	constructor({ timers, loops }: RequestBudgetOptions) {
		this.#timers = timers;
		const more = Math.max(0, loops - 1);
		this.#capacity = BURST + more;
		this.#refillMs = MINUTE_MS / (REFILL_PER_MINUTE + more);
		this.#tokens = this.#capacity;
		this.#countedAt = timers.now();
	}

	/** Whether requests are counted. */
	get isCounting(): boolean {
		return this.#isCounting;
	}

	/** Counts requests from now on, because one failed. Idempotent. */
	startCounting(): void {
		if (this.#isCounting) return;
		this.#isCounting = true;
		this.#tokens = this.#capacity;
		this.#countedAt = this.#timers.now();
	}

	/** Takes a request out of the budget. Returns the time to wait before it is sent; unit: milliseconds. */
	take(): number {
		if (!this.#isCounting) return 0;
		const now = this.#timers.now();
		this.#tokens = Math.min(this.#capacity, this.#tokens + (now - this.#countedAt) / this.#refillMs);
		this.#countedAt = now;
		this.#tokens -= 1;
		return this.#tokens >= 0 ? 0 : -this.#tokens * this.#refillMs;
	}
}

/** Resolves after `delayMs`, or once `signal` is aborted, which the caller has to check. */
export async function sleep(timers: Timers, delayMs: number, signal: AbortSignal): Promise<void> {
	if (signal.aborted) return;
	await new Promise<void>((resolve) => {
		const done = (): void => {
			signal.removeEventListener('abort', done);
			pending.cancel();
			resolve();
		};
		const pending = timers.after(delayMs, done);
		signal.addEventListener('abort', done);
	});
}
