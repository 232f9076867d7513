/**
 * Standard error of a credential plugin. A plugin that answers at once writes nothing that matters; one that takes longer
 * may wait until the user has opened a page and typed a code, so its lines must appear while it runs.
 */

import type { PendingCall, Timers } from '../../base/timers.js';

/** Unit: milliseconds. */
const QUIET_MS = 1_000;

export interface PluginMessagesOptions {
	readonly timers: Timers;
	/** Receives complete lines without their ends, blank lines left out. */
	readonly onLine: (line: string) => void;
}

export class PluginMessages {
	readonly #onLine: (line: string) => void;
	readonly #chunks: Buffer[] = [];
	readonly #timer: PendingCall;
	#isQuiet = true;
	/** Size of the part of the output that was passed on. Unit: bytes. */
	#passedBytes = 0;

	constructor({ timers, onLine }: PluginMessagesOptions) {
		this.#onLine = onLine;
		this.#timer = timers.after(QUIET_MS, () => {
			this.#isQuiet = false;
			this.#passLines();
		});
	}

	add(chunk: Buffer): void {
		this.#chunks.push(chunk);
		if (!this.#isQuiet) this.#passLines();
	}

	/** The complete output; no line is passed on afterwards. */
	end(): string {
		this.#timer.cancel();
		return Buffer.concat(this.#chunks).toString('utf8').trim();
	}

	#passLines(): void {
		const text = Buffer.concat(this.#chunks);
		const end = text.lastIndexOf('\n') + 1;
		if (end <= this.#passedBytes) return;
		const lines = text.toString('utf8', this.#passedBytes, end).split('\n');
		this.#passedBytes = end;
		for (const line of lines) if (line.trim() !== '') this.#onLine(line.trimEnd());
	}
}
