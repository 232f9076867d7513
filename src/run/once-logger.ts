/** Logs each warning once, however often it is found again. */

import type { Logger } from '../base/log.js';
import type { PodWarning } from '../pod/notices.js';

export class OnceLogger {
	readonly #log: Logger;
	readonly #logged = new Set<string>();

	constructor(log: Logger) {
		this.#log = log;
	}

	warn(warnings: readonly PodWarning[]): void {
		for (const { field, text } of warnings) {
			const sentence = `${field}: ${text}`;
			if (this.#logged.has(sentence)) continue;
			this.#logged.add(sentence);
			this.#log.warn(sentence);
		}
	}
}
