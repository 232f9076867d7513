/**
 * What a source of manifests tells the others: its whole state at first, then only what changed. Knows nothing of where
 * the manifests come from.
 */

import type { Logger } from '../../base/log.js';
import type { Problem, SourceSink } from '../../store/source.js';
import { InvalidSourceError } from '../invalid-source-error.js';
import type { OtherObject } from './manifest-parser.js';
import {
	joinManifests,
	type ManifestShare,
	type ManifestState,
	NO_MANIFESTS,
	sameObjects,
	sameProblems,
} from './manifest-state.js';
import { sameOthers } from './other-objects.js';

export interface ManifestPublisherOptions {
	/**
	 * The complete list of objects of other kinds, after the first state and whenever one of them says something else;
	 * called after the sink has heard of the ConfigMaps of the same moment. With it, a source that has only such objects
	 * is a good one. Undefined: nobody asks.
	 */
	readonly onOthers: ((others: readonly OtherObject[]) => void) | undefined;
	readonly log: Logger;
}

export class ManifestPublisher {
	readonly #options: ManifestPublisherOptions;
	#sink: SourceSink | undefined;
	#state: ManifestState = NO_MANIFESTS;
	/** Problems of the source itself. */
	#failures: readonly Problem[] = [];
	#problems: readonly Problem[] = [];

	constructor(options: ManifestPublisherOptions) {
		this.#options = options;
	}

	/** What was told last. */
	get state(): ManifestState {
		return this.#state;
	}

	/** Errors: InvalidSourceError there is nothing good and something bad. */
	first(sink: SourceSink, shares: Iterable<ManifestShare>): void {
		const { onOthers } = this.#options;
		const state = this.#join(shares);
		const isEmpty = state.objects.size === 0 && (onOthers === undefined || state.others.length === 0);
		if (isEmpty && state.problems.length > 0) throw new InvalidSourceError(state.problems);
		this.#sink = sink;
		this.#state = state;
		sink.replace([...state.objects.values()]);
		onOthers?.(state.others);
		this.#reportProblems();
	}

	/** A new state; with it all failures of the source itself are over. */
	next(shares: Iterable<ManifestShare>): void {
		const { onOthers, log } = this.#options;
		const before = this.#state;
		this.#state = this.#join(shares);
		this.#failures = [];
		const { objects, others } = this.#state;
		if (!sameObjects(before.objects, objects)) {
			log.debug({ objectCount: objects.size }, 'manifests changed');
			this.#sink?.replace([...objects.values()]);
		}
		if (onOthers !== undefined && !sameOthers(before.others, others)) onOthers(others);
		this.#reportProblems();
	}

	/** There is no new state, for this reason; the last one stays. */
	fail(failure: Problem): void {
		this.#failures = [failure];
		this.#reportProblems();
	}

	#reportProblems(): void {
		const before = this.#problems;
		this.#problems = [...this.#failures, ...this.#state.problems];
		if (!sameProblems(before, this.#problems)) this.#sink?.problems(this.#problems);
	}

	#join(shares: Iterable<ManifestShare>): ManifestState {
		return joinManifests(this.#state, shares, (configMap, place) => {
			this.#options.log.debug({ configMap, place }, 'object appears again, the later one wins');
		});
	}
}
