/**
 * The server's second thread: speaks with the daemon while the first one blocks in /dev/fuse. When the daemon is gone it
 * takes away what the daemon would have taken away, so that a killed daemon leaves neither a mount that nobody changes
 * any more nor a journal.
 *
 * Thread: a worker of the server process.
 */

import { rmdirSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { JsonLines } from '../base/json-lines.js';
import {
	CONTROL_FD,
	type DaemonMessage,
	type Leftovers,
	type ServerConfig,
	type ServerMessage,
} from '../journal/server-protocol.js';
import { findMount, locateTopMount, unmountPath } from '../mounts/mount-table.js';
import { removeRuntimeDirectory } from '../mounts/runtime-directory.js';
import { opcodeName } from '../wire/constants.js';
import { endMembers } from './cleanup.js';
import { faultReporter } from './fault-reporter.js';

export interface ControlData {
	readonly config: ServerConfig;
	/** Shape: one 64-bit float an opcode. */
	readonly counters: SharedArrayBuffer;
	/** Shape: one 32-bit number, 1 while this thread cleans up after the daemon. */
	readonly cleaning: SharedArrayBuffer;
}

/** How long readers keep what they have open after the daemon is gone. Unit: milliseconds. */
const LAST_READERS_MS = 2000;

const { config, counters, cleaning } = workerData as ControlData;
const counts = new Float64Array(counters);
const socket = new Socket({ fd: CONTROL_FD, readable: true, writable: true });
/** From now on there may be a mount. */
let isMounting = false;
/** What is mounted, as the mount table names it. */
let device: string | undefined;
/** What people see of it. */
let shownId = 0;
let leftovers: Leftovers | undefined;

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
	const isCleaning = new Int32Array(cleaning);
	Atomics.store(isCleaning, 0, 1);
	cleanUp();
	Atomics.store(isCleaning, 0, 0);
	Atomics.notify(isCleaning, 0);
}

function cleanUp(): void {
	// First, because they use what goes next.
	if (leftovers?.mountNamespace !== undefined) endMembers(leftovers.mountNamespace);
	if (!isMounting) {
		if (leftovers?.removeDirectory !== undefined) removeRuntimeDirectory(leftovers.removeDirectory);
		removeJournal();
		process.kill(process.pid, 'SIGKILL');
	}
	setTimeout(() => process.kill(process.pid, 'SIGKILL'), LAST_READERS_MS);
	// Before requests are answered, what is mounted on this place is ours.
	device ??= findMount(config.mountPoint)?.device;
	// First, because the process ends with the mount; and again, because a mount that is being made is inside.
	removeJournal();
	for (const place of new Set([config.mountPoint, config.publicMountPoint])) takeAway(place);
	removeJournal();
	if (leftovers?.removeDirectory !== undefined) removeRuntimeDirectory(leftovers.removeDirectory);
}

/** What is read from it is open already. */
function removeJournal(): void {
	try {
		rmSync(config.journalDirectory, { recursive: true, force: true });
		rmdirSync(dirname(config.journalDirectory));
	} catch {
		// Other mounts of this user live there, or the next mount removes it.
	}
}

/** What others have mounted in its place is left alone. */
function takeAway(place: string): void {
	try {
		const top = device && locateTopMount({ id: shownId, device, mountPoint: place });
		if (top) unmountPath(top.mountPoint, 'lazily');
	} catch {
		// It is unmounted already.
	}
}

function receive(message: DaemonMessage): void {
	if (message.type === 'upcalls') {
		send({ type: 'upcalls', upcalls: upcalls() });
	} else if (message.type === 'leftovers') {
		leftovers = message;
	} else if (message.type === 'shown') {
		shownId = message.mountId;
	} else {
		isMounting = true;
		parentPort?.postMessage(message);
	}
}

const reportFault = faultReporter((fault) => send({ type: 'fault', ...fault }));
const messages = new JsonLines((message) => receive(message as DaemonMessage));
socket.on('data', (chunk: Buffer) => {
	try {
		messages.push(chunk);
	} catch (error) {
		reportFault('control thread', error);
	}
});
socket.on('error', () => {});
socket.on('close', daemonIsGone);
parentPort?.on('message', (message: ServerMessage) => {
	if (message.type === 'serving') device = findMount(config.mountPoint)?.device;
	send(message);
});
