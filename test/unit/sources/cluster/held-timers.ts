/** A clock that only a test moves, for loops that wait for promises between two timers. */

import type { Timers } from '../../../../src/base/timers.js';

export class HeldTimers implements Timers {
	#now = 0;
	#calls: { readonly at: number; readonly call: () => void }[] = [];

	now(): number {
		return this.#now;
	}

	/** Number of waiting timers. */
	get waiting(): number {
		return this.#calls.length;
	}

	after(delayMs: number, call: () => void) {
		const entry = { at: this.#now + delayMs, call };
		this.#calls.push(entry);
		return {
			cancel: () => {
				this.#calls = this.#calls.filter((one) => one !== entry);
			},
		};
	}

	/** Moves the clock; everything that follows from one timer happens before the next. */
	async advance(ms: number): Promise<void> {
		const end = this.#now + ms;
		await settle();
		for (;;) {
			const next = this.#calls.filter((one) => one.at <= end).sort((a, b) => a.at - b.at)[0];
			if (next === undefined) break;
			this.#calls = this.#calls.filter((one) => one !== next);
			this.#now = Math.max(this.#now, next.at);
			next.call();
			await settle();
		}
		this.#now = end;
	}
}

/** Lets pending promises settle. */
export async function settle(): Promise<void> {
	for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
