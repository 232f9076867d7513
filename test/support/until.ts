/** Waiting with a deadline: nothing in the tests sleeps for a fixed time and hopes. */

import { setTimeout as sleep } from 'node:timers/promises';

/**
 * How long a wait may take where nothing is promised: long enough for a machine that is slow and does something else.
 * Unit: milliseconds.
 */
export const WAIT_MS = 30_000;

/** Asks until `get` gives something but undefined or false. Errors: what was waited for, at the deadline. */
export async function until<T>(
	get: () => T | undefined | false | Promise<T | undefined | false>,
	what: string | (() => string),
	ms = WAIT_MS,
): Promise<T> {
	const deadline = performance.now() + ms;
	for (;;) {
		const value = await get();
		if (value !== undefined && value !== false) return value;
		if (performance.now() > deadline) {
			throw new Error(`not within ${ms} ms: ${typeof what === 'string' ? what : what()}`);
		}
		await sleep(5);
	}
}

/** The promise's value, or an error at the deadline: for calls into a mount that could hang. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms);
	});
	try {
		return await Promise.race([promise, late]);
	} finally {
		clearTimeout(timer);
	}
}
