/**
 * A source whose changes are passed on only when a pod would be synced, to test a program against kubelet's real
 * timing. The first state is passed on at once, as a starting pod waits for its volumes. Knows nothing of clusters.
 * Source: kubelet v1.32 pod_workers.go: a pod is synced again after syncFrequency times 1.0 to 1.5.
 */

import { type PendingCall, SYSTEM_TIMERS, type Timers } from '../../base/timers.js';
import { type ConfigMap, sameConfigMap } from '../../model/config-map.js';
import { formatObjectKey, type ObjectKey } from '../../model/object-key.js';
import type { ConfigMapSource, Problem, SourceSink } from '../../store/source.js';

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

export class KubeletDelay implements ConfigMapSource, SourceSink {
	readonly description: string;
	readonly #source: ConfigMapSource;
	readonly #timers: Timers;
	readonly #random: () => number;
	readonly #minMs: number;
	readonly #maxMs: number;
	/** What the source said. */
	#objects = new Map<string, ConfigMap>();
	/** What was passed on. */
	#shown: ReadonlyMap<string, ConfigMap> = new Map();
	#sink: SourceSink | undefined;
	#isStarted = false;
	#nextSyncAt = 0;
	#pending: PendingCall | undefined;

	constructor(source: ConfigMapSource, options: KubeletDelayOptions = {}) {
		this.#source = source;
		this.description = source.description;
		this.#timers = options.timers ?? SYSTEM_TIMERS;
		this.#random = options.random ?? Math.random;
		this.#minMs = Math.max(1, options.minMs ?? MIN_MS);
		this.#maxMs = Math.max(this.#minMs, options.maxMs ?? MAX_MS);
	}

	/** Errors: those of the source. */
	async start(sink: SourceSink): Promise<void> {
		this.#sink = sink;
		await this.#source.start(this);
		this.#isStarted = true;
		this.#nextSyncAt = this.#timers.now() + this.#interval();
		this.#sync();
	}

	async close(): Promise<void> {
		this.#pending?.cancel();
		this.#sink = undefined;
		await this.#source.close();
	}

	replace(objects: readonly ConfigMap[]): void {
		this.#objects = new Map(objects.map((object) => [formatObjectKey(object.key), object]));
		this.#changed();
	}

	put(object: ConfigMap): void {
		this.#objects.set(formatObjectKey(object.key), object);
		this.#changed();
	}

	remove(key: ObjectKey): void {
		this.#objects.delete(formatObjectKey(key));
		this.#changed();
	}

	/** Problems are for a person, not for a pod: they are passed on at once. */
	problems(problems: readonly Problem[]): void {
		this.#sink?.problems(problems);
	}

	/** Syncs go on whether or not anything changes, so a change falls anywhere between two; no timer counts the empty ones. */
	#changed(): void {
		if (!this.#isStarted || this.#pending !== undefined) return;
		const now = this.#timers.now();
		while (this.#nextSyncAt <= now) this.#nextSyncAt += this.#interval();
		this.#pending = this.#timers.after(this.#nextSyncAt - now, () => {
			this.#pending = undefined;
			this.#sync();
		});
	}

	#sync(): void {
		const before = this.#shown;
		this.#shown = new Map(this.#objects);
		const isSame =
			before.size === this.#shown.size &&
			[...this.#shown].every(([key, object]) => {
				const previous = before.get(key);
				return previous !== undefined && sameConfigMap(previous, object);
			});
		// The first state is passed on even if it is empty.
		if (!isSame || before.size === 0) this.#sink?.replace([...this.#shown.values()]);
	}

	#interval(): number {
		return this.#minMs + this.#random() * (this.#maxMs - this.#minMs);
	}
}
