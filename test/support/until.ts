/**
 * Waits that end as soon as a condition holds, and limits that do not depend on the speed of the machine. The deadline of
 * a wait is long, because it only delays tests that fail.
 */

import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';

/** The deadline of a wait, for a machine with ten times more work than processors. Unit: milliseconds. */
export const WAIT_MS = 90_000;

/** Time to start and end Node on an idle machine. Unit: milliseconds. */
const IDLE_START_MS = 50;

/** Polls `get` until it returns a value other than undefined and false. Errors: at the deadline, with `what`. */
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

/** Waits for a promise. Errors: at the deadline. For calls into a mount, which could hang. */
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

/**
 * Asserts that a measured duration is below a limit that holds on an idle machine. A busy machine is given as many
 * times longer as it now takes longer to start Node; a duration within the limit costs no measurement.
 */
export function expectSoon(elapsedMs: number, idleLimitMs: number, what?: string): void {
	if (elapsedMs < idleLimitMs) return;
	expect(elapsedMs, what).toBeLessThan(idleLimitMs * slowness());
}

/** CPU time of `action` in this process; independent of the load of other processes. Unit: milliseconds. */
export function cpuMs(action: () => void): number {
	const before = process.cpuUsage();
	action();
	const { user, system } = process.cpuUsage(before);
	return (user + system) / 1000;
}

/** The current start time of Node as a multiple of that on an idle machine; at least 1. */
export function slowness(): number {
	const samples = [1, 2, 3].map(() => {
		const start = performance.now();
		spawnSync(process.execPath, ['-e', '0']);
		return performance.now() - start;
	});
	return Math.max(1, Math.max(...samples) / IDLE_START_MS);
}
