/**
 * Parses flags as kubectl does: `-fa.yaml`, `-f=a.yaml`, `-Rf dir`, `--flag value`, `--flag=value`. A value may begin with
 * a dash, and the order of the flags is kept. Pure. Errors have kubectl's texts, followed by a suggestion.
 * Source: spf13/pflag 1.0.5, flag.go.
 */

import { ConfigMapFsError } from '../base/errors.js';
import { closest } from '../base/suggestion.js';

export interface FlagOption {
	/** Undefined: the flag takes one of `choices`. */
	readonly type?: 'string' | 'boolean';
	/** One letter. */
	readonly alias?: string;
	readonly choices?: readonly string[];
	/** The value of the flag without `=VALUE`. Such a flag never takes the next argument. pflag: NoOptDefVal. */
	readonly valueIfBare?: string;
}

/** Flags by their long names. */
export type FlagOptions = Readonly<Record<string, FlagOption>>;

/** One flag as typed. The value of a switch is `true` or `false`. */
export interface GivenFlag {
	readonly name: string;
	readonly value: string;
}

export class ParsedFlags {
	/** In the order of the command line. */
	readonly given: readonly GivenFlag[];
	readonly positionals: readonly string[];
	/** The positionals after `--`; undefined if there is no `--`. */
	readonly afterDash: readonly string[] | undefined;

	constructor(given: readonly GivenFlag[], positionals: readonly string[], afterDash?: readonly string[]) {
		this.given = given;
		this.positionals = positionals;
		this.afterDash = afterDash;
	}

	all(name: string): readonly string[] {
		return this.given.filter((flag) => flag.name === name).map(({ value }) => value);
	}

	/** The last one counts, as in kubectl. */
	last(name: string): string | undefined {
		return this.all(name).at(-1);
	}

	is(name: string): boolean {
		return this.last(name) === 'true';
	}
}

/** `command` appears in messages. Errors: USAGE. */
export function parseFlags(command: string, options: FlagOptions, args: readonly string[]): ParsedFlags {
	const given: GivenFlag[] = [];
	const positionals: string[] = [];
	const rest = [...args];
	let afterDash: readonly string[] | undefined;
	const add = (name: string, inline: string | undefined, missing: string) => {
		const option = options[name] ?? {};
		if (option.type === 'boolean') {
			given.push({ name, value: switchValue(name, inline) });
			return;
		}
		const value = inline ?? option.valueIfBare ?? rest.shift();
		if (value === undefined) throw usage(`flag needs an argument: ${missing}`, command);
		if (option.choices !== undefined && !option.choices.includes(value)) {
			throw new ConfigMapFsError(
				'USAGE',
				`invalid argument "${value}" for "--${name}": must be one of ${option.choices.join(', ')}`,
			);
		}
		given.push({ name, value });
	};
	for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
		if (arg === '--') {
			afterDash = rest.splice(0);
			positionals.push(...afterDash);
		} else if (arg.startsWith('--')) {
			const equals = arg.indexOf('=');
			const name = arg.slice(2, equals < 0 ? undefined : equals);
			if (!Object.hasOwn(options, name)) throw unknownFlag(name, options, command);
			add(name, equals < 0 ? undefined : arg.slice(equals + 1), arg);
		} else if (arg.startsWith('-') && arg !== '-') {
			readShorthands(arg, options, command, add);
		} else {
			positionals.push(arg);
		}
	}
	return new ParsedFlags(given, positionals, afterDash);
}

function readShorthands(
	arg: string,
	options: FlagOptions,
	command: string,
	add: (name: string, inline: string | undefined, missing: string) => void,
): void {
	const letters = [...arg.slice(1)];
	while (letters.length > 0) {
		const letter = letters.shift();
		const name = Object.keys(options).find((one) => options[one]?.alias === letter);
		if (name === undefined) throw usage(`unknown shorthand flag: '${letter}' in ${arg}`, command);
		if (options[name]?.type === 'boolean' && letters[0] !== '=') {
			add(name, undefined, '');
			continue;
		}
		const inline = letters[0] === '=' ? letters.slice(1).join('') : letters.length > 0 ? letters.join('') : undefined;
		add(name, inline, `'${letter}' in ${arg}`);
		return;
	}
}

function switchValue(name: string, inline: string | undefined): string {
	if (inline === undefined || ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(inline)) return 'true';
	if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(inline)) return 'false';
	throw new ConfigMapFsError('USAGE', `invalid argument "${inline}" for "--${name}": expected true or false`);
}

function unknownFlag(name: string, options: FlagOptions, command: string): ConfigMapFsError {
	const near = closest(name, Object.keys(options));
	return usage(`unknown flag: --${name}${near === undefined ? '' : `; did you mean --${near}?`}`, command);
}

function usage(text: string, command: string): ConfigMapFsError {
	const separator = text.endsWith('?') ? '' : ';';
	return new ConfigMapFsError('USAGE', `${text}${separator} see "configmapfs ${command} --help"`);
}
