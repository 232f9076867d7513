/** Whether a start is over: when every loop has a state or is refused, and not all are refused. */

import type { ConfigMapFsError } from '../../base/errors.js';

export class FirstState {
	/** Resolves at the end. Errors: that of `fail`. */
	readonly reached: Promise<void>;
	readonly #count: number;
	readonly #settled = new Set<object>();
	readonly #refused = new Set<object>();
	#resolve: () => void = () => {};
	#reject: (error: ConfigMapFsError) => void = () => {};

	/** @param count Number of loops. */
	constructor(count: number) {
		this.#count = count;
		this.reached = new Promise((resolve, reject) => {
			this.#resolve = resolve;
			this.#reject = reject;
		});
		// A failure after the end, or before anybody waits, is nobody's.
		this.reached.catch(() => {});
	}

	/** The loop has a complete state. */
	settled(loop: object): void {
		this.#refused.delete(loop);
		this.#settled.add(loop);
		this.#look();
	}

	/** The loop has none, and will not have one soon. */
	refused(loop: object): void {
		this.#refused.add(loop);
		this.#look();
	}

	/** What there is has to do. */
	giveUp(): void {
		this.#resolve();
	}

	fail(error: ConfigMapFsError): void {
		this.#reject(error);
	}

	#look(): void {
		if (this.#settled.size > 0 && this.#settled.size + this.#refused.size >= this.#count) this.#resolve();
	}
}
