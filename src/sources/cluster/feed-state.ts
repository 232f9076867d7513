/** The state of one feed, reported to its listener. */

import type { ApiError } from './api-error.js';
import type { Feed, FeedListener } from './feed.js';
import { afterFailure, COMPLETE, type LoopState, STARTING } from './loop-state.js';

export class FeedState {
	readonly #feed: Feed;
	readonly #listener: FeedListener;
	#current = STARTING;

	constructor(feed: Feed, listener: FeedListener) {
		this.#feed = feed;
		this.#listener = listener;
	}

	get current(): LoopState {
		return this.#current;
	}

	/** The known objects follow the cluster. `isReplaced`: they are a complete new state. */
	completed({ isReplaced }: { readonly isReplaced: boolean }): void {
		const before = this.#current;
		this.#current = COMPLETE;
		if (isReplaced) this.#listener.replaced(this.#feed);
		if (before !== COMPLETE) this.#listener.stateChanged(this.#feed);
	}

	failed(error: ApiError): void {
		const before = this.#current;
		this.#current = afterFailure(before, error);
		if (this.#current !== before) this.#listener.stateChanged(this.#feed);
	}
}
