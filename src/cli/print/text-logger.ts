/** Loggers that write a sentence a line, for people. */

import { LOG_LEVELS, type Logger, type LogLevel, type LogMethod } from '../../base/log.js';
import { sentenceOf } from './log-sentence.js';
import type { Style } from './style.js';

export interface TextLoggerOptions {
	/** The least important level that is written. */
	readonly level: LogLevel;
	/** Text before the sentence. */
	readonly prefix: (level: LogLevel) => string;
	/** Takes one line with its line feed. */
	readonly write: (line: string) => void;
}

export function textLogger(options: TextLoggerOptions, bindings: Readonly<Record<string, unknown>> = {}): Logger {
	const { level: least, prefix, write } = options;
	const method = (level: LogLevel): LogMethod => {
		if (LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(least)) return () => {};
		const isForDevelopers = level === 'debug' || level === 'trace';
		return (...[fields, message]: readonly unknown[]) => {
			const record = typeof fields === 'string' ? { msg: fields } : { ...(fields as object), msg: message };
			write(`${prefix(level)}${sentenceOf({ ...bindings, ...record }, isForDevelopers)}\n`);
		};
	};
	return {
		error: method('error'),
		warn: method('warn'),
		info: method('info'),
		debug: method('debug'),
		trace: method('trace'),
		child: (more) => textLogger(options, { ...bindings, ...more }),
	};
}

/** For commands that end at once: `warning: …`, as compilers print it. */
export function commandLogger(write: (line: string) => void): Logger {
	return textLogger({ level: 'warn', prefix: (level) => (level === 'error' ? 'error: ' : 'warning: '), write });
}

/** `[14:05:09] WARN: `, with the date for lines that are read later. */
export function timedPrefix(now: Date, level: LogLevel, options: { readonly hasDate: boolean; readonly style: Style }) {
	const { hasDate, style } = options;
	const two = (number: number) => String(number).padStart(2, '0');
	const date = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())} `;
	const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(':');
	return `[${hasDate ? date : ''}${time}] ${style.level[level](level.toUpperCase())}: `;
}
