/**
 * Old generations of one volume: which of them stay, and when the others are removed.
 *
 * An old generation goes in two steps. Its files are unlinked first, so that watchers of files are notified. Its
 * directories follow after `walkGraceMs`, so that a path walk inside them can finish; and the removed names resolve for
 * a while longer, so that a walk that knows only a name can go on.
 */

import { errorText } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { type PendingCall, SYSTEM_TIMERS, type Timers } from '../base/timers.js';
import type { OldGeneration } from '../volume/volume-writer.js';

export interface RetentionPolicy {
	/** `--snapshot-grace`: how long a generation stays complete and listed after its flip. Unit: milliseconds; 0 as kubelet. */
	readonly snapshotGraceMs: number;
	/** `--history`: number of generations that stay listed, with the live one. At least 1. */
	readonly history: number;
}

/** How long removed names resolve for path walks under way. Unit: milliseconds. */
export const REMOVED_NAME_MS = 2000;

export interface RetentionOptions {
	readonly policy: RetentionPolicy;
	/** How long directories stay after their files. Unit: milliseconds. */
	readonly walkGraceMs: () => number;
	/** Unlinks the files; their names resolve for `graceMs`. */
	readonly removeFiles: (generation: OldGeneration, graceMs: number) => void;
	/** Removes the directories, which are empty then; their names resolve for `graceMs`. */
	readonly removeDirectories: (generation: OldGeneration, graceMs: number) => void;
	readonly log: Logger;
	readonly timers?: Timers;
}

/** What is left of the old generations. */
export interface RetainedGenerations {
	/** Those with all their files. */
	readonly complete: readonly OldGeneration[];
	/** Those of which only directories are left. */
	readonly emptied: readonly OldGeneration[];
}

export class Retention {
	readonly #options: RetentionOptions;
	readonly #timers: Timers;
	/** Kept by `--history`, the oldest first. */
	readonly #kept: OldGeneration[] = [];
	/** Past `--history`, within `--snapshot-grace`. */
	readonly #expiring = new Set<OldGeneration>();
	readonly #emptied = new Set<OldGeneration>();
	/** Those of the emptied generations whose grace is over. */
	readonly #abandoned = new Set<OldGeneration>();
	readonly #pending = new Set<PendingCall>();

	constructor(options: RetentionOptions) {
		this.#options = options;
		this.#timers = options.timers ?? SYSTEM_TIMERS;
	}

	/** Whether an old generation goes at its flip, as kubelet does it. */
	get keepsNothing(): boolean {
		const { snapshotGraceMs, history } = this.#options.policy;
		return snapshotGraceMs === 0 && history <= 1;
	}

	/** Takes generations that are no longer live. */
	add(replaced: readonly OldGeneration[]): void {
		const { snapshotGraceMs, history } = this.#options.policy;
		this.#kept.push(...replaced);
		for (const generation of this.#kept.splice(0, Math.max(0, this.#kept.length - Math.max(1, history) + 1))) {
			this.#expiring.add(generation);
			this.#after(snapshotGraceMs, () => this.#expire(generation));
		}
	}

	/** Forgets all generations and returns what is left of them; the caller removes it. */
	take(): RetainedGenerations {
		this.close();
		const taken = { complete: [...this.#kept, ...this.#expiring], emptied: [...this.#emptied] };
		this.#kept.length = 0;
		for (const set of [this.#expiring, this.#emptied, this.#abandoned]) set.clear();
		return taken;
	}

	/** Cancels all timers; the generations stay until their mount is gone. Idempotent. */
	close(): void {
		for (const call of this.#pending) call.cancel();
		this.#pending.clear();
	}

	#expire(generation: OldGeneration): void {
		const delayMs = this.#options.walkGraceMs();
		this.#attempt(generation, () => this.#options.removeFiles(generation, delayMs + REMOVED_NAME_MS));
		this.#expiring.delete(generation);
		this.#emptied.add(generation);
		this.#after(delayMs, () => {
			this.#abandoned.add(generation);
			this.#removeDirectories();
		});
	}

	/** In the order of generations, which watchers see, even if the grace of an older one is longer. */
	#removeDirectories(): void {
		for (const generation of this.#emptied) {
			if (!this.#abandoned.delete(generation)) return;
			this.#emptied.delete(generation);
			this.#attempt(generation, () => this.#options.removeDirectories(generation, REMOVED_NAME_MS));
		}
	}

	/** Calls at once for a delay of 0: with kubelet's policy the files go in the turn of the flip. */
	#after(delayMs: number, act: () => void): void {
		if (delayMs === 0) {
			act();
			return;
		}
		const call = this.#timers.after(delayMs, () => {
			this.#pending.delete(call);
			act();
		});
		this.#pending.add(call);
	}

	#attempt(generation: OldGeneration, act: () => void): void {
		try {
			act();
		} catch (error) {
			this.#options.log.warn(
				{ generation: generation.name },
				`cannot remove the old generation ${generation.name}: ${errorText(error)}`,
			);
		}
	}
}
