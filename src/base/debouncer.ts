/**
 * Turns a burst of pokes into one call. Knows nothing of what the pokes mean. One timer serves a whole burst: it looks
 * at the time of the last poke when it fires, so that a poke costs no timer of its own.
 */

import { type PendingCall, SYSTEM_TIMERS, type Timers } from './timers.js';

export interface DebouncerOptions {
	/** The call comes when no poke came for this long. Unit: milliseconds. */
	readonly quietMs: number;
	/** The call comes this long after the first poke at the latest, however many follow. Unit: milliseconds. */
	readonly maxDelayMs: number;
	readonly call: () => void;
	readonly timers?: Timers;
}

/** One call a burst, at the end of a quiet period or of the longest delay, whichever is first. */
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

	/** Whether a call is due. */
	get pending(): boolean {
		return this.#pending !== undefined;
	}

	/** Asks for a call. */
	poke(): void {
		this.#lastPoke = this.#timers.now();
		if (this.#pending !== undefined) return;
		this.#firstPoke = this.#lastPoke;
		this.#arm();
	}

	/** Forgets the call that is due, if any. */
	cancel(): void {
		this.#pending?.cancel();
		this.#pending = undefined;
	}

	#dueAt(): number {
		return Math.min(this.#lastPoke + this.#options.quietMs, this.#firstPoke + this.#options.maxDelayMs);
	}

	#arm(): void {
		this.#pending = this.#timers.after(Math.max(0, this.#dueAt() - this.#timers.now()), () => {
			// Timers may fire a fraction of a millisecond early; less than one is no reason to wait again.
			if (this.#dueAt() - this.#timers.now() >= 1) {
				this.#arm();
				return;
			}
			this.#pending = undefined;
			this.#options.call();
		});
	}
}
