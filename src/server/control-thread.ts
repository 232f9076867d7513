/**
 * The server's second thread: exchanges messages with the daemon while the main thread blocks in /dev/fuse. If the daemon
 * is killed, it cleans up in its place: a killed daemon leaves neither a mount without updates nor a journal.
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
import { killMembers } from './cleanup.js';
import { faultReporter } from './fault-reporter.js';

export interface ControlData {
	readonly config: ServerConfig;
	/** Shape: one 64-bit float an opcode. */
	readonly counters: SharedArrayBuffer;
	/** Shape: one 32-bit number, 1 while this thread cleans up after the daemon. */
	readonly cleaning: SharedArrayBuffer;
}

/** How long readers keep their open files after the daemon is gone. Unit: milliseconds. */
const LAST_READERS_MS = 2000;

const { config, counters, cleaning } = workerData as ControlData;
const counts = new Float64Array(counters);
const socket = new Socket({ fd: CONTROL_FD, readable: true, writable: true });
/** Whether there may be a mount. */
let isMounting = false;
/** The device of the mount in the mount table. */
let device: string | undefined;
/** The id of the public mount in the mount table. */
let shownId = 0;
let leftovers: Leftovers | undefined;

/** A failure is the last message: once it is sent, the thread and with it the process end. */
function send(message: ServerMessage): void {
	const line = `${JSON.stringify(message)}\n`;
	if (message.type !== 'failed') {
		socket.write(line);
		return;
	}
	socket.removeListener('close', daemonHasEnded);
	socket.end(line, () => parentPort?.close());
}

function upcalls(): Record<string, number> {
	const named: Record<string, number> = {};
	counts.forEach((count, opcode) => {
		if (count > 0) named[opcodeName(opcode)] = count;
	});
	return named;
}

function daemonHasEnded(): void {
	const isCleaning = new Int32Array(cleaning);
	Atomics.store(isCleaning, 0, 1);
	cleanUp();
	Atomics.store(isCleaning, 0, 0);
	Atomics.notify(isCleaning, 0);
}

function cleanUp(): void {
	// First, because these processes use the mount and the directory.
	if (leftovers?.mountNamespace !== undefined) killMembers(leftovers.mountNamespace);
	if (!isMounting) {
		if (leftovers?.removeDirectory !== undefined) removeRuntimeDirectory(leftovers.removeDirectory);
		removeJournal();
		process.kill(process.pid, 'SIGKILL');
	}
	setTimeout(() => process.kill(process.pid, 'SIGKILL'), LAST_READERS_MS);
	// Until the server reports that it serves, a mount on this mount point is ours.
	device ??= findMount(config.mountPoint)?.device;
	// Before the unmount, because the process ends with it; and after it, because the hidden mount is in the directory.
	removeJournal();
	for (const mountPoint of new Set([config.mountPoint, config.publicMountPoint])) unmountOwn(mountPoint);
	removeJournal();
	if (leftovers?.removeDirectory !== undefined) removeRuntimeDirectory(leftovers.removeDirectory);
}

/** The segments in use are open and outlive their names. */
function removeJournal(): void {
	try {
		rmSync(config.journalDirectory, { recursive: true, force: true });
		rmdirSync(dirname(config.journalDirectory));
	} catch {
		// Other daemons of this user use it, or the next mount removes it.
	}
}

/** Does not touch a mount of another program on the same mount point. */
function unmountOwn(mountPoint: string): void {
	try {
		const top = device && locateTopMount({ id: shownId, device, mountPoint });
		if (top) unmountPath(top.mountPoint, 'lazily');
	} catch {
		// It is already unmounted.
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
socket.on('close', daemonHasEnded);
parentPort?.on('message', (message: ServerMessage) => {
	if (message.type === 'serving') device = findMount(config.mountPoint)?.device;
	send(message);
});
