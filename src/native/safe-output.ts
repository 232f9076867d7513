/**
 * Writes to a descriptor whose reader may be closed, slow or stopped: never throws and never waits. Unread text is kept
 * up to a limit; further lines are dropped and counted.
 */

import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { systemCode } from '../base/errors.js';
import { POLL, poll } from './libc.js';

/** Unit: bytes. */
const KEPT = 64 * 1024;

export class SafeOutput {
	readonly #fd: number;
	/** Whether a write to it could block. */
	readonly #mayBlock: boolean;
	#pending = Buffer.alloc(0);
	#lost = 0;

	constructor(fd: number) {
		const opened = reopened(fd);
		this.#fd = opened ?? fd;
		this.#mayBlock = opened === undefined && !isFile(fd);
	}

	/** Requires: complete lines. */
	write(text: string): void {
		if (this.#pending.length > KEPT) this.#flush();
		if (this.#pending.length > KEPT) {
			this.#lost++;
			return;
		}
		const note = this.#lost === 0 ? '' : `(${this.#lost} lines are lost, because they were not read in time)\n`;
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
				// There is no reader any more.
				this.#pending = Buffer.alloc(0);
			}
		}
	}
}

/**
 * Opens a pipe or terminal a second time: O_NONBLOCK on the given descriptor itself would apply to every process that
 * shares it, such as the shell. Undefined if it cannot be opened.
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
