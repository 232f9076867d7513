/**
 * The server's second thread: speaks with the daemon while the first one blocks in /dev/fuse, and takes the mount away
 * when the daemon is gone, so that a killed daemon leaves no mount behind that nobody changes any more.
 *
 * Thread: a worker of the server process.
 */

import { spawnSync } from 'node:child_process';
import { Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { MNT, umount2 } from '../native/libc.js';
import { opcodeName } from '../wire/constants.js';
import { CONTROL_FD, type DaemonMessage, type ServerConfig, type ServerMessage } from './server-protocol.js';

export interface ControlData {
	readonly config: ServerConfig;
	/** Shape: one 64-bit float an opcode. */
	readonly counters: SharedArrayBuffer;
}

/** How long readers keep what they have open after the daemon is gone. Unit: milliseconds. */
const LAST_READERS_MS = 2000;

const { config, counters } = workerData as ControlData;
const counts = new Float64Array(counters);
const socket = new Socket({ fd: CONTROL_FD, readable: true, writable: true });

/** A failure is the last word: the thread ends when it is sent, and with it the process. */
function send(message: ServerMessage): void {
	const line = `${JSON.stringify(message)}\n`;
	if (message.type !== 'failed') {
		socket.write(line);
		return;
	}
	socket.removeListener('close', daemonIsGone);
	socket.end(line, () => parentPort?.close());
}

function upcalls(): Record<string, number> {
	const named: Record<string, number> = {};
	counts.forEach((count, opcode) => {
		if (count > 0) named[opcodeName(opcode)] = count;
	});
	return named;
}

function daemonIsGone(): void {
	try {
		if (config.method === 'mount') umount2(config.publicMountPoint, MNT.DETACH);
		else spawnSync('fusermount3', ['-u', '-z', '--', config.publicMountPoint], { stdio: 'ignore' });
	} catch {
		// It is unmounted already.
	}
	setTimeout(() => process.kill(process.pid, 'SIGKILL'), LAST_READERS_MS);
}

let pending = '';
socket.on('data', (chunk: Buffer) => {
	pending += chunk.toString();
	const lines = pending.split('\n');
	pending = lines.pop() ?? '';
	for (const line of lines) {
		const message = JSON.parse(line) as DaemonMessage;
		if (message.type === 'upcalls') send({ type: 'upcalls', upcalls: upcalls() });
	}
});
socket.on('error', () => {});
socket.on('close', daemonIsGone);
parentPort?.on('message', send);
