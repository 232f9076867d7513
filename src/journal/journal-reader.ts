/**
 * The server's side of the journal: replays it from the oldest surviving segment, then follows it. Reads only what it
 * has not read yet; it never reads the content of staged files, which is served straight from the segment file.
 */

import { fstatSync, readSync } from 'node:fs';
import { ConfigMapFsError } from '../base/errors.js';
import { decodeRecord, JOURNAL_VERSION, type JournalRecord } from './record.js';
import { openOldestSegment, type Segment, type SegmentUnused } from './segment.js';

/** Called for each record in order; `contentAt` is the absolute offset of the record's content in `segment`. */
export type RecordVisitor = (record: JournalRecord, segment: Segment, contentAt: number) => void;

/** Unit: bytes; one system call reads a complete flip. */
const FIRST_READ = 16 * 1024;
const ROTATED = -1;

export class JournalReader {
	readonly #directory: string;
	readonly #visit: RecordVisitor;
	readonly #unused: SegmentUnused | undefined;
	#segment: Segment;
	#position = 0;
	#window = Buffer.alloc(FIRST_READ);

	/** `unused` is called with each segment that neither the reader nor an inode needs any more. */
	constructor(directory: string, visit: RecordVisitor, unused?: SegmentUnused) {
		this.#directory = directory;
		this.#visit = visit;
		this.#unused = unused;
		this.#segment = openOldestSegment(directory, 0, unused);
	}

	/**
	 * Visits every record that was appended since the last call. After a `rotate` record it continues in the next
	 * surviving segment; the visitor detects a gap by the index in the `segment` record.
	 * Order: a record appended before this call began is visited by it; the daemon appends before it makes a call.
	 * Errors: INTERNAL for a segment of another format version; the system error of open(2) or read(2).
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

	/**
	 * Visits the records that begin in the window. Returns the number of bytes that they take, content included, or
	 * ROTATED.
	 */
	#visitWindow(read: number): number {
		const bytes = this.#window.subarray(0, read);
		const segment = this.#segment;
		let at = 0;
		while (at < read) {
			const decoded = decodeRecord(bytes, at);
			if (decoded === undefined) break;
			if (at + decoded.length > read && !this.#holds(this.#position + at + decoded.length)) break;
			const { record } = decoded;
			if (record.t === 'rotate') {
				this.#segment = openOldestSegment(this.#directory, record.index, this.#unused);
				this.#position = 0;
				segment.release();
				return ROTATED;
			}
			if (record.t === 'segment') requireVersion(record.version);
			this.#visit(record, segment, this.#position + at + decoded.contentOffset);
			at += decoded.length;
		}
		return at;
	}

	/** Whether the present segment is at least that long: a record without all its content may yet be truncated. */
	#holds(size: number): boolean {
		return fstatSync(this.#segment.fd).size >= size;
	}

	/** Makes the window hold the JSON of its first record; false if that record is not complete in the file. */
	#makeRoom(read: number): boolean {
		if (read < 8) return false;
		const need = 8 + this.#window.readUInt32LE(4);
		if (need <= read || !this.#holds(this.#position + need)) return false;
		if (need > this.#window.length) this.#window = Buffer.alloc(need);
		return true;
	}
}

function requireVersion(version: number): void {
	if (version === JOURNAL_VERSION) return;
	throw new ConfigMapFsError(
		'INTERNAL',
		`the journal has format version ${version}, and this server reads version ${JOURNAL_VERSION}`,
	);
}
