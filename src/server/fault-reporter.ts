/**
 * Reports exceptions in request handlers to the daemon, which logs them. The request itself is answered with EIO, and
 * reporting never delays it: the message is queued for the thread that owns the socket.
 */

import type { ServerFault } from '../journal/server-protocol.js';

/** A server with this many distinct faults is beyond a readable log. */
const LIMIT = 100;

/** `where` is the request or the activity that failed, such as `READDIR`. It must not throw. */
export type ReportFault = (where: string, error: unknown) => void;

/** Returns a function that sends each distinct fault once. Faults with equal stack frames are the same one. */
export function faultReporter(send: (fault: ServerFault) => void): ReportFault {
	const reported = new Set<string>();
	return (where, error) => {
		const stack = stackOf(error);
		const site = `${where}\n${siteOf(stack)}`;
		if (reported.has(site) || reported.size >= LIMIT) return;
		reported.add(site);
		send({ where, stack });
	};
}

function stackOf(error: unknown): string {
	return error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : `thrown: ${String(error)}`;
}

/** The stack without the message, which may differ from request to request. */
function siteOf(stack: string): string {
	const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
	return frames.length === 0 ? stack : frames.join('\n');
}
