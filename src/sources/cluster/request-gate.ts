/**
 * Shared by the loops of one API server: a budget of requests, and the rule that only one loop probes while the server is
 * away.
 */

import type { Timers } from '../../base/timers.js';
import { RequestBudget, sleep } from './back-off.js';

/** A loop, compared by identity. */
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
	/** The loop that probes; undefined while the server is not known to be away. */
	#prober: GateUser | undefined;
	#waiting: (() => void)[] = [];
	/** Whether the server may support WatchList; one loop finds out for all. */
	mayHaveWatchList: boolean;

	constructor(options: RequestGateOptions & { readonly watchList: boolean }) {
		this.#timers = options.timers;
		this.#budget = new RequestBudget(options);
		this.loops = options.loops;
		this.mayHaveWatchList = options.watchList;
	}

	/** Whether requests are counted, because one failed. */
	get isCounting(): boolean {
		return this.#budget.isCounting;
	}

	/** Resolves when `user` may send one request, or when `signal` is aborted. */
	async enter(user: GateUser, signal: AbortSignal): Promise<void> {
		while (this.#prober !== undefined && this.#prober !== user && !signal.aborted) await this.#opened(signal);
		if (signal.aborted) return;
		const delayMs = this.#budget.take();
		if (delayMs > 0) await sleep(this.#timers, delayMs, signal);
	}

	/** Requests are counted from now on. */
	startCounting(): void {
		this.#budget.startCounting();
	}

	/** The server did not answer `user`, broke off, or asked for a pause. */
	lost(user: GateUser): void {
		this.#budget.startCounting();
		this.#prober ??= user;
	}

	/** The server answered a loop. */
	regained(): void {
		this.#prober = undefined;
		this.#wake();
	}

	/** `user` stops; another loop may probe. */
	leave(user: GateUser): void {
		if (this.#prober !== user) return;
		this.#prober = undefined;
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
