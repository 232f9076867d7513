/**
 * The daemon's side of the journal: appends records, and begins a new segment when most of the present one is about
 * nodes that are gone. Lives on tmpfs, so an append is one write(2) to memory.
 */

import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { segmentPath } from './journal-reader.js';
import { contentOffset, encodeRecord, type JournalRecord } from './record.js';

export class JournalWriter {
	readonly #directory: string;
	#fd: number;
	#index = 0;
	#size = 0;

	constructor(directory: string) {
		this.#directory = directory;
		this.#fd = this.#begin(0);
	}

	/** The number of the segment that is written now, and its length in bytes. */
	get index(): number {
		return this.#index;
	}

	get size(): number {
		return this.#size;
	}

	/**
	 * Appends one record and returns the absolute offset of its content in the present segment.
	 * Errors: the system error of write(2), ENOSPC among them; the segment is as it was before.
	 */
	append(record: JournalRecord, content: readonly Uint8Array[] = []): number {
		const bytes = encodeRecord(record, content);
		const start = this.#size;
		let written = 0;
		try {
			while (written < bytes.length)
				written += writeSync(this.#fd, bytes, written, bytes.length - written, start + written);
		} catch (error) {
			ftruncateSync(this.#fd, start);
			throw error;
		}
		this.#size = start + bytes.length;
		return start + contentOffset(bytes);
	}

	/**
	 * Begins the next segment. `fill` appends everything that still counts.
	 * Order: the reader follows the `rotate` record only after the new segment is complete.
	 */
	rotate(fill: () => void): void {
		const old = { fd: this.#fd, size: this.#size };
		const next = this.#index + 1;
		this.#fd = this.#begin(next);
		try {
			fill();
			const bytes = encodeRecord({ t: 'rotate', index: next });
			writeSync(old.fd, bytes, 0, bytes.length, old.size);
		} catch (error) {
			closeSync(this.#fd);
			this.#fd = old.fd;
			this.#size = old.size;
			this.#index = next - 1;
			throw error;
		}
		closeSync(old.fd);
	}

	close(): void {
		closeSync(this.#fd);
	}

	#begin(index: number): number {
		const fd = openSync(segmentPath(this.#directory, index), 'w', 0o600);
		this.#fd = fd;
		this.#index = index;
		this.#size = 0;
		this.append({ t: 'segment', version: 1, index });
		return fd;
	}
}
