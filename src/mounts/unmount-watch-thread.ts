/**
 * Posts "changed" whenever the mount table changes, until the other end of the given socket is closed.
 * Thread: a worker of the daemon.
 */

import { closeSync, openSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { POLL, poll } from '../native/libc.js';

const doorbell = workerData as number;
const table = openSync('/proc/self/mountinfo', 'r');
// A change before this moment is not signalled.
parentPort?.postMessage('changed');
for (;;) {
	const [bell = 0, changed = 0] = poll(
		[
			{ fd: doorbell, events: POLL.IN },
			{ fd: table, events: POLL.PRI | POLL.ERR },
		],
		-1,
	);
	if (bell !== 0) break;
	if (changed !== 0) parentPort?.postMessage('changed');
}
closeSync(table);
