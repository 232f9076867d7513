/** A clock and timers that tests can replace. */

export interface PendingCall {
	/** Does nothing after the call was made. */
	cancel(): void;
}

export interface Timers {
	/** A clock that never jumps. Unit: milliseconds from an arbitrary origin. */
	now(): number;
	/** Calls once, no earlier than after `delayMs`. */
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
