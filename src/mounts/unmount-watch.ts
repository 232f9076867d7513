/**
 * Detects an unmount of the public view without a timer: poll(2) on the mount table wakes a thread.
 * Source: proc(5), mountinfo: POLLPRI and POLLERR signal a change.
 */

import { closeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { socketPair } from '../native/libc.js';
import { type KnownMount, locateMount } from './mount-table.js';

export class UnmountWatch {
	/**
	 * Resolves when the thread runs. Processes that must not inherit our descriptors may be started only afterwards: Node
	 * opens files for a new thread that are not close-on-exec (Node 20.20: /proc/self/maps and its own program).
	 */
	readonly started: Promise<void>;
	readonly #doorbell: number;
	#isOver = false;
	#check: () => void = () => {};

	/** `failed` is called if the thread ends with an error; an unmount is not noticed then. */
	constructor(failed: (error: Error) => void) {
		const [ours, theirs] = socketPair();
		this.#doorbell = ours;
		const worker = new Worker(new URL('./unmount-watch-thread.js', import.meta.url), { workerData: theirs });
		worker.unref();
		// The thread blocks in a system call and ends only when our end of the pair is closed.
		process.once('exit', this.stop);
		this.started = new Promise((resolve) => {
			worker.on('message', () => {
				resolve();
				this.#check();
			});
			worker.on('error', (error: Error) => {
				resolve();
				failed(error);
			});
			worker.on('exit', () => {
				resolve();
				closeSync(theirs);
			});
		});
	}

	/** Calls `onGone` once the mount is gone, even if another one is in its place. To be called once. */
	watch(mount: KnownMount, onGone: () => void): void {
		this.#check = () => {
			if (this.#isOver || locateMount(mount) !== undefined) return;
			this.stop();
			onGone();
		};
		// Earlier messages of the thread had no effect.
		setImmediate(() => this.#check());
	}

	/** Idempotent. */
	readonly stop = (): void => {
		if (this.#isOver) return;
		this.#isOver = true;
		process.removeListener('exit', this.stop);
		closeSync(this.#doorbell);
	};
}
