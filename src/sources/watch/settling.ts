/**
 * Decides whether content can be accepted or may be the middle of a save. A file that is being written may be empty, cut
 * short or missing for a moment and still be valid, so content that lost something is accepted only after it stops
 * changing. Pure: knows neither files nor timers; it returns how long to wait before the next observation.
 */

/** Doubtful content must stay unchanged this long. Unit: milliseconds. */
export const SETTLE_MS = 300;
/** The current content is accepted after this long even if writes continue. Unit: milliseconds. */
export const SETTLE_CAP_MS = 2000;
/** Closing a file raises no event for its reader, so an open file is checked in this interval. Unit: milliseconds. */
const WRITING_INTERVAL_MS = 20;

/** Whether another process has a file open for writing; undefined: unknown. Must be quick: called for each changed file. */
export type OpenForWriting = (path: string) => boolean | undefined;

/** Content at one moment, as its source judges it. */
export interface Observation {
	/**
	 * `writing`: a writer has it open, or it changed while it was read. `doubtful`: it lacks something that was there
	 * before, as in the middle of a save. `complete`: anything else.
	 */
	readonly state: 'writing' | 'doubtful' | 'complete';
	/** Differs if the content differs. */
	readonly fingerprint: string;
}

/** The doubt about one piece of content, from the first observation that is not complete to the next accepted one. */
export class Settling {
	#doubt: { readonly since: number; readonly stableSince: number; readonly fingerprint: string } | undefined;

	/** Whether the last observation was not accepted. */
	get pending(): boolean {
		return this.#doubt !== undefined;
	}

	/** Forgets the doubt, because the content was accepted or is again what it was before. */
	reset(): void {
		this.#doubt = undefined;
	}

	/**
	 * Returns 0 to accept the content, else how long to wait before the next observation.
	 * Unit: milliseconds; `now` is any clock that never jumps.
	 */
	observe({ state, fingerprint }: Observation, now: number): number {
		const waitMs = state === 'complete' ? 0 : this.#waitMs(state, fingerprint, now);
		if (waitMs <= 0) this.reset();
		return Math.max(0, waitMs);
	}

	#waitMs(state: 'writing' | 'doubtful', fingerprint: string, now: number): number {
		const before = this.#doubt;
		const since = before?.since ?? now;
		const isStable = state === 'doubtful' && before?.fingerprint === fingerprint;
		const stableSince = isStable ? before.stableSince : now;
		this.#doubt = { since, stableSince, fingerprint };
		const nextMs = state === 'writing' ? now + WRITING_INTERVAL_MS : stableSince + SETTLE_MS;
		return Math.min(nextMs, since + SETTLE_CAP_MS) - now;
	}
}
