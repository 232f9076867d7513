/** A log that records its lines as `warn: text`, without the fields. */

import type { Logger, LogMethod } from '../../../src/base/log.js';

export class RecordingLog {
	readonly lines: string[] = [];

	get log(): Logger {
		const method =
			(level: string): LogMethod =>
			(...words: readonly unknown[]) =>
				void this.lines.push(`${level}: ${words.at(-1)}`);
		const log: Logger = {
			error: method('error'),
			warn: method('warn'),
			info: method('info'),
			debug: () => {},
			trace: () => {},
			child: () => log,
		};
		return log;
	}

	/** The lines since the last call. */
	take(): readonly string[] {
		return this.lines.splice(0);
	}
}
