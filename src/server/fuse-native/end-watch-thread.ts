/** Posts "ended" when the connection of a descriptor of /dev/fuse ends. Thread: a worker of the server process. */

import { parentPort, workerData } from 'node:worker_threads';
import { POLL, poll } from '../../native/libc.js';

/** poll(2): the descriptor is already closed. */
const POLL_NVAL = 32;

const device = workerData as number;
for (;;) {
	const [events = 0] = poll([{ fd: device, events: 0 }], -1);
	if ((events & (POLL.ERR | POLL.HUP | POLL_NVAL)) !== 0) break;
}
parentPort?.postMessage('ended');
