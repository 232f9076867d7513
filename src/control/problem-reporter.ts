/** Turns the list of present problems, which a store reports at each change, into events: each problem once. */

import type { EventListener } from './events.js';

/** A problem as the store reports it. */
export interface PresentProblem {
	readonly location: string;
	readonly reason: string;
	/** The lint rule of a warning; absent for an error. */
	readonly warning?: string;
	/** Whether the source has emitted an event of its own about it. */
	readonly isLogged?: boolean;
}

export class ProblemReporter {
	readonly #emit: EventListener;
	/** Problems that were emitted and are still present, by location and reason. */
	#reported: ReadonlyMap<string, PresentProblem> = new Map();

	constructor(emit: EventListener) {
		this.#emit = emit;
	}

	/** Takes the complete list. Emits new problems, and `resolved` once the last error is gone. */
	update(problems: readonly PresentProblem[]): void {
		const present = new Map<string, PresentProblem>();
		for (const problem of problems) {
			const { location, reason, warning, isLogged } = problem;
			if (isLogged === true) continue;
			const identity = JSON.stringify([location, reason]);
			if (!this.#reported.has(identity) && !present.has(identity)) {
				this.#emit({ type: 'problem', location, reason, ...(warning === undefined ? {} : { warning }) });
			}
			present.set(identity, problem);
		}
		const before = errorLocations(this.#reported);
		this.#reported = present;
		if (before.length === 0 || errorLocations(present).length > 0) return;
		this.#emit({ type: 'resolved', locations: [...new Set(before)].sort() });
	}
}

function errorLocations(problems: ReadonlyMap<string, PresentProblem>): readonly string[] {
	return [...problems.values()].filter(({ warning }) => warning === undefined).map(({ location }) => location);
}
