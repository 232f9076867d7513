/**
 * Turns a burst of pokes into one call. One timer serves the complete burst: when it fires, it checks the time of the last
 * poke, so a poke needs no timer of its own.
 */

import { type PendingCall, SYSTEM_TIMERS, type Timers } from './timers.js';

export interface DebouncerOptions {
	/** The call is made after this long without a poke. Unit: milliseconds. */
	readonly quietMs: number;
	/** The call is made at the latest this long after the first poke. Unit: milliseconds. */
	readonly maxDelayMs: number;
	readonly call: () => void;
	readonly timers?: Timers;
}

/** Makes one call for each burst, after the quiet period or after the longest delay, whichever ends first. */
export class Debouncer {
	readonly #options: DebouncerOptions;
	readonly #timers: Timers;
	#firstPoke = 0;
	#lastPoke = 0;
	#pending: PendingCall | undefined;

	constructor(options: DebouncerOptions) {
		this.#options = options;
		this.#timers = options.timers ?? SYSTEM_TIMERS;
	}

	/** Whether a call is pending. */
	get pending(): boolean {
		return this.#pending !== undefined;
	}

	/** Requests a call. */
	poke(): void {
		this.#lastPoke = this.#timers.now();
		if (this.#pending !== undefined) return;
		this.#firstPoke = this.#lastPoke;
		this.#arm();
	}

	/** Cancels the pending call, if any. */
	cancel(): void {
		this.#pending?.cancel();
		this.#pending = undefined;
	}

	#dueAt(): number {
		return Math.min(this.#lastPoke + this.#options.quietMs, this.#firstPoke + this.#options.maxDelayMs);
	}

	#arm(): void {
		this.#pending = this.#timers.after(Math.max(0, this.#dueAt() - this.#timers.now()), () => {
			// Timers may fire early by less than a millisecond, which is not worth another wait.
			if (this.#dueAt() - this.#timers.now() >= 1) {
				this.#arm();
				return;
			}
			this.#pending = undefined;
			this.#options.call();
		});
	}
}
