/** Colours of a terminal, or none. Pure. */

import type { Severity } from '../pod/lint/finding.js';

export interface Style {
	readonly bold: (text: string) => string;
	readonly dim: (text: string) => string;
	readonly severity: Readonly<Record<Severity, (text: string) => string>>;
}

/** Source: ECMA-48, SGR. */
function code(on: number, off: number): (text: string) => string {
	return (text) => (text === '' ? '' : `\x1b[${on}m${text}\x1b[${off}m`);
}

const PLAIN = (text: string): string => text;

export const NO_STYLE: Style = {
	bold: PLAIN,
	dim: PLAIN,
	severity: { error: PLAIN, warning: PLAIN, info: PLAIN },
};

export const COLOURS: Style = {
	bold: code(1, 22),
	dim: code(2, 22),
	severity: { error: code(31, 39), warning: code(33, 39), info: code(36, 39) },
};

/** Colours on a terminal that has them, unless `NO_COLOR` says otherwise. Source: no-color.org. */
export function styleFor(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Style {
	return isTerminal && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb' ? COLOURS : NO_STYLE;
}
