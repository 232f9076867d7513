/**
 * Tells when a set of files can be read, or when a save of one of them may still be going on: a file that another
 * process has open, or that became empty, shorter or absent. Knows nothing of timers: it returns how long to wait.
 */

import { type BigIntStats, statSync } from 'node:fs';
import { type Observation, type OpenForWriting, Settling } from '../watch/settling.js';

interface FileState {
	readonly signature: string;
	/** Unit: bytes; 0 for an absent file. */
	readonly size: number;
}

const ABSENT: FileState = { signature: 'absent', size: 0 };

export class SettlingFiles {
	readonly #openForWriting: OpenForWriting;
	readonly #settling = new Settling();
	/** The state in which the files were last accepted; undefined: never. */
	#accepted: ReadonlyMap<string, FileState> | undefined;

	constructor(openForWriting: OpenForWriting) {
		this.#openForWriting = openForWriting;
	}

	/**
	 * Returns 0 if the files can be read now, else how long to wait before the next call. The first call accepts any state.
	 * Unit: milliseconds; `now` is any clock that never jumps.
	 */
	wait(files: readonly string[], now: number): number {
		const states = new Map(files.map((file) => [file, stateOf(file)]));
		const waitMs = this.#settling.observe(this.#compare(states), now);
		if (waitMs === 0) this.#accepted = states;
		return waitMs;
	}

	#compare(states: ReadonlyMap<string, FileState>): Observation {
		const accepted = this.#accepted;
		if (accepted === undefined) return { state: 'complete', fingerprint: '' };
		const changed = [...states].filter(([file, { signature }]) => accepted.get(file)?.signature !== signature);
		const fingerprint = changed.map(([file, { signature }]) => `${file} ${signature}`).join('\n');
		let isDoubtful = false;
		for (const [file, state] of changed) {
			const open = this.#openForWriting(file);
			if (open === true) return { state: 'writing', fingerprint };
			// A new input that does not exist needs no wait: the build reports it, if it needs it.
			const before = accepted.get(file) ?? (state === ABSENT ? ABSENT : { size: 1 });
			isDoubtful ||= state.size < before.size && (state.size === 0 || open === undefined);
		}
		return { state: isDoubtful ? 'doubtful' : 'complete', fingerprint };
	}
}

function stateOf(path: string): FileState {
	try {
		const stats: BigIntStats | undefined = statSync(path, { bigint: true, throwIfNoEntry: false });
		if (stats === undefined) return ABSENT;
		const { dev, ino, size, mtimeNs, ctimeNs } = stats;
		return { signature: `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`, size: stats.isFile() ? Number(size) : 1 };
	} catch {
		return ABSENT;
	}
}
