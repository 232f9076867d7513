/** Turns the list of present problems, which a store reports at each change, into events: each problem once. */

import type { EventListener } from './events.js';

/** A problem as the store reports it. */
export interface PresentProblem {
	readonly location: string;
	readonly reason: string;
	/** Whether the source has emitted an event of its own about it. */
	readonly isLogged?: boolean;
}

export class ProblemReporter {
	readonly #emit: EventListener;
	/** Problems that were emitted and are still present: their locations, by location and reason. */
	#reported: ReadonlyMap<string, string> = new Map();

	constructor(emit: EventListener) {
		this.#emit = emit;
	}

	/** Takes the complete list. Emits new problems, and `resolved` once the last one is gone. */
	update(problems: readonly PresentProblem[]): void {
		const present = new Map<string, string>();
		for (const { location, reason, isLogged } of problems) {
			if (isLogged === true) continue;
			const identity = JSON.stringify([location, reason]);
			if (!this.#reported.has(identity) && !present.has(identity)) this.#emit({ type: 'problem', location, reason });
			present.set(identity, location);
		}
		const before = this.#reported;
		this.#reported = present;
		if (present.size > 0 || before.size === 0) return;
		this.#emit({ type: 'resolved', locations: [...new Set(before.values())].sort() });
	}
}
