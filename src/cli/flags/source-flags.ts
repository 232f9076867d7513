/**
 * The flags that name sources, in the order of the command line: a later source wins over an earlier one. Pure.
 */

import { ConfigMapFsError } from '../../base/errors.js';
import type { GivenFlag, ParsedFlags } from '../../go/flags.js';
import type { SourceRequest } from '../../inputs/requests.js';
import type { FieldValidation } from '../../model/fields/unknown-fields.js';

const GENERATOR_FLAGS: Readonly<Record<string, 'fromLiteral' | 'fromFile' | 'fromEnvFile'>> = {
	'from-literal': 'fromLiteral',
	'from-file': 'fromFile',
	'from-env-file': 'fromEnvFile',
};

/**
 * Errors: USAGE if a --from-* flag has no `--create NAME` before it, if `--kustomize-arg` has no `-k`, or if a name is
 * empty.
 */
export function readSourceFlags(given: readonly GivenFlag[]): readonly SourceRequest[] {
	const sources: SourceRequest[] = [];
	const args = given.filter(({ name }) => name === 'kustomize-arg').map(({ value }) => value);
	if (args.length > 0 && !given.some(({ name }) => name === 'kustomize')) {
		throw new ConfigMapFsError('USAGE', '--kustomize-arg needs --kustomize DIR');
	}
	let generator: Record<'fromLiteral' | 'fromFile' | 'fromEnvFile', string[]> | undefined;
	for (const { name, value } of given) {
		if (name === 'filename') {
			if (value === '') throw new ConfigMapFsError('USAGE', 'the value of --filename is empty');
			sources.push({ kind: 'filename', path: value });
		} else if (name === 'kustomize') {
			if (value === '') throw new ConfigMapFsError('USAGE', 'the value of --kustomize is empty');
			sources.push({ kind: 'kustomize', directory: value, args });
		} else if (name === 'create') {
			const flags = { name: value, fromLiteral: [], fromFile: [], fromEnvFile: [] };
			generator = flags;
			sources.push({ kind: 'create', flags });
		} else {
			const kind = GENERATOR_FLAGS[name];
			if (kind === undefined) continue;
			if (generator === undefined) {
				throw new ConfigMapFsError('USAGE', `--${name} needs a --create NAME before it, which names the ConfigMap`);
			}
			generator[kind].push(value);
		}
	}
	return sources;
}

/** The values of kubectl's `--validate`: Go's booleans, and the names. Source: kubectl v1.32 cmd/util, GetValidationDirective. */
const VALIDATIONS: ReadonlyMap<string, FieldValidation> = new Map([
	...['strict', '1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, 'strict'] as const),
	['warn', 'warn'],
	...['ignore', '0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, 'ignore'] as const),
]);

/** `--validate`; without it `warn`. Errors: USAGE with kubectl's text. */
export function readValidation(flags: ParsedFlags): FieldValidation {
	const text = flags.last('validate');
	const validation = text === undefined ? 'warn' : VALIDATIONS.get(text);
	if (validation !== undefined) return validation;
	throw new ConfigMapFsError(
		'USAGE',
		`invalid - validate option "${text}"; must be one of: strict (or true), warn, ignore (or false)`,
	);
}
