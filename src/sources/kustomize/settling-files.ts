/**
 * Whether files can be read now, or are just being written: one that somebody has open, or that is empty, gone or shorter
 * than it was, is waited for until it stands still. Knows nothing of timers: it says how long to wait.
 */

import { type BigIntStats, statSync } from 'node:fs';
import { type OpenForWriting, SETTLE_CAP_MS, SETTLE_MS } from '../manifests/manifest-file.js';

/** A writer's close is no event, so an open file is looked at in this interval. */
const OPEN_INTERVAL_MS = 20;

interface Look {
	readonly signature: string;
	/** Unit: bytes; 0 for a file that is not there. */
	readonly size: number;
}

const ABSENT: Look = { signature: 'absent', size: 0 };

export class SettlingFiles {
	readonly #openForWriting: OpenForWriting;
	/** As they were when they were last said to be good; undefined: never. */
	#good: ReadonlyMap<string, Look> | undefined;
	/** As they were when they were last looked at, while there is doubt. */
	#doubt: { readonly since: number; readonly stableSince: number; readonly signature: string } | undefined;

	constructor(openForWriting: OpenForWriting) {
		this.#openForWriting = openForWriting;
	}

	/**
	 * How long to wait before the files are asked about again; 0: read them now. The first time they are always good.
	 * Unit: milliseconds; `now` is any clock that never jumps.
	 */
	wait(files: readonly string[], now: number): number {
		const looks = new Map(files.map((file) => [file, lookAt(file)]));
		const waitMs = this.#waitMs(looks, now);
		if (waitMs > 0) return waitMs;
		this.#good = looks;
		this.#doubt = undefined;
		return 0;
	}

	#waitMs(looks: ReadonlyMap<string, Look>, now: number): number {
		const good = this.#good;
		if (good === undefined) return 0;
		const changed = [...looks].filter(([file, { signature }]) => good.get(file)?.signature !== signature);
		const signature = changed.map(([file, look]) => `${file} ${look.signature}`).join('\n');
		const since = this.#doubt?.since ?? now;
		const stableSince = this.#doubt?.signature === signature ? this.#doubt.stableSince : now;
		if (now - since >= SETTLE_CAP_MS) return 0;
		let isOpen = false;
		let isDoubtful = false;
		for (const [file, look] of changed) {
			const open = this.#openForWriting(file);
			// What was never there is missed by the build itself, if it is missed at all.
			const before = good.get(file) ?? (look === ABSENT ? ABSENT : { size: 1 });
			isOpen ||= open === true;
			isDoubtful ||= look.size < before.size && (look.size === 0 || open === undefined);
		}
		const waitMs = isOpen ? OPEN_INTERVAL_MS : Math.min(stableSince + SETTLE_MS, since + SETTLE_CAP_MS) - now;
		if (!isOpen && (!isDoubtful || waitMs <= 0)) return 0;
		this.#doubt = { since, stableSince, signature };
		return waitMs;
	}
}

function lookAt(path: string): Look {
	try {
		const stats: BigIntStats | undefined = statSync(path, { bigint: true, throwIfNoEntry: false });
		if (stats === undefined) return ABSENT;
		const { dev, ino, size, mtimeNs, ctimeNs } = stats;
		return { signature: `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`, size: stats.isFile() ? Number(size) : 1 };
	} catch {
		return ABSENT;
	}
}
