/**
 * The logger as the rest of the program sees it: a type only, so that nothing below `cli` depends on pino.
 * Messages are constant lower-case phrases, everything variable is a field, values of ConfigMaps are never logged.
 */

export interface LogMethod {
	(fields: Readonly<Record<string, unknown>>, message: string): void;
	(message: string): void;
}

export interface Logger {
	readonly error: LogMethod;
	readonly warn: LogMethod;
	readonly info: LogMethod;
	readonly debug: LogMethod;
	readonly trace: LogMethod;
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
