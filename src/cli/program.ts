/**
 * The command line: commands, help, errors as one line, exit statuses. The only reader of argv and environment.
 */

import { readFileSync } from 'node:fs';
import yargs, { type Argv } from 'yargs';
import { ConfigMapFsError, EXIT_STATUS, errorText } from '../base/errors.js';
import { closest } from '../base/suggestion.js';
import { SafeOutput } from '../native/safe-output.js';
import type { CliContext } from './context.js';
import { createCommand, splitShortFlags } from './create-command.js';
import { mountCommand } from './mount-command.js';
import { mountHelp } from './mount-flags.js';
import { helperStatus, mountHelperArguments } from './mount-helper.js';
import { runCommand } from './run-command.js';
import { runHelp } from './run-flags.js';
import { unmountCommand, unmountHelp } from './unmount-command.js';

/** Runs one command line; returns the exit status. `program` is the name it was called by. */
export async function runProgram(program: string, args: readonly string[]): Promise<number> {
	// Whoever reads the output may have read enough.
	process.stdout.on('error', () => {});
	const isHelper = program === 'mount.configmapfs';
	const status = await runToStatus(isHelper ? () => mountHelperArguments(args) : () => args);
	return isHelper ? helperStatus(status) : status;
}

async function runToStatus(words: () => readonly string[] | undefined): Promise<number> {
	try {
		return await dispatch(words());
	} catch (error) {
		const known = error instanceof ConfigMapFsError;
		const isBug = !known || error.code === 'INTERNAL';
		const stack = isBug && error instanceof Error ? `${error.stack}\n` : '';
		new SafeOutput(2).write(`error: ${errorText(error)}\n${stack}`);
		return known ? EXIT_STATUS[error.code] : EXIT_STATUS.INTERNAL;
	}
}

type Command = (context: CliContext) => Promise<number>;

const unmount: Command = (context) => unmountCommand(context, (line) => void process.stdout.write(`${line}\n`));

/** Commands that read their flags by themselves. The others are read by yargs, which prints the help of all. */
const COMMANDS: Readonly<Record<string, Command>> = { run: runCommand, mount: mountCommand, unmount, umount: unmount };

const COMMAND_NAMES = ['run', 'mount', 'unmount', 'create', 'help'];

async function dispatch(words: readonly string[] | undefined): Promise<number> {
	if (words === undefined) return 0;
	const [first, ...args] = words;
	if (first === 'help') return await parseWithYargs([...args.slice(0, 2), '--help']);
	const command = first === undefined ? undefined : COMMANDS[first];
	if (command === undefined || first === undefined) {
		refuseUnknown(first);
		return await parseWithYargs(splitShortFlags(words));
	}
	const end = args.indexOf('--');
	const flags = end < 0 ? args : args.slice(0, end);
	if (flags.includes('--help') || flags.includes('-h')) return await parseWithYargs([first, '--help']);
	return await command({ args, env: process.env, cwd: process.cwd() });
}

function refuseUnknown(first: string | undefined): void {
	if (first === undefined) {
		throw new ConfigMapFsError(
			'USAGE',
			'a command is missing: run, mount, unmount or create; see "configmapfs --help"',
		);
	}
	if (COMMAND_NAMES.includes(first) || ['--help', '-h', '--version'].includes(first)) return;
	const what = first.startsWith('-') ? `unknown flag: ${first}` : `unknown command "${first}" for "configmapfs"`;
	const near = first.startsWith('-') ? undefined : closest(first, COMMAND_NAMES);
	const hint = near === undefined ? '; see "configmapfs --help"' : `; did you mean "${near}"?`;
	throw new ConfigMapFsError('USAGE', what + hint);
}

const WIDEST = 120;

/** What yargs 18 has and its type declarations do not. */
interface UsageConfiguration {
	usageConfiguration(configuration: { readonly 'hide-types': boolean }): unknown;
}

async function parseWithYargs(args: readonly string[]): Promise<number> {
	const parser: Argv = yargs([...args]);
	(parser as Argv & UsageConfiguration).usageConfiguration({ 'hide-types': true });
	await parser
		.scriptName('configmapfs')
		.parserConfiguration({ 'parse-numbers': false, 'parse-positional-numbers': false, 'boolean-negation': false })
		.usage('$0 COMMAND [flags]\n\nKubernetes ConfigMaps as mounted directories, exactly as a pod would see them.')
		.command(runHelp)
		.command(mountHelp)
		.command(unmountHelp)
		.command(createCommand)
		.demandCommand(1)
		.strict()
		.version(version())
		.help()
		.alias('help', 'h')
		.updateStrings({ 'Options:': 'Flags:', 'Show help': 'Show this text', 'Show version number': 'Show the version' })
		.wrap(Math.min(WIDEST, process.stdout.columns ?? (Number(process.env.COLUMNS) || 100)))
		.epilogue('"configmapfs COMMAND --help" shows more about a command.')
		.exitProcess(false)
		.fail((message, error) => {
			if (error instanceof ConfigMapFsError) throw error;
			// yargs has errors of its own, for people as well.
			if (error !== undefined && error !== null && error.name !== 'YError') throw error;
			throw new ConfigMapFsError('USAGE', inOurWords(message || errorText(error), args));
		})
		.parseAsync();
	return 0;
}

/** What yargs says, as kubectl says it. */
function inOurWords(message: string, args: readonly string[]): string {
	const see = `see "configmapfs ${args[0] ?? ''} --help"`;
	const unknown = /^Unknown arguments?: ([^,]+)/.exec(message)?.[1];
	if (unknown !== undefined) {
		const flag = args.find((arg) => arg.replace(/^-+/, '').split('=')[0] === unknown && arg.startsWith('-'));
		return flag === undefined
			? `unexpected argument "${unknown}"; ${see}`
			: `unknown flag: ${flag.split('=')[0]}; ${see}`;
	}
	const missing = /^Not enough arguments following: (.+)$/.exec(message)?.[1];
	if (missing !== undefined) return `flag needs an argument: ${missing.length === 1 ? '-' : '--'}${missing}; ${see}`;
	return message.includes('--help') ? message : `${message.replaceAll(/\s+/g, ' ').trim()}; ${see}`;
}

function version(): string {
	const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
	return (JSON.parse(text) as { readonly version: string }).version;
}
