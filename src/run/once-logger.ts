/** Warnings, each said once however often it is found again. */

import type { Logger } from '../base/log.js';
import type { PodWarning } from '../pod/pod-objects.js';

export class OnceLogger {
	readonly #log: Logger;
	readonly #said = new Set<string>();

	constructor(log: Logger) {
		this.#log = log;
	}

	warn(warnings: readonly PodWarning[]): void {
		for (const { place, text } of warnings) {
			const sentence = `${place}: ${text}`;
			if (this.#said.has(sentence)) continue;
			this.#said.add(sentence);
			this.#log.warn(sentence);
		}
	}
}
