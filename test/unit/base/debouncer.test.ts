import { describe, expect, it } from 'vitest';
import { Debouncer } from '../../../src/base/debouncer.js';
import type { Timers } from '../../../src/base/timers.js';

/** A clock that a test advances. */
class HeldTimers implements Timers {
	#now = 0;
	readonly #calls: { at: number; call: () => void }[] = [];

	now(): number {
		return this.#now;
	}

	after(delayMs: number, call: () => void) {
		const entry = { at: this.#now + delayMs, call };
		this.#calls.push(entry);
		return {
			cancel: () => {
				const index = this.#calls.indexOf(entry);
				if (index >= 0) this.#calls.splice(index, 1);
			},
		};
	}

	advance(ms: number): void {
		const end = this.#now + ms;
		for (;;) {
			const next = this.#calls.filter((call) => call.at <= end).sort((a, b) => a.at - b.at)[0];
			if (next === undefined) break;
			this.#calls.splice(this.#calls.indexOf(next), 1);
			this.#now = Math.max(this.#now, next.at);
			next.call();
		}
		this.#now = end;
	}
}

function setUp(): { timers: HeldTimers; debouncer: Debouncer; calls: number[] } {
	const timers = new HeldTimers();
	const calls: number[] = [];
	const debouncer = new Debouncer({ quietMs: 15, maxDelayMs: 100, timers, call: () => calls.push(timers.now()) });
	return { timers, debouncer, calls };
}

describe('Debouncer', () => {
	it('calls once, a quiet period after the last poke', () => {
		const { timers, debouncer, calls } = setUp();
		debouncer.poke();
		timers.advance(10);
		debouncer.poke();
		expect(debouncer.pending).toBe(true);
		timers.advance(100);
		expect(calls).toEqual([25]);
		expect(debouncer.pending).toBe(false);
	});

	it('calls after the longest delay if pokes never pause', () => {
		const { timers, debouncer, calls } = setUp();
		for (let time = 0; time < 250; time += 5) {
			debouncer.poke();
			timers.advance(5);
		}
		timers.advance(100);
		expect(calls).toEqual([100, 200, 260]);
	});

	it('drops a cancelled call and accepts the next poke', () => {
		const { timers, debouncer, calls } = setUp();
		debouncer.poke();
		debouncer.cancel();
		timers.advance(50);
		debouncer.poke();
		timers.advance(50);
		expect(calls).toEqual([65]);
	});
});
