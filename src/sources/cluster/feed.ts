/**
 * The port between one loop over a part of the cluster and the source that joins several (types). An error never removes
 * an object: only a complete new state or an event changes the known objects.
 */

import type { Logger } from '../../base/log.js';
import type { Timers } from '../../base/timers.js';
import type { ApiClient, ClusterTarget } from './api-client.js';
import type { KnownObjects, ObjectUpdate } from './known-objects.js';
import type { LoopState } from './loop-state.js';
import type { RequestGate } from './request-gate.js';

export interface FeedListener {
	/** `feed.objects` is a complete new state. */
	replaced(feed: Feed): void;
	/** One object changed. */
	updated(feed: Feed, update: NonNullable<ObjectUpdate>): void;
	/** `feed.objects.faults` may have changed. */
	faults(feed: Feed): void;
	/** The server sent something. */
	contact(): void;
	/** `feed.state` is another one. */
	stateChanged(feed: Feed): void;
}

export interface Feed {
	readonly target: ClusterTarget;
	readonly objects: KnownObjects;
	readonly state: LoopState;
	start(): void;
	/** Stops at once; the listener is not called afterwards. Idempotent. */
	close(): void;
}

/** Common to all loops. */
export interface FeedOptions {
	readonly client: ApiClient;
	readonly target: ClusterTarget;
	readonly gate: RequestGate;
	readonly listener: FeedListener;
	readonly timers: Timers;
	/** 0 up to and not including 1. */
	readonly random: () => number;
	readonly log: Logger;
}

/** A number from `min` up to `max`. */
export function between(random: () => number, min: number, max: number): number {
	return min + random() * (max - min);
}
