/**
 * `configmapfs create configmap`: prints the object that kubectl would create from the same flags. Nothing is created, so
 * `-o yaml` is the default and `--dry-run` has no effect: a command line of kubectl works unchanged.
 */

import { ConfigMapFsError } from '../../base/errors.js';
import { closest } from '../../base/suggestion.js';
import { parseFlags } from '../../go/flags.js';
import { quoteGo } from '../../go/quote.js';
import { appendNameHash } from '../../model/name-hash.js';
import { generateConfigMap, readGeneratorFlags } from '../../sources/generators/generated-config-map.js';
import { SourceFiles } from '../../sources/generators/source-files.js';
import type { CliContext } from '../context.js';
import type { CommandHelp, HelpOptions } from '../print/help.js';
import { OUTPUT_FORMATS, type OutputFormat, printConfigMap } from '../print/object-printer.js';

const VALUE = { type: 'string' } as const;

const OPTIONS = {
	'from-literal': { ...VALUE, value: 'KEY=VALUE', describe: 'Add this key with this value; repeatable' },
	'from-file': {
		...VALUE,
		value: '[KEY=]PATH',
		describe:
			'Add a file, or all files of a directory except links; the key is the name of the file unless given; repeatable',
	},
	'from-env-file': {
		...VALUE,
		value: 'FILE',
		describe: 'Add the KEY=VALUE lines of a file; not together with the other two; repeatable',
	},
	'append-hash': { type: 'boolean', describe: 'Append a hash of the content to the name' },
	namespace: { ...VALUE, alias: 'n', value: 'NAME', describe: 'Print this namespace; left out by default' },
	output: {
		...VALUE,
		alias: 'o',
		value: 'FORMAT',
		describe: `Print ${OUTPUT_FORMATS.join(', ')} (default yaml, because nothing is created)`,
	},
	'dry-run': {
		choices: ['none', 'client', 'server'],
		valueIfBare: 'client',
		value: 'STRATEGY',
		describe: 'Ignored; accepted so that command lines of kubectl work',
	},
} as const satisfies HelpOptions;

const NOUNS: readonly string[] = ['configmap', 'cm'];

function readOutputFormat(value: string | undefined): OutputFormat {
	if (value === undefined || value === '') return 'yaml';
	const format = OUTPUT_FORMATS.find((one) => one === value);
	if (format !== undefined) return format;
	const what = `unable to match a printer suitable for the output format ${quoteGo(value)}`;
	throw new ConfigMapFsError('USAGE', `${what}, allowed formats are: ${[...OUTPUT_FORMATS].sort().join(',')}`);
}

function checkNoun(noun: string | undefined): void {
	if (noun !== undefined && NOUNS.includes(noun)) return;
	const see = 'see "configmapfs create --help"';
	if (noun === undefined) throw new ConfigMapFsError('USAGE', `must specify what to create: configmap; ${see}`);
	const near = closest(noun, NOUNS);
	const cure = near === undefined ? `only configmap can be created; ${see}` : `did you mean "${near}"?`;
	throw new ConfigMapFsError('USAGE', `unknown object "${noun}" for "configmapfs create"; ${cure}`);
}

function readName(names: readonly string[]): string {
	const [name, ...more] = names;
	if (name !== undefined && more.length === 0) return name;
	const what = `exactly one NAME is required, got ${names.length}`;
	throw new ConfigMapFsError('USAGE', `${what}\nSee 'configmapfs create configmap --help' for help and examples`);
}

/**
 * Generates the ConfigMap and passes its text to `write`, or throws without writing. Returns the exit status.
 * Errors: USAGE, INPUT_MISSING, INPUT_INVALID, with kubectl's texts without its prefix `error: `.
 */
export async function createCommand(context: CliContext, write: (text: string) => void): Promise<number> {
	const { args, env, cwd } = context;
	const flags = parseFlags('create', OPTIONS, args);
	const [noun, ...names] = flags.positionals;
	checkNoun(noun);
	const name = readName(names);
	const format = readOutputFormat(flags.last('output'));
	const sources = readGeneratorFlags({
		name,
		fromLiteral: flags.all('from-literal'),
		fromFile: flags.all('from-file'),
		fromEnvFile: flags.all('from-env-file'),
	});
	const generation = await generateConfigMap(name, sources, { files: new SourceFiles(cwd), environment: env });
	if (generation.kind === 'failed') throw new ConfigMapFsError(generation.code, generation.problem.reason);
	const { data, binaryData } = generation;
	const namespace = flags.last('namespace');
	const object = {
		name: flags.is('append-hash') ? appendNameHash({ name, data, binaryData }) : name,
		...(namespace === undefined || namespace === '' ? {} : { namespace }),
		data,
		binaryData,
	};
	write(printConfigMap(object, format));
	return 0;
}

const EPILOGUE = `Examples:
  # Print a ConfigMap with the files in config/
  configmapfs create configmap app --from-file=config/

  # Print one with a single value, as JSON
  configmapfs create cm app --from-literal=color=blue -o json

  # Write a manifest that can be mounted
  configmapfs create cm app --from-env-file=app.env > app.yaml

Exit status:
  0 printed                66 an input is missing
  64 wrong command line    74 the output cannot be written
  65 an input breaks a rule`;

export const createHelp: CommandHelp = {
	name: 'create',
	summary: 'Print a ConfigMap made from files or values, as kubectl does',
	usage: ['create configmap NAME [flags]', 'create cm NAME [flags]'],
	description:
		'Print the output of kubectl create configmap --dry-run=client. Nothing is created, here or in a cluster.',
	options: OPTIONS,
	epilogue: EPILOGUE,
};
