/**
 * Waits until nothing is missing, as kubelet lets a pod wait. It emits each reason once, and returns as soon as the
 * last missing object arrives.
 */

import { ConfigMapFsError } from '../base/errors.js';
import type { EventListener } from '../control/events.js';
import type { Missing } from '../pod/notices.js';

export interface WaitingOptions {
	/** `--wait-timeout`; undefined: no limit. Unit: milliseconds. */
	readonly timeoutMs: number | undefined;
	readonly onEvent: EventListener;
}

export class Waiting {
	readonly #timeoutMs: number | undefined;
	readonly #onEvent: EventListener;
	#wake: (() => void) | undefined;

	constructor(options: WaitingOptions) {
		this.#timeoutMs = options.timeoutMs;
		this.#onEvent = options.onEvent;
	}

	/** Something changed: `until` checks again. */
	poke(): void {
		this.#wake?.();
	}

	/**
	 * Calls `check` until it finds nothing missing; returns that result.
	 * Errors: WAIT_TIMEOUT, the errors of `check`, and the reason of `abort` at once.
	 */
	async until<T extends { readonly missing: readonly Missing[] }>(
		check: () => T | Promise<T>,
		abort: AbortSignal,
	): Promise<T> {
		const deadline = this.#timeoutMs === undefined ? undefined : performance.now() + this.#timeoutMs;
		const reported = new Set<string>();
		for (;;) {
			abort.throwIfAborted();
			// Before the check, so that a change during it is not lost.
			const changed = new Promise<void>((resolve) => {
				this.#wake = resolve;
			});
			const result = await check();
			if (result.missing.length === 0) {
				if (reported.size > 0) this.#onEvent({ type: 'complete' });
				return result;
			}
			for (const { reason, message } of result.missing) {
				if (reported.has(message)) continue;
				reported.add(message);
				this.#onEvent({ type: 'waiting', reason, message });
			}
			await this.#changeOrEnd(changed, deadline, abort, result.missing);
		}
	}

	/** Resolves at the next change. Errors: WAIT_TIMEOUT, or the reason of `abort`. */
	async #changeOrEnd(
		changed: Promise<void>,
		deadline: number | undefined,
		abort: AbortSignal,
		missing: readonly Missing[],
	): Promise<void> {
		let timer: NodeJS.Timeout | undefined;
		const timeout = new Promise<void>((_, reject) => {
			if (deadline === undefined) return;
			timer = setTimeout(() => reject(this.#timedOut(missing)), Math.max(0, deadline - performance.now()));
		});
		try {
			await unlessAborted(abort, Promise.race([changed, timeout]));
		} finally {
			clearTimeout(timer);
		}
	}

	#timedOut(missing: readonly Missing[]): ConfigMapFsError {
		const texts = missing.map(({ message }) => message).join('; ');
		const seconds = (this.#timeoutMs ?? 0) / 1000;
		return new ConfigMapFsError(
			'WAIT_TIMEOUT',
			`Still missing after ${seconds} s (--wait-timeout): ${texts}; add it to a source, or make the reference optional`,
		);
	}
}

/** The promise's outcome, or the reason of the abort as soon as it comes: reading standard input may never end. */
export async function unlessAborted<T>(abort: AbortSignal, promise: Promise<T>): Promise<T> {
	abort.throwIfAborted();
	let onAbort = () => {};
	const aborted = new Promise<never>((_, reject) => {
		onAbort = () => reject(abort.reason as Error);
		abort.addEventListener('abort', onAbort, { once: true });
	});
	try {
		return await Promise.race([promise, aborted]);
	} finally {
		abort.removeEventListener('abort', onAbort);
	}
}
