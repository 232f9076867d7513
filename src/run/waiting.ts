/**
 * Waits until nothing is missing any more, as kubelet lets a pod wait: says why, once for each reason, and starts the
 * moment that everything is there.
 */

import { ConfigMapFsError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import type { Missing } from '../pod/notices.js';

export class Waiting {
	readonly #log: Logger;
	/** Unit: milliseconds; undefined: for ever. */
	readonly #timeoutMs: number | undefined;
	#wake: (() => void) | undefined;

	constructor(options: { readonly log: Logger; readonly timeoutMs: number | undefined }) {
		this.#log = options.log;
		this.#timeoutMs = options.timeoutMs;
	}

	/** Something changed: whoever waits looks again. */
	poke(): void {
		this.#wake?.();
	}

	/**
	 * Looks until `look` finds nothing missing, and gives what it found then.
	 * Errors: WAIT_TIMEOUT, and those of `look`; when `abort` is, at once.
	 */
	async until<T extends { readonly missing: readonly Missing[] }>(
		look: () => T | Promise<T>,
		abort: AbortSignal,
	): Promise<T> {
		const deadline = this.#timeoutMs === undefined ? undefined : performance.now() + this.#timeoutMs;
		const said = new Set<string>();
		for (;;) {
			abort.throwIfAborted();
			const changed = new Promise<void>((resolve) => {
				this.#wake = resolve;
			});
			const found = await look();
			if (found.missing.length === 0) {
				if (said.size > 0) this.#log.info('everything is there');
				return found;
			}
			for (const { reason, message } of found.missing) {
				if (said.has(message)) continue;
				said.add(message);
				this.#log.warn({ reason }, `waiting: ${message}`);
			}
			await this.#changeOrEnd(changed, deadline, abort, found.missing);
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
