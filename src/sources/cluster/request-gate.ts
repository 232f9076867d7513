/**
 * What loops that talk to one API server share: a budget of requests, and the rule that only one of them knocks while
 * the server is away. Knows nothing of what is asked.
 */

import type { Timers } from '../../base/timers.js';
import { RequestBudget, sleep } from './back-off.js';

/** One loop, by identity. */
export type GateUser = object;

export interface RequestGateOptions {
	readonly timers: Timers;
	/** Number of loops. */
	readonly loops: number;
}

export class RequestGate {
	readonly loops: number;
	readonly #timers: Timers;
	readonly #budget: RequestBudget;
	/** Who knocks; undefined: the server answers, as far as is known. */
	#knocker: GateUser | undefined;
	#waiting: (() => void)[] = [];
	/** Whether the server may have WatchList; learned once for all loops. */
	mayHaveWatchList: boolean;

	constructor(options: RequestGateOptions & { readonly watchList: boolean }) {
		this.#timers = options.timers;
		this.#budget = new RequestBudget(options);
		this.loops = options.loops;
		this.mayHaveWatchList = options.watchList;
	}

	/** Whether something failed, so that requests are counted. */
	get isCounting(): boolean {
		return this.#budget.isCounting;
	}

	/** Resolves when `user` may make one request, or when `signal` is aborted. */
	async enter(user: GateUser, signal: AbortSignal): Promise<void> {
		while (this.#knocker !== undefined && this.#knocker !== user && !signal.aborted) await this.#opened(signal);
		if (signal.aborted) return;
		const delayMs = this.#budget.take();
		if (delayMs > 0) await sleep(this.#timers, delayMs, signal);
	}

	/** Requests are counted from now on. */
	startCounting(): void {
		this.#budget.startCounting();
	}

	/** The server did not answer `user`, stopped in the middle, or asked to be left alone. */
	lost(user: GateUser): void {
		this.#budget.startCounting();
		this.#knocker ??= user;
	}

	/** The server answered somebody. */
	regained(): void {
		this.#knocker = undefined;
		this.#wake();
	}

	/** `user` knocks no more: somebody else may. */
	leave(user: GateUser): void {
		if (this.#knocker !== user) return;
		this.#knocker = undefined;
		this.#wake();
	}

	#wake(): void {
		const waiting = this.#waiting;
		this.#waiting = [];
		for (const resolve of waiting) resolve();
	}

	async #opened(signal: AbortSignal): Promise<void> {
		await new Promise<void>((resolve) => {
			const done = (): void => {
				signal.removeEventListener('abort', done);
				resolve();
			};
			this.#waiting.push(done);
			signal.addEventListener('abort', done);
		});
	}
}
