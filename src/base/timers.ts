/** Time as the watching code sees it, so that tests can hold it. Knows nothing of files. */

export interface PendingCall {
	/** Forgets the call; harmless after it was made. */
	cancel(): void;
}

export interface Timers {
	/** A clock that never jumps. Unit: milliseconds from an arbitrary origin. */
	now(): number;
	/** Calls once, not earlier than after `delayMs`. */
	after(delayMs: number, call: () => void): PendingCall;
}

/** The clock and timers of this process. */
export const SYSTEM_TIMERS: Timers = {
	now: () => performance.now(),
	after: (delayMs, call) => {
		const handle = setTimeout(call, delayMs);
		return { cancel: () => clearTimeout(handle) };
	},
};
