/** Colours of a terminal, or none. Pure. */

import type { Severity } from '../../pod/lint/finding.js';

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

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether a terminal has colours and nobody said otherwise. Source: no-color.org. */
export function wantsColours(env: Environment): boolean {
	return (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}

export function styleFor(isTerminal: boolean, env: Environment): Style {
	return isTerminal && wantsColours(env) ? COLOURS : NO_STYLE;
}
