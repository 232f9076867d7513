/**
 * Notices that somebody unmounted the public view, without a timer: poll(2) on the mount table wakes a thread.
 * Source: proc(5), mountinfo: a change is signalled as POLLPRI and POLLERR.
 */

import { closeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { socketPair } from '../native/libc.js';
import { type KnownMount, locateMount } from './mount-table.js';

/**
 * Calls `onGone` once when that is not mounted any more, whatever is there instead.
 * Returns what ends the watch; idempotent.
 */
export function watchForUnmount(mount: KnownMount, onGone: () => void): () => void {
	const [ours, theirs] = socketPair();
	const worker = new Worker(new URL('./mount-watch-thread.js', import.meta.url), { workerData: theirs });
	worker.unref();
	let watching = true;
	// The thread sits in a system call, so it ends only when its end of the pair says that ours is closed.
	const stop = () => {
		if (!watching) return;
		watching = false;
		process.removeListener('exit', stop);
		closeSync(ours);
	};
	process.once('exit', stop);
	worker.on('error', () => {});
	worker.on('exit', () => closeSync(theirs));
	worker.on('message', () => {
		if (!watching || locateMount(mount) !== undefined) return;
		stop();
		onGone();
	});
	return stop;
}
