/** The flags about the environment, for `run` and `env`: their table and their parser. Pure. */

import { ConfigMapFsError } from '../../base/errors.js';
import { closest } from '../../base/suggestion.js';
import type { ParsedFlags } from '../../go/flags.js';
import type { GivenVariablesRequest } from '../../inputs/given-variables.js';
import { isShellName } from '../../pod/environment/names.js';
import {
	ENV_INHERIT_CHOICES,
	type EnvInherit,
	type EnvInheritBase,
} from '../../run/container/inherited-environment.js';
import type { HelpOptions } from '../print/help.js';

const ENVIRONMENT = { group: 'Environment and arguments:' } as const;

export const ENV_OPTIONS = {
	env: {
		...ENVIRONMENT,
		type: 'string',
		alias: 'e',
		value: 'NAME[=VALUE]',
		describe: "Set a variable instead of the pod's, or pass yours of that name; repeatable",
	},
	'env-file': {
		...ENVIRONMENT,
		type: 'string',
		value: 'FILE',
		describe: 'Set the variables of a file with lines as of --from-env-file: NAME=VALUE without quotes; repeatable',
	},
	'env-inherit': {
		...ENVIRONMENT,
		type: 'string',
		value: 'WHICH',
		describe:
			'Start from these of your own variables: none, path (default: PATH, HOME, TERM, locale) or all, ' +
			'and others by name, as in path,JAVA_HOME',
	},
	'strict-env-names': {
		...ENVIRONMENT,
		type: 'boolean',
		describe: 'Skip variable names that kubelet before 1.30 skipped',
	},
	'keep-args': { ...ENVIRONMENT, type: 'boolean', describe: "Append the container's args to the command after --" },
} as const satisfies HelpOptions;

/** The environment flags of a command line. */
export interface EnvFlags {
	readonly given: GivenVariablesRequest;
	readonly envInherit: EnvInherit;
	readonly strictEnvNames: boolean;
}

/** `base` is where the environment starts without a word in --env-inherit. Errors: USAGE. */
export function readEnvFlags(flags: ParsedFlags, base: EnvInheritBase): EnvFlags {
	const variables = flags.all('env');
	for (const text of variables) {
		if (text !== '' && !text.startsWith('=')) continue;
		throw new ConfigMapFsError('USAGE', `invalid argument "${text}" for "-e, --env": expected NAME=VALUE or NAME`);
	}
	const files = flags.all('env-file');
	if (files.includes('')) throw new ConfigMapFsError('USAGE', 'the value of --env-file is empty');
	return {
		given: { variables, files },
		envInherit: readEnvInherit(flags.last('env-inherit'), base),
		strictEnvNames: flags.is('strict-env-names'),
	};
}

/** Words and names with commas between them; the last word counts. */
function readEnvInherit(text: string | undefined, base: EnvInheritBase): EnvInherit {
	if (text === undefined) return { base, names: [] };
	const parts = text.split(',');
	const words = parts.filter(isBase);
	const names = parts.filter((part) => !isBase(part));
	for (const name of names) {
		const near = /^[a-z]*$/.test(name) ? closest(name, ENV_INHERIT_CHOICES) : undefined;
		if (near === undefined && isShellName(name)) continue;
		const hint = near === undefined ? '' : `; did you mean "${near}"?`;
		throw new ConfigMapFsError(
			'USAGE',
			`invalid argument "${text}" for "--env-inherit": ` +
				`expected ${ENV_INHERIT_CHOICES.join(', ')}, or names of variables, such as path,JAVA_HOME${hint}`,
		);
	}
	return { base: words.at(-1) ?? base, names };
}

function isBase(text: string): text is EnvInheritBase {
	return (ENV_INHERIT_CHOICES as readonly string[]).includes(text);
}
