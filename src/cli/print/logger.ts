/** The program's log on standard error or in a file, as text or as JSON. Standard output stays free for results. */

import { constants, openSync } from 'node:fs';
import { ConfigMapFsError, errorText } from '../../base/errors.js';
import type { Logger, LogLevel } from '../../base/log.js';
import { SafeOutput } from '../../native/safe-output.js';
import { styleFor } from './style.js';
import { textLogger, timedPrefix } from './text-logger.js';

export const LOG_FORMATS = ['pretty', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LoggerOptions {
	/** The least important level that is written. */
	readonly level: LogLevel;
	readonly format: LogFormat;
	/** Path; undefined for standard error. */
	readonly file: string | undefined;
	/** Whether standard error is a terminal. */
	readonly isTerminal: boolean;
	/** Decides whether there are colours: `NO_COLOR`, `TERM`. */
	readonly env: Readonly<Record<string, string | undefined>>;
}

/** Where log lines go. */
export interface LogSink {
	write(line: string): void;
	/** Discards further lines for standard error: the terminal is not this process's any more. */
	stop(): void;
}

/** Errors: USAGE if the file cannot be opened for appending. */
export function openLogSink(file: string | undefined): LogSink {
	const output = new SafeOutput(file === undefined ? 2 : openLogFile(file));
	let open = true;
	return {
		write(line) {
			if (open) output.write(line);
		},
		stop() {
			if (file === undefined) open = false;
		},
	};
}

/** Does not block: a named pipe without a reader is an error. */
function openLogFile(file: string): number {
	try {
		return openSync(
			file,
			constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK | constants.O_NOCTTY,
			0o640,
		);
	} catch (error) {
		const reason = errorText(error).replace(/^[A-Z]+: (.*), open .*$/s, '$1');
		throw new ConfigMapFsError('USAGE', `cannot open the log file "${file}": ${reason}`, { cause: error });
	}
}

export async function makeLogger(options: LoggerOptions, sink: LogSink): Promise<Logger> {
	const { level, format, file, isTerminal, env } = options;
	if (format === 'pretty') {
		const style = styleFor(isTerminal && file === undefined, env);
		const prefix = (of: LogLevel) => timedPrefix(new Date(), of, { hasDate: file !== undefined, style });
		return textLogger({ level, prefix, write: (line) => sink.write(line) });
	}
	// Loaded only for JSON: loading takes as long as a mount.
	const { pino } = await import('pino');
	const logger: Logger = pino({ level, base: null, formatters: { level: (label) => ({ level: label }) } }, sink);
	return logger;
}
