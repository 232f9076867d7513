/**
 * When the API server last sent something, and the events of losing and regaining contact: one when contact is lost and
 * one when it is back, however many attempts fail in between.
 */

import type { EventListener } from '../../control/events.js';
import type { ApiError } from './api-error.js';
import { type FailureContext, failureReason, failureText } from './failure-text.js';

export interface ClusterContactOptions extends FailureContext {
	/** Unit: milliseconds since 1970. */
	readonly wallClock: () => number;
	readonly onEvent: EventListener;
}

/** What contact follows from. */
export interface ContactState {
	/** `saved`: at least a part of the content is of an earlier run. */
	readonly shown: 'nothing' | 'saved' | 'cluster';
	/** Errors of the loops that fail at present. */
	readonly errors: readonly ApiError[];
	/** The last contact of the earlier run. Unit: milliseconds since 1970. */
	readonly savedContact: number | undefined;
}

export class ClusterContact {
	readonly #options: ClusterContactOptions;
	#lastContact: number | undefined;
	#lostAt: number | undefined;
	#reported: ApiError | undefined;

	constructor(options: ClusterContactOptions) {
		this.#options = options;
	}

	/** Unit: milliseconds since 1970; undefined: never. */
	get lastContact(): number | undefined {
		return this.#lastContact;
	}

	/** Text of the failure that the last event is about; undefined while there is contact. */
	get reportedFailure(): string | undefined {
		return this.#reported && failureText(this.#reported, this.#options);
	}

	/** The server sent something. */
	received(): void {
		this.#lastContact = this.#options.wallClock();
	}

	/** Emits an event if contact was lost or regained. */
	update(state: ContactState): void {
		const isLost = state.errors.length > 0 || state.shown === 'saved';
		if (isLost && this.#lostAt === undefined) this.#lost(state);
		if (!isLost && this.#lostAt !== undefined) this.#regained(this.#lostAt);
	}

	#lost({ shown, errors: [error], savedContact }: ContactState): void {
		const { server, wallClock, onEvent } = this.#options;
		this.#lostAt = wallClock();
		this.#reported = error;
		this.#lastContact ??= savedContact;
		const reason = error && failureReason(error, this.#options);
		if (shown === 'saved') {
			const ageSeconds = secondsBetween(savedContact ?? 0, this.#lostAt);
			onEvent({ type: 'staleness', server, ageSeconds, ...(reason !== undefined && { reason }) });
			return;
		}
		const lastContact = this.#lastContact === undefined ? {} : { lastContact: isoTime(this.#lastContact) };
		onEvent({ type: 'contact-lost', server, reason: reason ?? '', ...lastContact, hasContent: shown === 'cluster' });
	}

	#regained(lostAt: number): void {
		const { server, wallClock, onEvent } = this.#options;
		this.#lostAt = undefined;
		this.#reported = undefined;
		onEvent({ type: 'contact-back', server, awaySeconds: secondsBetween(lostAt, wallClock()) });
	}
}

function secondsBetween(from: number, to: number): number {
	return Math.round((to - from) / 1_000);
}

function isoTime(time: number): string {
	return new Date(time).toISOString();
}
