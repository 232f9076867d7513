/**
 * The port between one loop over a part of the cluster (types) and the source that joins several. A loop never takes
 * anything back because of an error: only a complete new state or an event changes what it knows.
 */

import type { Logger } from '../../base/log.js';
import type { Timers } from '../../base/timers.js';
import type { ApiClient, ClusterTarget } from './api-client.js';
import type { ApiError } from './api-error.js';
import type { KnownObjects, ObjectUpdate } from './known-objects.js';
import type { RequestGate } from './request-gate.js';

export interface FeedListener {
	/** `feed.objects` is a complete new state. */
	replaced(feed: Feed): void;
	/** One object changed. */
	updated(feed: Feed, update: NonNullable<ObjectUpdate>): void;
	/** `feed.objects.faults` may have changed. */
	faults(feed: Feed): void;
	/** Something came from the server. */
	contact(): void;
	/** The server does not give what was asked for; called for each attempt. */
	failed(feed: Feed, error: ApiError): void;
	/** It does again, or for the first time. */
	recovered(feed: Feed): void;
}

export interface Feed {
	readonly target: ClusterTarget;
	readonly objects: KnownObjects;
	start(): void;
	/** Stops at once; nothing is reported afterwards. Idempotent. */
	close(): void;
}

/** What every loop needs. */
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
