/**
 * One file of the journal, as a server reads it, and the search for the files that survive.
 *
 * The daemon alone unlinks segments: it outlives every server, it writes them, and it can postpone the unlinking while
 * a second server starts. A server only reports the segments that it no longer uses.
 */

import { closeSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../base/errors.js';

export function segmentPath(directory: string, index: number): string {
	return join(directory, `journal.${index}`);
}

/** The indexes of the segments that exist, in ascending order. There may be gaps. */
export function survivingSegments(directory: string): readonly number[] {
	return readdirSync(directory)
		.flatMap((name) => /^journal\.(\d+)$/.exec(name)?.[1] ?? [])
		.map(Number)
		.sort((a, b) => a - b);
}

/** Called once when neither the reader nor an inode uses the segment any more. */
export type SegmentUnused = (index: number) => void;

/** Counts its users: the reader while it reads it, and each inode whose latest state is in it. */
export class Segment {
	readonly index: number;
	readonly fd: number;
	readonly #unused: SegmentUnused;
	#users = 1;

	/** The caller is the first user. Errors: the system error of open(2). */
	constructor(directory: string, index: number, unused: SegmentUnused = () => {}) {
		this.index = index;
		this.#unused = unused;
		this.fd = openSync(segmentPath(directory, index), 'r');
	}

	acquire(): void {
		this.#users++;
	}

	/** Removes one user; the last one closes the file and reports it. */
	release(): void {
		this.#users--;
		if (this.#users > 0) return;
		closeSync(this.fd);
		this.#unused(this.index);
	}
}

/** How often to search again if the daemon unlinks the found segment before it is open. */
const TRIES = 10;

/**
 * Opens the oldest surviving segment from `firstIndex` on.
 * Errors: the system error of open(2), ENOENT if no such segment survives.
 */
export function openOldestSegment(directory: string, firstIndex: number, unused?: SegmentUnused): Segment {
	for (let attempt = 1; ; attempt++) {
		const index = survivingSegments(directory).find((one) => one >= firstIndex) ?? firstIndex;
		try {
			return new Segment(directory, index, unused);
		} catch (error) {
			if (systemCode(error) !== 'ENOENT' || attempt === TRIES) throw error;
		}
	}
}
