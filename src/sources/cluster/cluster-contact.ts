/**
 * When the API server was last heard of, and whether what is shown may be old. Says so once when contact is lost and
 * once when it is back, however often it is tried in between.
 */

import type { Logger } from '../../base/log.js';
import type { ApiError } from './api-error.js';
import { type FailureContext, failureText } from './failure-text.js';
import type { Feed } from './feed.js';

export interface ClusterContactOptions extends FailureContext {
	/** Unit: milliseconds since 1970. */
	readonly wallClock: () => number;
	readonly log: Logger;
}

export class ClusterContact {
	readonly #options: ClusterContactOptions;
	readonly #log: Logger;
	readonly #failing = new Map<Feed, ApiError>();
	#lastContact: number | undefined;
	#lostAt: number | undefined;
	#shownSince: 'nothing' | 'file' | 'cluster' = 'nothing';
	#hasFile = false;
	#loggedReason: string | undefined;

	constructor(options: ClusterContactOptions) {
		this.#options = options;
		this.#log = options.log;
	}

	/** Unit: milliseconds since 1970; undefined: never. */
	get lastContact(): number | undefined {
		return this.#lastContact;
	}

	/** Whether the cluster may have changed without our knowing. */
	get isStale(): boolean {
		return this.#failing.size > 0 || this.#shownSince !== 'cluster';
	}

	/** What fails just now, one error for each loop. */
	get failing(): ReadonlyMap<Feed, ApiError> {
		return this.#failing;
	}

	/** Why contact was lost, as the log has it; undefined while there is contact. */
	get loggedReason(): string | undefined {
		return this.#loggedReason;
	}

	heard(): void {
		this.#lastContact = this.#options.wallClock();
	}

	/** There is a state to start from: until that is decided, failures are no news. */
	mayStartFromFile(): void {
		this.#hasFile = true;
	}

	/** What is shown is, in part at least, of an earlier run. Unit: milliseconds since 1970. */
	startFromFile(lastContact: number): void {
		this.#lastContact ??= lastContact;
		this.#shownSince = 'file';
		this.#lostAt = this.#options.wallClock();
		const { server } = this.#options;
		const ageSeconds = this.#ageSeconds(lastContact);
		const [error] = this.#failing.values();
		this.#loggedReason = error === undefined ? undefined : failureText(error, this.#options);
		const reason = this.#loggedReason === undefined ? {} : { reason: this.#loggedReason };
		this.#log.warn({ server, ageSeconds, ...reason }, 'API server not heard yet, starting from the last state');
	}

	/** Everything that is shown is of this run. */
	startFromCluster(): void {
		const before = this.#shownSince;
		this.#shownSince = 'cluster';
		if (before === 'file') this.#regained();
	}

	/** Returns whether the feed failed in another way, or not at all, before. */
	failed(feed: Feed, error: ApiError): boolean {
		const before = this.#failing.get(feed);
		// The first reason of its kind stays: a server that comes back says many things in a row.
		if (before !== undefined && kindOf(before) === kindOf(error)) return false;
		this.#failing.set(feed, error);
		if (this.#lostAt !== undefined || (this.#hasFile && this.#shownSince === 'nothing')) return true;
		this.#lostAt = this.#options.wallClock();
		const { server } = this.#options;
		this.#loggedReason = failureText(error, this.#options);
		const fields = { server, reason: this.#loggedReason, lastContact: isoTime(this.#lastContact) };
		if (this.#shownSince === 'nothing') this.#log.warn(fields, 'API server gives no answer that helps, trying again');
		else this.#log.warn(fields, 'contact with the API server lost, the last content stays');
		return true;
	}

	/** Returns whether the feed failed before. */
	recovered(feed: Feed): boolean {
		if (!this.#failing.delete(feed)) return false;
		if (this.#shownSince !== 'file') this.#regained();
		return true;
	}

	#regained(): void {
		if (this.#failing.size > 0 || this.#lostAt === undefined) return;
		const { server } = this.#options;
		const awaySeconds = this.#ageSeconds(this.#lostAt);
		this.#lostAt = undefined;
		this.#loggedReason = undefined;
		this.#log.info({ server, awaySeconds }, 'contact with the API server regained');
	}

	#ageSeconds(since: number): number {
		return Math.round((this.#options.wallClock() - since) / 1_000);
	}
}

/** Failures of one kind have one cure. */
function kindOf(error: ApiError): string {
	if (error.code === 401 || error.code === 403) return String(error.code);
	return error.isPermanent ? 'permanent' : 'away';
}

function isoTime(time: number | undefined): string | undefined {
	return time === undefined ? undefined : new Date(time).toISOString();
}
