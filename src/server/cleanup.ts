/**
 * Ends every process of a mount namespace, by a thread that may wait: what a killed daemon leaves behind would go on
 * with mounts that nobody answers.
 */

import { endProcess, membersOfMountNamespace } from '../native/proc.js';

/** How long they may take to be gone. Unit: milliseconds. */
const LONGEST_MS = 2000;
/** How often they are looked for, because they may start others meanwhile. Unit: milliseconds. */
const PAUSE_MS = 5;

/** SIGKILL until none is left, or the time is over. Blocks this thread. Never fails. */
export function endMembers(mountNamespace: string): void {
	const clock = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
	const deadline = performance.now() + LONGEST_MS;
	while (performance.now() < deadline) {
		const left = membersOrNone(mountNamespace);
		if (left.length === 0) return;
		for (const pid of left) endProcess(pid);
		Atomics.wait(clock, 0, 0, PAUSE_MS);
	}
}

function membersOrNone(mountNamespace: string): readonly number[] {
	try {
		return membersOfMountNamespace(mountNamespace);
	} catch {
		// It is our own: nobody is ended.
		return [];
	}
}
