/**
 * Variables as lines for other programs: as `env` prints them, for a shell, or for a .env file. A value that is masked
 * is never a line that could be taken for it. Pure.
 */

import type { ReportedVariable } from './env-report.js';
import { shellQuoted } from './shell-word.js';
import { manyLines } from './terminal-text.js';
import { counted } from './wording.js';

export const ENV_TEXT_FORMATS = ['text', 'export', 'dotenv'] as const;
export type EnvTextFormat = (typeof ENV_TEXT_FORMATS)[number];

export interface EnvText {
	/** With their line ends. */
	readonly text: string;
	/** Why a variable is not in the text. */
	readonly warnings: readonly string[];
}

type Variable = Pick<ReportedVariable, 'name' | 'value' | 'bytes' | 'isShellName'>;

/** `forTerminal`: control characters of values are written out; only `text` has any. */
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
		if (value === null) return `${name}=${maskText(variable)}`;
		return `${name}=${forTerminal ? manyLines(value) : value}`;
	},
	export: (variable) => {
		const { name, value, isShellName } = variable;
		if (!isShellName) return { warning: `"${name}" is left out: no shell can use this name` };
		return value === null ? masked(variable) : `export ${name}=${shellQuoted(value)}`;
	},
	dotenv: (variable) => {
		const { name, value } = variable;
		if (!DOTENV_NAME.test(name)) return { warning: `"${name}" is left out: no name for a .env file` };
		if (value === null) return masked(variable);
		const written = dotenvValue(value);
		if (written === undefined) return { warning: `"${name}" is left out: no .env file can hold its value` };
		return `${name}=${written}`;
	},
};

/** `(Secret, 12 bytes)`. */
export function maskText({ bytes }: Pick<Variable, 'bytes'>): string {
	return `(Secret, ${counted(bytes, 'byte')})`;
}

function masked({ name }: Variable): string {
	return `# ${name}: value of a Secret, which --show-secrets prints here`;
}

/** Source: npm dotenv 16, LINE. */
const DOTENV_NAME = /^[A-Za-z_][\w.-]*$/;
/** What stands in no quotes. */
const DOTENV_BARE = /^[^\s'"`#$]+$/;

/**
 * As node --env-file and npm's dotenv read it: nothing is an escape, but `\n` and `\r` in double quotes, and a quote
 * behind a backslash. Undefined: there is no such text.
 */
function dotenvValue(value: string): string | undefined {
	if (value === '' || DOTENV_BARE.test(value)) return value;
	// A carriage return in a file is a line end.
	if (value.endsWith('\\') || value.includes('\r')) return undefined;
	const isFree = (quote: string) => !value.includes(quote) && !(quote === '"' && /[\\$]/.test(value));
	const quote = ["'", '"', '`'].find(isFree);
	return quote === undefined ? undefined : quote + value + quote;
}
