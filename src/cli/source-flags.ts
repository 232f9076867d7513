/**
 * The flags that name sources, in the order in which they were typed: a later source is laid over an earlier one.
 * yargs groups repeated flags and forgets how different ones alternate, so the order is read from the arguments.
 */

import { ConfigMapFsError } from '../base/errors.js';
import type { GeneratorFlags } from '../sources/generators/generated-config-map.js';

export type SourceFlag =
	| { readonly kind: 'filename'; readonly path: string }
	| { readonly kind: 'create'; readonly flags: GeneratorFlags };

const ORDERED: Readonly<Record<string, 'filename' | 'create' | 'fromLiteral' | 'fromFile' | 'fromEnvFile'>> = {
	'-f': 'filename',
	'--filename': 'filename',
	'--create': 'create',
	'--from-literal': 'fromLiteral',
	'--from-file': 'fromFile',
	'--from-env-file': 'fromEnvFile',
};

/** Flags of `mount` that take a value, so that a value is never read as a flag. */
export type ValueFlags = ReadonlySet<string>;

/** Errors: USAGE when a generator's flag has no `--create NAME` before it, or a value is missing. */
export function readSourceFlags(args: readonly string[], valueFlags: ValueFlags): readonly SourceFlag[] {
	const sources: SourceFlag[] = [];
	let generator: Record<'fromLiteral' | 'fromFile' | 'fromEnvFile', string[]> | undefined;
	for (let index = 0; index < args.length; index++) {
		const arg = args[index] ?? '';
		if (arg === '--') break;
		const { flag, inline } = splitFlag(arg);
		const kind = ORDERED[flag];
		if (kind === undefined) {
			if (inline === undefined && valueFlags.has(flag)) index++;
			continue;
		}
		const value = inline ?? args[++index];
		if (value === undefined) throw new ConfigMapFsError('USAGE', `flag needs an argument: ${flag}`);
		if (kind === 'filename') {
			sources.push({ kind, path: value });
		} else if (kind === 'create') {
			const flags = { name: value, fromLiteral: [], fromFile: [], fromEnvFile: [] };
			generator = flags;
			sources.push({ kind, flags });
		} else if (generator === undefined) {
			throw new ConfigMapFsError('USAGE', `${flag} needs a --create NAME before it`);
		} else {
			generator[kind].push(value);
		}
	}
	return sources;
}

/** `--flag=value` carries its value; other forms have it in the next argument. */
function splitFlag(arg: string): { readonly flag: string; readonly inline: string | undefined } {
	const equals = arg.startsWith('--') ? arg.indexOf('=') : -1;
	return equals < 0 ? { flag: arg, inline: undefined } : { flag: arg.slice(0, equals), inline: arg.slice(equals + 1) };
}

/**
 * Takes apart what kubectl's flag parser understands and yargs does not: `-fa.yaml`, `-f=a.yaml`, `-nprod`, `-Rf dir`.
 * Arguments after `--` are left alone.
 */
export function splitShortFlags(args: readonly string[]): readonly string[] {
	const end = args.indexOf('--');
	return args.flatMap((arg, index) => {
		const match = /^-([RAb]*)([fnlo])(=?)(.*)$/s.exec(arg);
		if (match === null || (end >= 0 && index > end)) return [arg];
		const [, booleans = '', flag = '', equals, value = ''] = match;
		const before = [...booleans].map((letter) => `-${letter}`);
		return [...before, `-${flag}`, ...(value === '' && equals === '' ? [] : [value])];
	});
}
