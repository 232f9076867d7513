/**
 * The logger as the rest of the program sees it: a type, so that only `cli` depends on pino. At `info` and above a
 * message is a lower-case sentence with every value that people need; its fields are for programs. Values of ConfigMaps
 * and Secrets are never logged.
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

/** A logger that writes nothing, for tests and for library use. */
export const SILENT: Logger = {
	error: nothing,
	warn: nothing,
	info: nothing,
	debug: nothing,
	trace: nothing,
	child: () => SILENT,
};
