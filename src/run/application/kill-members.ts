/**
 * Kills the remaining processes of an application once its main process has ended, as the end of a container does.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { killProcess } from '../../native/proc.js';

/** Time limit. A process that waits for a device in the kernel may not die. Unit: milliseconds. */
const LONGEST_MS = 3000;
/** Pause between two rounds. Unit: milliseconds. */
const PAUSE_MS = 10;

/** Sends SIGKILL to all members, and to those that they start in the meantime. Returns those that still exist. */
export async function killMembers(
	members: () => readonly number[],
	longestMs = LONGEST_MS,
): Promise<readonly number[]> {
	const deadline = performance.now() + longestMs;
	for (;;) {
		const left = members().filter((pid) => pid !== process.pid);
		if (left.length === 0 || performance.now() > deadline) return left;
		for (const pid of left) killProcess(pid);
		await sleep(PAUSE_MS);
	}
}
