/**
 * Writing to a descriptor that others may have closed, filled or stopped: never throws and never waits. What nobody
 * reads is kept up to a limit and then counted.
 */

import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { systemCode } from '../base/errors.js';
import { POLL, poll } from './libc.js';

/** Unit: bytes. */
const KEPT = 64 * 1024;

export class SafeOutput {
	readonly #fd: number;
	/** Whether a write to it could wait. */
	readonly #mayBlock: boolean;
	#pending = Buffer.alloc(0);
	#lost = 0;

	constructor(fd: number) {
		const opened = reopened(fd);
		this.#fd = opened ?? fd;
		this.#mayBlock = opened === undefined && !isFile(fd);
	}

	/** Whole lines. */
	write(text: string): void {
		if (this.#pending.length > KEPT) this.#flush();
		if (this.#pending.length > KEPT) {
			this.#lost++;
			return;
		}
		const note = this.#lost === 0 ? '' : `(${this.#lost} lines are lost, because nobody read them)\n`;
		this.#lost = 0;
		this.#pending = Buffer.concat([this.#pending, Buffer.from(note + text)]);
		this.#flush();
	}

	#flush(): void {
		while (this.#pending.length > 0) {
			try {
				if (this.#mayBlock && poll([{ fd: this.#fd, events: POLL.OUT }], 0)[0] === 0) return;
				this.#pending = this.#pending.subarray(writeSync(this.#fd, this.#pending));
			} catch (error) {
				if (systemCode(error) === 'EAGAIN') return;
				// Nobody will ever read it.
				this.#pending = Buffer.alloc(0);
			}
		}
	}
}

/**
 * A pipe or terminal opened once more: O_NONBLOCK on the given descriptor itself would hold for every process that
 * shares it, such as the shell. Undefined where that cannot be done.
 */
function reopened(fd: number): number | undefined {
	try {
		const stat = fstatSync(fd);
		if (!stat.isFIFO() && !stat.isCharacterDevice()) return undefined;
		return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
	} catch {
		return undefined;
	}
}

function isFile(fd: number): boolean {
	try {
		return fstatSync(fd).isFile();
	} catch {
		return false;
	}
}
