/**
 * One volume while it is mounted: writes each new payload, and lets old generations go when it is time.
 *
 * Order: the old generation leaves listings at the flip, so a listing is the same as on tmpfs. Its files are unlinked
 * at once, so file watchers learn of the change at once. Its directories follow a moment later, so a path walk that
 * stands in one can finish; and the removed names resolve for a grace after that, so a path walk that only knows a name
 * can go on.
 */

import type { Logger } from '../base/log.js';
import type { EventListener, VolumeSubject } from '../control/events.js';
import type { Driver } from '../drivers/driver.js';
import type { Payload, PayloadChange } from '../volume/payload.js';
import { NEW_VOLUME } from '../volume/plan.js';
import { type OldGeneration, VolumeWriter, type WriteResult } from '../volume/volume-writer.js';

/** What happens to a generation that is no longer `..data`. */
export interface RetentionPolicy {
	/** `--snapshot-grace`: it stays whole and listed this long. Unit: milliseconds; 0 is kubelet's way. */
	readonly snapshotGraceMs: number;
	/** `--history`: so many generations stay listed, the live one among them. At least 1. */
	readonly history: number;
}

/** How long removed names resolve for walks under way. Unit: milliseconds. */
const REMOVED_NAME_MS = 2000;

export interface VolumeSessionOptions {
	/** Names it in events. */
	readonly subject: VolumeSubject;
	/** Directory in the tree; empty when the root is the volume. */
	readonly path: string;
	readonly driver: Driver;
	/**
	 * Names that something else has in the directory, which is there already then: they get no link.
	 * Default is none, and the directory is made with the first generation.
	 */
	readonly reserved?: ReadonlySet<string>;
	readonly retention: RetentionPolicy;
	readonly now: () => Date;
	readonly log: Logger;
	readonly onEvent: EventListener;
	/** Whether readers can see the volume; what is written before is its initial content. */
	readonly isVisible: () => boolean;
}

/** One generation that replaced another, or the first. */
export interface Flip {
	/** Name of its snapshot directory. */
	readonly generation: string;
	readonly change: PayloadChange;
}

export class VolumeSession {
	readonly #subject: VolumeSubject;
	readonly #driver: Driver;
	readonly #retention: RetentionPolicy;
	readonly #log: Logger;
	readonly #onEvent: EventListener;
	readonly #isVisible: () => boolean;
	readonly #writer: VolumeWriter;
	readonly #path: string;
	/** Old generations that history keeps, the oldest first. */
	readonly #old: OldGeneration[] = [];
	/** Old generations whose removal is due: those that are whole, and those of which only directories are left. */
	readonly #whole = new Set<OldGeneration>();
	readonly #emptied = new Set<OldGeneration>();
	/** Those of the emptied ones that nobody can stand in any more. */
	readonly #left = new Set<OldGeneration>();
	readonly #timers = new Set<NodeJS.Timeout>();
	#exists: boolean;

	constructor(options: VolumeSessionOptions) {
		this.#subject = options.subject;
		this.#path = options.path;
		this.#driver = options.driver;
		this.#retention = options.retention;
		this.#log = options.log;
		this.#onEvent = options.onEvent;
		this.#isVisible = options.isVisible;
		const { reserved } = options;
		const state = reserved === undefined ? options.driver.existing(options.path) : { ...NEW_VOLUME, reserved };
		this.#exists = state !== undefined || options.path === '';
		this.#writer = new VolumeWriter({
			tree: options.driver.tree,
			path: options.path,
			now: options.now,
			...(state === undefined ? {} : { state }),
		});
	}

	/**
	 * Makes the volume show `payload`; nothing happens when its bytes are those that are shown. Returns what a flip
	 * changed, and the name of the generation that it published.
	 */
	write(payload: Payload): Flip | undefined {
		const started = performance.now();
		const { snapshotGraceMs, history } = this.#retention;
		const unlist = this.#driver.tree.keepsRemovedNames && snapshotGraceMs === 0 && history <= 1;
		const result = this.#exists ? this.#writer.write(payload, unlist) : this.#writer.create(payload);
		this.#exists = true;
		this.#old.push(...result.replaced);
		this.#scheduleRetirement();
		if (!result.flipped) return undefined;
		this.#emitFlip(result, payload, performance.now() - started);
		return { generation: result.snapshot, change: result.change };
	}

	#scheduleRetirement(): void {
		const { snapshotGraceMs, history } = this.#retention;
		while (this.#old.length >= Math.max(1, history)) {
			const generation = this.#old.shift();
			if (generation === undefined) break;
			this.#whole.add(generation);
			this.#after(snapshotGraceMs, () => this.#retire(generation));
		}
	}

	#retire(generation: OldGeneration): void {
		const delayMs = this.#driver.walkGraceMs();
		this.#attempt(generation, () => this.#writer.retireFiles(generation, delayMs + REMOVED_NAME_MS));
		this.#whole.delete(generation);
		this.#emptied.add(generation);
		this.#after(delayMs, () => {
			this.#left.add(generation);
			this.#retireDirectories();
		});
	}

	/** In the order of generations, which watchers see, although a busy machine is waited for longer than an idle one. */
	#retireDirectories(): void {
		for (const generation of this.#emptied) {
			if (!this.#left.delete(generation)) return;
			this.#emptied.delete(generation);
			this.#attempt(generation, () => this.#writer.retireDirectories(generation, REMOVED_NAME_MS));
		}
	}

	/** Now, or after a time. */
	#after(delayMs: number, act: () => void): void {
		if (delayMs === 0) {
			act();
			return;
		}
		const timer = setTimeout(() => {
			this.#timers.delete(timer);
			act();
		}, delayMs);
		this.#timers.add(timer);
	}

	#attempt(generation: OldGeneration, act: () => void): void {
		try {
			act();
		} catch (error) {
			this.#log.warn({ err: error, generation: generation.name }, 'old generation not removed');
		}
	}

	/** Removes the volume with its directory; watchers see everything go. */
	remove(): void {
		this.close();
		if (!this.#exists) return;
		this.#writer.remove([...this.#old, ...this.#whole], [...this.#emptied]);
		this.#exists = this.#path === '';
		this.#old.length = 0;
		this.#whole.clear();
		this.#emptied.clear();
		this.#left.clear();
		if (this.#isVisible()) this.#onEvent({ type: 'removed', ...this.#subject });
	}

	/** Ends the timers; what they would have removed goes with the mount. */
	close(): void {
		for (const timer of this.#timers) clearTimeout(timer);
		this.#timers.clear();
	}

	#emitFlip(result: WriteResult, payload: Payload, durationMs: number): void {
		let sizeBytes = 0;
		for (const file of payload.values()) sizeBytes += file.bytes.length;
		this.#onEvent({
			type: 'published',
			...this.#subject,
			generation: result.snapshot,
			...result.change,
			keyCount: payload.size,
			sizeBytes,
			durationUs: Math.round(durationMs * 1000),
			isInitial: !this.#isVisible(),
		});
	}
}
