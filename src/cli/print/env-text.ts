/**
 * Variables as lines for other programs: as `env` prints them, for a shell, or for a .env file. A masked value never
 * makes a line that sets the variable. Pure.
 */

import type { ReportedVariable } from './env-report.js';
import { shellQuoted } from './shell-word.js';
import { manyLines } from './terminal-text.js';
import { counted } from './wording.js';

export const ENV_TEXT_FORMATS = ['text', 'export', 'dotenv'] as const;
export type EnvTextFormat = (typeof ENV_TEXT_FORMATS)[number];

export interface EnvText {
	/** Lines with their line feeds. */
	readonly text: string;
	/** One for each variable that is not in the text. */
	readonly warnings: readonly string[];
}

type Variable = Pick<ReportedVariable, 'name' | 'value' | 'bytes' | 'isShellName'>;

/** With `forTerminal`, names and values are safe for a terminal; this changes only `text`. */
export function envText(variables: readonly Variable[], format: EnvTextFormat, forTerminal: boolean): EnvText {
	const lines = variables.map((variable) => FORMATS[format](variable, forTerminal));
	return {
		text: lines.map((line) => (typeof line === 'string' ? `${line}\n` : '')).join(''),
		warnings: lines.flatMap((line) => (typeof line === 'string' ? [] : [line.warning])),
	};
}

type Line = string | { readonly warning: string };

const FORMATS: Readonly<Record<EnvTextFormat, (variable: Variable, forTerminal: boolean) => Line>> = {
	text: (variable, forTerminal) => {
		const { name, value } = variable;
		const line = `${name}=${value ?? maskText(variable)}`;
		return forTerminal ? manyLines(line) : line;
	},
	export: (variable) => {
		const { name, value, isShellName } = variable;
		if (!isShellName) return { warning: `"${name}" is left out: a shell cannot use this name` };
		return value === null ? masked(variable) : `export ${name}=${shellQuoted(value)}`;
	},
	dotenv: (variable) => {
		const { name, value } = variable;
		if (!DOTENV_NAME.test(name)) return { warning: `"${name}" is left out: a .env file cannot contain this name` };
		if (value === null) return masked(variable);
		const written = dotenvValue(value);
		if (written === undefined) return { warning: `"${name}" is left out: a .env file cannot contain its value` };
		return `${name}=${written}`;
	},
};

/** `(Secret, 12 bytes)`. */
export function maskText({ bytes }: Pick<Variable, 'bytes'>): string {
	return `(Secret, ${counted(bytes, 'byte')})`;
}

function masked({ name }: Variable): string {
	return `# ${name}: value of a Secret; --show-secrets prints it`;
}

/** Source: npm dotenv 16, LINE. */
const DOTENV_NAME = /^[A-Za-z_][\w.-]*$/;
/** Values that need no quotes. */
const DOTENV_BARE = /^[^\s'"`#$]+$/;

/**
 * A text that node --env-file and npm's dotenv read as this value; undefined if there is none. They know only these
 * escapes: `\n` and `\r` in double quotes, and a quote after a backslash.
 */
function dotenvValue(value: string): string | undefined {
	if (value === '' || DOTENV_BARE.test(value)) return value;
	// Both read a carriage return as the end of a line.
	if (value.endsWith('\\') || value.includes('\r')) return undefined;
	const isFree = (quote: string) => !value.includes(quote) && !(quote === '"' && /[\\$]/.test(value));
	const quote = ["'", '"', '`'].find(isFree);
	return quote === undefined ? undefined : quote + value + quote;
}
