/**
 * Tells whoever started this process that the mount answers: a descriptor (`--ready-fd`), systemd, or the parent of
 * a background process.
 */

import { closeSync, writeSync } from 'node:fs';
import { sendDatagram } from '../../native/libc.js';

export interface ReadinessOptions {
	readonly readyFd: number | undefined;
	/** `$NOTIFY_SOCKET`. Source: sd_notify(3). */
	readonly notifySocket: string | undefined;
}

/** `READY=1` on the descriptor, then it is closed; the same to systemd. A listener that is gone is no error. */
export function announceReady(options: ReadinessOptions): void {
	if (options.readyFd !== undefined) {
		try {
			writeSync(options.readyFd, 'READY=1\n');
			closeSync(options.readyFd);
		} catch {
			// Nobody waits any more.
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
		// The supervisor decides by its own time-out.
	}
}
