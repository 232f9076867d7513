/**
 * Reports the state of a source of manifests to a sink: first the complete state, then only the changes. Knows nothing
 * of where the manifests come from.
 */

import type { Logger } from '../../base/log.js';
import { InvalidSourceError } from '../../store/invalid-source-error.js';
import { isError, type Problem, type SourceObject, type SourceSink } from '../../store/source.js';
import { joinManifests, type ManifestState, NO_MANIFESTS, sameProblems } from './manifest-state.js';

export class ManifestPublisher {
	readonly #log: Logger;
	#sink: SourceSink | undefined;
	#state: ManifestState = NO_MANIFESTS;
	/** Problems of the source itself, such as a build that fails. */
	#failures: readonly Problem[] = [];
	#problems: readonly Problem[] = [];

	constructor(log: Logger) {
		this.#log = log;
	}

	/**
	 * Reports the first state. Errors: InvalidSourceError if nothing in it is valid and something is invalid; where
	 * objects are explained, if something is invalid and there is no object.
	 */
	first(sink: SourceSink, files: Iterable<ManifestState>): void {
		const state = this.#join(files);
		const hasState = [...state.objects.values()].some(({ content }) => content !== undefined || sink.needs.explains);
		if (!hasState && state.problems.some(isError)) throw new InvalidSourceError(state.problems);
		this.#sink = sink;
		this.#state = state;
		sink.replace([...state.objects.values()]);
		this.#reportProblems();
	}

	/** Reports the changes of a new state, which also ends the failures of the source itself. */
	next(files: Iterable<ManifestState>): void {
		const before = this.#state.objects;
		this.#state = this.#join(files);
		this.#failures = [];
		const after = this.#state.objects;
		const gone = [...before].filter(([id]) => !after.has(id)).map(([, object]) => object);
		const changed = [...after].filter(([id, object]) => isChanged(before.get(id), object)).map(([, object]) => object);
		this.#report(gone, changed);
		this.#reportProblems();
	}

	/** Reports why there is no new state; the last one stays in use. */
	fail(failure: Problem): void {
		this.#failures = [failure];
		this.#reportProblems();
	}

	/** Reports one changed object alone, and several as the complete state, so that each report is one change. */
	#report(gone: readonly SourceObject[], changed: readonly SourceObject[]): void {
		const count = gone.length + changed.length;
		if (count === 0) return;
		const { objects } = this.#state;
		this.#log.debug({ objectCount: objects.size, changedCount: count }, 'manifests changed');
		const [removed] = gone;
		const [put] = changed;
		if (count > 1) this.#sink?.replace([...objects.values()]);
		else if (put !== undefined) this.#sink?.put(put);
		else if (removed !== undefined) this.#sink?.remove(removed);
	}

	#reportProblems(): void {
		const before = this.#problems;
		this.#problems = [...this.#failures, ...this.#state.problems];
		if (!sameProblems(before, this.#problems)) this.#sink?.problems(this.#problems);
	}

	#join(files: Iterable<ManifestState>): ManifestState {
		return joinManifests(files);
	}
}

/** Contents that are equal are the same value: each file reuses its last one. */
function isChanged(before: SourceObject | undefined, after: SourceObject): boolean {
	return before === undefined || before.content !== after.content;
}
