/**
 * The server's side of the journal: replays it from the start, then tails it. Reads only what it has not read yet; the
 * content of staged files is not read at all, it stays in the segment file and is served from there.
 */

import { closeSync, fstatSync, openSync, readSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { decodeRecord, type JournalRecord } from './record.js';

/** One file of the journal. It outlives its name for as long as a node's bytes stand in it. */
export class Segment {
	readonly index: number;
	readonly fd: number;
	readonly #path: string;
	#users = 1;

	constructor(directory: string, index: number) {
		this.index = index;
		this.#path = segmentPath(directory, index);
		this.fd = openSync(this.#path, 'r');
	}

	/** One more node has its bytes here. */
	acquire(): void {
		this.#users++;
	}

	/** One node less; the last one takes the file away. */
	release(): void {
		this.#users--;
		if (this.#users > 0) return;
		closeSync(this.fd);
		try {
			unlinkSync(this.#path);
		} catch {
			// The daemon removed the whole directory already.
		}
	}
}

export function segmentPath(directory: string, index: number): string {
	return join(directory, `journal.${index}`);
}

/** Called for each record in order; `contentAt` is the absolute offset of the record's content in `segment`. */
export type RecordVisitor = (record: JournalRecord, segment: Segment, contentAt: number) => void;

/** Unit: bytes; one system call takes a whole flip. */
const FIRST_READ = 16 * 1024;
const ROTATED = -1;

export class JournalReader {
	readonly #directory: string;
	readonly #visit: RecordVisitor;
	#segment: Segment;
	#position = 0;
	#window = Buffer.alloc(FIRST_READ);

	constructor(directory: string, firstIndex: number, visit: RecordVisitor) {
		this.#directory = directory;
		this.#visit = visit;
		this.#segment = new Segment(directory, firstIndex);
	}

	/**
	 * Visits every record that was appended since the last call.
	 * Order: a record appended before this call began is visited by it; the daemon appends before it makes a call.
	 */
	poll(): void {
		for (;;) {
			const read = readSync(this.#segment.fd, this.#window, 0, this.#window.length, this.#position);
			const consumed = this.#visitWindow(read);
			if (consumed === ROTATED) continue;
			if (consumed === 0 && !this.#makeRoom(read)) return;
			this.#position += consumed;
			if (consumed === read && read < this.#window.length) return;
		}
	}

	/** Visits the records that begin in the window; returns how far they reach, content included, or ROTATED. */
	#visitWindow(read: number): number {
		const bytes = this.#window.subarray(0, read);
		const segment = this.#segment;
		let at = 0;
		while (at < read) {
			const decoded = decodeRecord(bytes, at);
			if (decoded === undefined) break;
			if (at + decoded.length > read && !this.#holds(this.#position + at + decoded.length)) break;
			if (decoded.record.t === 'rotate') {
				this.#segment = new Segment(this.#directory, decoded.record.index);
				this.#position = 0;
				segment.release();
				return ROTATED;
			}
			this.#visit(decoded.record, segment, this.#position + at + decoded.contentOffset);
			at += decoded.length;
		}
		return at;
	}

	/** Whether the present segment is at least that long: a record without all its content may yet be taken back. */
	#holds(size: number): boolean {
		return fstatSync(this.#segment.fd).size >= size;
	}

	/** Makes the window hold the JSON of its first record; false when that record is not complete in the file. */
	#makeRoom(read: number): boolean {
		if (read < 8) return false;
		const need = 8 + this.#window.readUInt32LE(4);
		if (need <= read || !this.#holds(this.#position + need)) return false;
		if (need > this.#window.length) this.#window = Buffer.alloc(need);
		return true;
	}
}
