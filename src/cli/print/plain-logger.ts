/** A log for commands that end at once: what is worth a warning, one line each, as compilers say it. */

import type { Logger, LogMethod } from '../../base/log.js';
import { sentenceOf } from './log-sentence.js';

const nothing: LogMethod = () => {};

/** `write` gets whole lines. */
export function plainLogger(write: (line: string) => void): Logger {
	const method = (word: string): LogMethod => {
		return (...[fields, message]: readonly unknown[]) => {
			const record = typeof fields === 'string' ? { msg: fields } : { ...(fields as object), msg: message };
			write(`${word}: ${sentenceOf(record)}\n`);
		};
	};
	const log: Logger = {
		error: method('error'),
		warn: method('warning'),
		info: nothing,
		debug: nothing,
		trace: nothing,
		child: () => log,
	};
	return log;
}
