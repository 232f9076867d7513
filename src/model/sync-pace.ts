/**
 * When a change reaches a running pod: at once, or at kubelet's next sync of the pod, to test a program against the real
 * timing. A starting pod does not wait for a sync.
 * Source: kubelet v1.32 pod_workers.go: a pod is synced again after syncFrequency times 1.0 to 1.5.
 */

import { type PendingCall, SYSTEM_TIMERS, type Timers } from '../base/timers.js';

/** From one sync to the next, uniformly distributed. Unit: milliseconds. */
export interface SyncRange {
	readonly minMs: number;
	readonly maxMs: number;
}

export class SyncPace {
	readonly #range: SyncRange | undefined;
	readonly #timers: Timers;
	readonly #random: () => number;
	#nextSyncAt = 0;
	#pending: PendingCall | undefined;

	/** Without a range every change is synced at once. `random` returns 0 up to and not including 1. */
	constructor(range: SyncRange | undefined, timers: Timers = SYSTEM_TIMERS, random: () => number = Math.random) {
		this.#range = range;
		this.#timers = timers;
		this.#random = random;
	}

	/** The pod runs from now on; the first sync follows after one interval. */
	started(): void {
		this.close();
		this.#nextSyncAt = this.#timers.now() + this.#interval();
	}

	/**
	 * Calls `sync` at the next sync, once however many changes precede it. Syncs follow each other whether or not
	 * anything changes, so a change falls anywhere between two; no timer runs while nothing changes.
	 */
	changed(sync: () => void): void {
		if (this.#range === undefined) {
			sync();
			return;
		}
		if (this.#pending !== undefined) return;
		const now = this.#timers.now();
		while (this.#nextSyncAt <= now) this.#nextSyncAt += this.#interval();
		this.#pending = this.#timers.after(this.#nextSyncAt - now, () => {
			this.#pending = undefined;
			sync();
		});
	}

	/** Cancels a pending sync. */
	close(): void {
		this.#pending?.cancel();
		this.#pending = undefined;
	}

	#interval(): number {
		const { minMs, maxMs } = this.#range ?? { minMs: 1, maxMs: 1 };
		return Math.max(1, minMs + this.#random() * (maxMs - minMs));
	}
}
