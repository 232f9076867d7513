/**
 * Reports that the mount is ready: on a descriptor (`--ready-fd`, or the pipe to the parent of a background process),
 * and to systemd.
 */

import { closeSync, writeSync } from 'node:fs';
import { sendDatagram } from '../../native/libc.js';

export interface ReadinessOptions {
	readonly readyFd: number | undefined;
	/** `$NOTIFY_SOCKET`. Source: sd_notify(3). */
	readonly notifySocket: string | undefined;
}

/** Writes `READY=1` to the descriptor and closes it, and notifies systemd. Errors: none, even without a reader. */
export function announceReady(options: ReadinessOptions): void {
	if (options.readyFd !== undefined) {
		try {
			writeSync(options.readyFd, 'READY=1\n');
			closeSync(options.readyFd);
		} catch {
			// No process reads it any more.
		}
	}
	notify(options.notifySocket, `READY=1\nMAINPID=${process.pid}\nSTATUS=mounted\n`);
}

export function announceStopping(options: ReadinessOptions): void {
	notify(options.notifySocket, 'STOPPING=1\n');
}

function notify(socket: string | undefined, text: string): void {
	if (socket === undefined || socket === '') return;
	try {
		sendDatagram(socket, text);
	} catch {
		// The supervisor acts on its own time-out.
	}
}
