/**
 * Ends what is left of an application when its main process has ended, as the end of a container does.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { endProcess } from '../../native/proc.js';

/** How long processes may take to be gone; one that waits for a device that never answers cannot be ended. */
const LONGEST_MS = 3000;
/** How often they are looked for. Unit: milliseconds. */
const PAUSE_MS = 10;

/** SIGKILL for all of them, and for those that they start meanwhile. Returns those that are still there at the end. */
export async function endMembers(members: () => readonly number[], longestMs = LONGEST_MS): Promise<readonly number[]> {
	const deadline = performance.now() + longestMs;
	for (;;) {
		const left = members().filter((pid) => pid !== process.pid);
		if (left.length === 0 || performance.now() > deadline) return left;
		for (const pid of left) endProcess(pid);
		await sleep(PAUSE_MS);
	}
}
