/**
 * One volume while it is mounted: writes each new payload, emits an event for each flip, and hands old generations to
 * its retention. The old generation leaves listings at the flip, so that a listing is the same as on tmpfs.
 */

import type { Logger } from '../base/log.js';
import type { Timers } from '../base/timers.js';
import type { EventListener, VolumeSubject } from '../control/events.js';
import type { Driver } from '../drivers/driver.js';
import type { Payload, PayloadChange } from '../volume/payload.js';
import { NEW_VOLUME } from '../volume/plan.js';
import { VolumeWriter, type WriteResult } from '../volume/volume-writer.js';
import { Retention, type RetentionPolicy } from './retention.js';

export interface VolumeSessionOptions {
	/** Names it in events. */
	readonly subject: VolumeSubject;
	/** Directory in the tree; empty if the root is the volume. */
	readonly path: string;
	readonly driver: Driver;
	/** Names of mount points in the directory, which get no link. May grow. Default: no names. */
	readonly reserved?: ReadonlySet<string>;
	/** The caller has made the directory. Default: it is made with the first generation, or an earlier daemon left it. */
	readonly exists?: boolean;
	/** Mode of the directory. Default: that of a configMap volume. */
	readonly mode?: number;
	readonly retention: RetentionPolicy;
	readonly now: () => Date;
	readonly timers?: Timers;
	readonly log: Logger;
	readonly onEvent: EventListener;
	/** Whether readers can see the volume; payloads written before are its initial content. */
	readonly isVisible: () => boolean;
}

/** The publication of a generation, the first one included. */
export interface Flip {
	/** Name of its snapshot directory. */
	readonly generation: string;
	readonly change: PayloadChange;
}

export class VolumeSession {
	readonly #subject: VolumeSubject;
	readonly #driver: Driver;
	readonly #retention: Retention;
	readonly #onEvent: EventListener;
	readonly #isVisible: () => boolean;
	readonly #writer: VolumeWriter;
	readonly #path: string;
	/** Whether the volume's directory exists. */
	#exists: boolean;

	constructor(options: VolumeSessionOptions) {
		const { driver, path, reserved, mode, retention: policy, log, timers } = options;
		this.#subject = options.subject;
		this.#path = path;
		this.#driver = driver;
		this.#onEvent = options.onEvent;
		this.#isVisible = options.isVisible;
		const found = options.exists === true ? NEW_VOLUME : driver.existing(path);
		this.#exists = found !== undefined || path === '';
		const writer = new VolumeWriter({
			tree: driver.tree,
			path,
			now: options.now,
			...(mode === undefined ? {} : { mode }),
			state: { ...NEW_VOLUME, ...found, ...(reserved === undefined ? {} : { reserved }) },
		});
		this.#writer = writer;
		this.#retention = new Retention({
			policy,
			walkGraceMs: () => driver.walkGraceMs(),
			removeFiles: (generation, graceMs) => writer.retireFiles(generation, graceMs),
			removeDirectories: (generation, graceMs) => writer.retireDirectories(generation, graceMs),
			log,
			...(timers === undefined ? {} : { timers }),
		});
	}

	/** Makes the volume show `payload`. Returns undefined if the bytes are those shown already, and nothing was published. */
	write(payload: Payload): Flip | undefined {
		const started = performance.now();
		const unlist = this.#driver.tree.keepsRemovedNames && this.#retention.keepsNothing;
		const result = this.#exists ? this.#writer.write(payload, unlist) : this.#writer.create(payload);
		this.#exists = true;
		this.#retention.add(result.replaced);
		if (!result.flipped) return undefined;
		this.#emitFlip(result, payload, performance.now() - started);
		return { generation: result.snapshot, change: result.change };
	}

	/** Removes the volume with its directory; watchers are notified of each removal. */
	remove(): void {
		const { complete, emptied } = this.#retention.take();
		if (!this.#exists) return;
		this.#writer.remove(complete, emptied);
		this.#exists = this.#path === '';
		if (this.#isVisible()) this.#onEvent({ type: 'removed', ...this.#subject });
	}

	/** Cancels pending removals; old generations stay until the mount is gone. */
	close(): void {
		this.#retention.close();
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
