/**
 * The logger as the rest of the program sees it: a type only, so that nothing below `cli` depends on pino.
 * Messages are constant lower-case phrases, everything variable is a field, values of ConfigMaps are never logged.
 */

/** From the most to the least important. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogMethod {
	(fields: Readonly<Record<string, unknown>>, message: string): void;
	(message: string): void;
}

export interface Logger extends Readonly<Record<LogLevel, LogMethod>> {
	child(bindings: Readonly<Record<string, unknown>>): Logger;
}

const nothing: LogMethod = () => {};

/** A logger that says nothing, for tests and for library use. */
export const SILENT: Logger = {
	error: nothing,
	warn: nothing,
	info: nothing,
	debug: nothing,
	trace: nothing,
	child: () => SILENT,
};
