/** Styles of text on a terminal, or none. Pure. */

import { styleText } from 'node:util';
import type { LogLevel } from '../../base/log.js';
import type { Severity } from '../../pod/lint/finding.js';

export interface Style {
	readonly bold: (text: string) => string;
	readonly dim: (text: string) => string;
	readonly severity: Readonly<Record<Severity, (text: string) => string>>;
	/** Levels of the log. */
	readonly level: Readonly<Record<LogLevel, (text: string) => string>>;
}

type Format = Parameters<typeof styleText>[0];

/** Whether there are colours is decided here, not by standard output, which may be another stream. */
function painter(format: Format): (text: string) => string {
	return (text) => (text === '' ? '' : styleText(format, text, { validateStream: false }));
}

const PLAIN = (text: string): string => text;

export const NO_STYLE: Style = {
	bold: PLAIN,
	dim: PLAIN,
	severity: { error: PLAIN, warning: PLAIN, info: PLAIN },
	level: { error: PLAIN, warn: PLAIN, info: PLAIN, debug: PLAIN, trace: PLAIN },
};

export const COLOURS: Style = {
	bold: painter('bold'),
	dim: painter('dim'),
	severity: { error: painter('red'), warning: painter('yellow'), info: painter('cyan') },
	level: {
		error: painter('red'),
		warn: painter('yellow'),
		info: painter('green'),
		debug: painter('blue'),
		trace: painter('gray'),
	},
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether the environment allows colours on a terminal. Source: no-color.org. */
export function wantsColours(env: Environment): boolean {
	return (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}

export function styleFor(isTerminal: boolean, env: Environment): Style {
	return isTerminal && wantsColours(env) ? COLOURS : NO_STYLE;
}
