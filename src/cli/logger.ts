/**
 * The program's logger: pino on standard error, for people or for machines. Standard output stays free for results.
 */

import { openSync, writeSync } from 'node:fs';
import { pino } from 'pino';
import pretty from 'pino-pretty';
import type { Logger } from '../base/log.js';

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const;
export const LOG_FORMATS = ['pretty', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LoggerOptions {
	readonly level: string;
	/** Undefined: pretty on a terminal, else JSON. */
	readonly format: LogFormat | undefined;
	/** Undefined: standard error. */
	readonly file: string | undefined;
	readonly isTerminal: boolean;
	readonly noColor: boolean;
}

/** Where lines go; switched off when the terminal that started a background process is left. */
export interface LogSink {
	write(line: string): void;
	stop(): void;
}

export function openLogSink(file: string | undefined): LogSink {
	const fd = file === undefined ? 2 : openSync(file, 'a', 0o640);
	let open = true;
	return {
		write(line) {
			if (!open) return;
			try {
				writeSync(fd, line);
			} catch {
				// A full disk or a closed terminal must not end a mount.
			}
		},
		stop() {
			if (file === undefined) open = false;
		},
	};
}

export function makeLogger(options: LoggerOptions, sink: LogSink): Logger {
	const format = options.format ?? (options.isTerminal && options.file === undefined ? 'pretty' : 'json');
	const settings = { level: options.level, base: null };
	if (format === 'json') return pino({ ...settings, formatters: { level: (label) => ({ level: label }) } }, sink);
	const prettify = pretty.prettyFactory({
		colorize: options.isTerminal && !options.noColor,
		translateTime: 'SYS:HH:MM:ss.l',
		ignore: 'pid,hostname',
		singleLine: true,
	});
	return pino(settings, { write: (line: string) => sink.write(prettify(JSON.parse(line))) });
}
