/**
 * Kills every process of a mount namespace after its daemon was killed: they would continue with mounts that no process
 * answers. Thread: one that may block.
 */

import { killProcess, membersOfMountNamespace } from '../native/proc.js';

/** How long they may take to end. Unit: milliseconds. */
const LONGEST_MS = 2000;
/** Pause between two searches; the processes may start others in between. Unit: milliseconds. */
const PAUSE_MS = 5;

/** Sends SIGKILL until no process is left or the time is over. Blocks this thread. Never fails. */
export function killMembers(mountNamespace: string): void {
	const clock = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
	const deadline = performance.now() + LONGEST_MS;
	while (performance.now() < deadline) {
		const left = membersOrNone(mountNamespace);
		if (left.length === 0) return;
		for (const pid of left) killProcess(pid);
		Atomics.wait(clock, 0, 0, PAUSE_MS);
	}
}

function membersOrNone(mountNamespace: string): readonly number[] {
	try {
		return membersOfMountNamespace(mountNamespace);
	} catch {
		// It is our own namespace: kill no process.
		return [];
	}
}
