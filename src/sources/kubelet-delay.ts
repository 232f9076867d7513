/**
 * Passes the changes of a source on only when kubelet would sync a pod, to test a program against the real timing. The
 * first state is passed on at once, because a starting pod waits for its volumes.
 */

import type { Timers } from '../base/timers.js';
import { SyncPace } from '../model/sync-pace.js';
import type { ObjectIdentity, Problem, Source, SourceNeeds, SourceObject, SourceSink } from '../store/source.js';
import { formatIdentity, reuseContent } from '../store/source-object.js';

export interface KubeletDelayOptions {
	/** From one sync to the next, uniformly distributed. Default is 60 to 90 s. Unit: milliseconds. */
	readonly minMs?: number;
	readonly maxMs?: number;
	readonly timers?: Timers;
	/** 0 up to and not including 1. */
	readonly random?: () => number;
}

const MIN_MS = 60_000;
const MAX_MS = 90_000;

export class KubeletDelay implements Source, SourceSink {
	readonly description: string;
	readonly #source: Source;
	readonly #pace: SyncPace;
	/** The state of the source. */
	readonly #objects = new Map<string, SourceObject>();
	/** The state that was passed on. */
	#shown: ReadonlyMap<string, SourceObject> = new Map();
	#sink: SourceSink | undefined;
	#isStarted = false;

	constructor(source: Source, options: KubeletDelayOptions = {}) {
		this.#source = source;
		this.description = source.description;
		const { minMs = MIN_MS, maxMs = MAX_MS, timers, random } = options;
		this.#pace = new SyncPace({ minMs, maxMs: Math.max(minMs, maxMs) }, timers, random);
	}

	/** Errors: those of the source. */
	async start(sink: SourceSink): Promise<void> {
		this.#sink = sink;
		await this.#source.start(this);
		this.#isStarted = true;
		this.#pace.started();
		this.#sync();
	}

	get needs(): SourceNeeds {
		return this.#sink?.needs ?? { explains: false };
	}

	async close(): Promise<void> {
		this.#pace.close();
		this.#sink = undefined;
		await this.#source.close();
	}

	replace(objects: readonly SourceObject[]): void {
		this.#objects.clear();
		for (const object of objects) this.#keep(object);
		this.#changed();
	}

	put(object: SourceObject): void {
		this.#keep(object);
		this.#changed();
	}

	remove(object: ObjectIdentity): void {
		this.#objects.delete(formatIdentity(object));
		this.#changed();
	}

	/** An object equal to the one that was passed on becomes the same value again. */
	#keep(object: SourceObject): void {
		const id = formatIdentity(object);
		this.#objects.set(id, reuseContent(this.#shown.get(id), object));
	}

	/** Passed on at once: problems are for people, not for a pod. */
	problems(problems: readonly Problem[]): void {
		this.#sink?.problems(problems);
	}

	#changed(): void {
		if (this.#isStarted) this.#pace.changed(() => this.#sync());
	}

	#sync(): void {
		const before = this.#shown;
		this.#shown = new Map(this.#objects);
		const isSame =
			before.size === this.#shown.size &&
			[...this.#shown].every(([key, object]) => {
				const previous = before.get(key);
				return previous !== undefined && previous.content === object.content;
			});
		// The first state is passed on even if it is empty.
		if (!isSame || before.size === 0) this.#sink?.replace([...this.#shown.values()]);
	}
}
