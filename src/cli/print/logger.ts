/**
 * The program's logger: pino on standard error, for people or for machines. Standard output stays free for results.
 */

import { constants, openSync } from 'node:fs';
import { pino } from 'pino';
import { ConfigMapFsError, errorText } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { SafeOutput } from '../../native/safe-output.js';
import { sentenceOf } from './log-sentence.js';

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

/** Errors: USAGE when the file cannot be opened for appending. */
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

/** A named pipe without a reader is an error and not a wait. */
function openLogFile(file: string): number {
	try {
		return openSync(
			file,
			constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK | constants.O_NOCTTY,
			0o640,
		);
	} catch (error) {
		const reason = errorText(error).replace(/^[A-Z]+: (.*), open .*$/s, '$1');
		throw new ConfigMapFsError('USAGE', `Cannot open the log file "${file}": ${reason}`, { cause: error });
	}
}

export async function makeLogger(options: LoggerOptions, sink: LogSink): Promise<Logger> {
	const isForPerson = options.isTerminal && options.file === undefined;
	const format = options.format ?? (isForPerson ? 'pretty' : 'json');
	const settings = { level: options.level, base: null };
	if (format === 'json') {
		const machine: Logger = pino({ ...settings, formatters: { level: (label) => ({ level: label }) } }, sink);
		return machine;
	}
	// Loaded for people only: it takes as long as a mount.
	const { default: pretty } = await import('pino-pretty');
	const prettify = pretty.prettyFactory({
		colorize: isForPerson && !options.noColor,
		translateTime: 'SYS:HH:MM:ss',
		hideObject: true,
		messageFormat: (record) => sentenceOf(record),
	});
	const forPeople: Logger = pino(settings, { write: (line: string) => sink.write(prettify(JSON.parse(line))) });
	return forPeople;
}
