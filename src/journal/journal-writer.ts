/**
 * The daemon's side of the journal: appends records, and begins a new segment when most of the present one is about
 * nodes that are gone. Lives on tmpfs, so an append is one write(2) to memory.
 */

import { closeSync, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { segmentPath } from './journal-reader.js';
import { contentOffset, encodeRecord, type JournalRecord } from './record.js';

export class JournalWriter {
	readonly #directory: string;
	#fd: number;
	#index = 0;
	#size = 0;

	constructor(directory: string) {
		this.#directory = directory;
		this.#fd = openSync(segmentPath(directory, 0), 'w', 0o600);
		this.#begin(this.#fd, 0);
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
		writeFully(this.#fd, bytes, start);
		this.#size = start + bytes.length;
		return start + contentOffset(bytes);
	}

	/**
	 * Begins the next segment. `fill` appends everything that still counts.
	 * Order: the reader follows the `rotate` record only after the new segment is complete.
	 * Errors: whatever `fill` or write(2) throws; the present segment goes on, the new one is gone.
	 */
	rotate(fill: () => void): void {
		const old = { fd: this.#fd, size: this.#size, index: this.#index };
		const next = old.index + 1;
		const fd = openSync(segmentPath(this.#directory, next), 'w', 0o600);
		try {
			this.#begin(fd, next);
			fill();
			writeFully(old.fd, encodeRecord({ t: 'rotate', index: next }), old.size);
		} catch (error) {
			this.#fd = old.fd;
			this.#size = old.size;
			this.#index = old.index;
			closeSync(fd);
			unlinkSync(segmentPath(this.#directory, next));
			throw error;
		}
		closeSync(old.fd);
	}

	close(): void {
		closeSync(this.#fd);
	}

	#begin(fd: number, index: number): void {
		this.#fd = fd;
		this.#index = index;
		this.#size = 0;
		this.append({ t: 'segment', version: 1, index });
	}
}

/** All of `bytes` at `start`, or none of them. */
function writeFully(fd: number, bytes: Buffer, start: number): void {
	let written = 0;
	try {
		while (written < bytes.length) written += writeSync(fd, bytes, written, bytes.length - written, start + written);
	} catch (error) {
		ftruncateSync(fd, start);
		throw error;
	}
}
