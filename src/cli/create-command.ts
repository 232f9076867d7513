/**
 * `configmapfs create configmap`: prints the object that kubectl would create from the same flags. Knows nothing of
 * mounts. Nothing is created, so `-o yaml` is the default and `--dry-run` changes nothing: a kubectl command line can be
 * pasted as it is.
 */

import type { Argv, CommandModule } from 'yargs';
import { ConfigMapFsError } from '../base/errors.js';
import { appendNameHash } from '../model/name-hash.js';
import type { Environment } from '../sources/generators/env-file.js';
import { generateConfigMap, readGeneratorFlags } from '../sources/generators/generated-config-map.js';
import { quoteGo } from '../sources/generators/go-text.js';
import { SourceFiles } from '../sources/generators/source-files.js';
import { OUTPUT_FORMATS, type OutputFormat, printConfigMap } from './object-printer.js';

type Repeatable = string | readonly string[] | undefined;

/** The flags as yargs gives them: a string, or a list when a flag was given more than once. */
export interface CreateArguments {
	readonly name?: readonly string[] | undefined;
	readonly fromLiteral?: Repeatable;
	readonly fromFile?: Repeatable;
	readonly fromEnvFile?: Repeatable;
	readonly appendHash?: boolean | undefined;
	readonly namespace?: Repeatable;
	readonly output?: Repeatable;
}

/** What the command works with. */
export interface CreateContext {
	readonly argv: CreateArguments;
	readonly env: Environment;
	/** Relative paths of the flags start here. */
	readonly cwd: string;
	/** Writes to standard output. */
	readonly write: (text: string) => void;
}

function allOf(value: Repeatable): readonly string[] {
	if (value === undefined) return [];
	return typeof value === 'string' ? [value] : value;
}

/** The last one wins, as in kubectl. */
function lastOf(value: Repeatable): string | undefined {
	return allOf(value).at(-1);
}

function readOutputFormat(value: string | undefined): OutputFormat {
	if (value === undefined || value === '') return 'yaml';
	const format = OUTPUT_FORMATS.find((one) => one === value);
	if (format !== undefined) return format;
	const what = `unable to match a printer suitable for the output format ${quoteGo(value)}`;
	throw new ConfigMapFsError('USAGE', `${what}, allowed formats are: ${[...OUTPUT_FORMATS].sort().join(',')}`);
}

function readName(names: readonly string[] | undefined): string {
	const [name, ...more] = names ?? [];
	if (name !== undefined && more.length === 0) return name;
	const what = `exactly one NAME is required, got ${names?.length ?? 0}`;
	throw new ConfigMapFsError('USAGE', `${what}\nSee 'configmapfs create configmap --help' for help and examples`);
}

/**
 * Generates the ConfigMap and prints it; prints nothing when something is wrong.
 * Errors: USAGE, INPUT_MISSING, INPUT_INVALID, with kubectl's texts without its prefix `error: `.
 */
export async function createConfigMap(context: CreateContext): Promise<void> {
	const { argv, env, cwd, write } = context;
	const name = readName(argv.name);
	const format = readOutputFormat(lastOf(argv.output));
	const sources = readGeneratorFlags({
		name,
		fromLiteral: allOf(argv.fromLiteral),
		fromFile: allOf(argv.fromFile),
		fromEnvFile: allOf(argv.fromEnvFile),
	});
	const generation = await generateConfigMap(name, sources, { files: new SourceFiles(cwd), environment: env });
	if (generation.kind === 'failed') throw new ConfigMapFsError(generation.code, generation.problem.reason);
	const { data, binaryData } = generation;
	const namespace = lastOf(argv.namespace);
	const object = {
		name: argv.appendHash === true ? appendNameHash({ name, data, binaryData }) : name,
		...(namespace === undefined || namespace === '' ? {} : { namespace }),
		data,
		binaryData,
	};
	write(printConfigMap(object, format));
}

const VALUE = { type: 'string', requiresArg: true } as const;

function describeFlags(yargs: Argv): Argv<CreateArguments> {
	return yargs
		.positional('name', { type: 'string', array: true, describe: 'Name of the ConfigMap, exactly one' })
		.option('from-literal', { ...VALUE, describe: 'A key and its value, KEY=VALUE; may be given more than once' })
		.option('from-file', {
			...VALUE,
			describe:
				'A file or directory, [KEY=]PATH; the key is the file name unless given; links in a directory are left out',
		})
		.option('from-env-file', { ...VALUE, describe: 'A file of KEY=VALUE lines; not together with the other two' })
		.option('append-hash', { type: 'boolean', default: false, describe: 'Append a hash of the content to the name' })
		.option('namespace', { ...VALUE, alias: 'n', describe: 'Namespace to print; left out unless given' })
		.option('output', {
			...VALUE,
			alias: 'o',
			describe: `${OUTPUT_FORMATS.join(', ')}; yaml unless given, because nothing is created`,
		})
		.option('dry-run', {
			type: 'boolean',
			describe: 'Accepted for kubectl command lines (none, client, server), ignored',
		})
		.example('$0 create configmap app --from-file=config/', 'Print a ConfigMap of the files in config/')
		.example('$0 create cm app --from-literal=color=blue -o json', 'Print a ConfigMap of one value as JSON')
		.example('$0 create cm app --from-env-file=app.env > app.yaml', 'Write a manifest that can be mounted')
		.epilogue(
			'Prints what kubectl create configmap --dry-run=client prints. Nothing is created, here or in a cluster.',
		);
}

const configMapCommand: CommandModule<object, CreateArguments> = {
	command: 'configmap [name..]',
	aliases: ['cm'],
	describe: 'Print a ConfigMap made from files, directories or literal values',
	builder: (yargs) => describeFlags(yargs),
	handler: (argv) =>
		createConfigMap({
			argv,
			env: process.env,
			cwd: process.cwd(),
			write: (text) => void process.stdout.write(text),
		}),
};

/** `create`, with `configmap` (`cm`) as its only object. */
export const createCommand: CommandModule = {
	command: 'create',
	describe: 'Print an object made from files or literal values, as kubectl create does',
	builder: (yargs) => yargs.command(configMapCommand).demandCommand(1, 'must specify what to create: configmap'),
	handler: () => {},
};

/**
 * Rewrites what kubectl understands and yargs does not: `-oyaml`, `-nprod` and `-o=yaml` become two arguments. Arguments
 * of other commands, and all after `--`, are left alone. To be applied before yargs.
 */
export function splitShortFlags(args: readonly string[]): readonly string[] {
	if (args[0] !== 'create') return args;
	const end = args.indexOf('--');
	return args.flatMap((arg, index) => {
		const match = /^-([on])=?(.+)$/s.exec(arg);
		if (match === null || (end >= 0 && index > end)) return [arg];
		return [`-${match[1]}`, match[2] ?? ''];
	});
}
