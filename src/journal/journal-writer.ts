/**
 * The daemon's side of the journal: appends records, starts new segments and unlinks the ones that no server uses any
 * more. The journal is on tmpfs, so an append is one write(2) to memory.
 */

import { closeSync, ftruncateSync, openSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { contentOffset, encodeRecord, JOURNAL_VERSION, type JournalRecord } from './record.js';
import { segmentPath } from './segment.js';

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

	/** The segment that is being written, and its length in bytes. */
	get index(): number {
		return this.#index;
	}

	get size(): number {
		return this.#size;
	}

	/**
	 * Appends one record and returns the absolute offset of its content in the present segment.
	 * Errors: the system error of write(2), such as ENOSPC; the segment is then unchanged.
	 */
	append(record: JournalRecord, content: readonly Uint8Array[] = []): number {
		const bytes = encodeRecord(record, content);
		const start = this.#size;
		writeFully(this.#fd, bytes, start);
		this.#size = start + bytes.length;
		return start + contentOffset(bytes);
	}

	/**
	 * Starts the next segment. `fill` appends the checkpoint.
	 * Order: the `rotate` record, which readers follow, is written after the checkpoint is complete.
	 * Errors: any error of `fill` or write(2); the present segment stays in use and the new one is removed.
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

	/** Unlinks a segment that no server uses any more. The segment that is being written stays. */
	discard(index: number): void {
		if (index !== this.#index) rmSync(segmentPath(this.#directory, index), { force: true });
	}

	close(): void {
		closeSync(this.#fd);
	}

	#begin(fd: number, index: number): void {
		this.#fd = fd;
		this.#index = index;
		this.#size = 0;
		this.append({ t: 'segment', version: JOURNAL_VERSION, index });
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
