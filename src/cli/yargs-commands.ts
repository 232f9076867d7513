/** The commands that yargs reads, and the help of all. */

import { readFileSync } from 'node:fs';
import yargs, { type Argv } from 'yargs';
import { ConfigMapFsError, errorText } from '../base/errors.js';
import { createCommand, splitShortFlags } from './create-command.js';
import { envHelp } from './env-command.js';
import { lintHelp } from './lint-command.js';
import { mountHelp } from './mount-flags.js';
import { runHelp } from './run-flags.js';
import { unmountHelp } from './unmount-command.js';

const WIDEST = 120;

/** What yargs 18 has and its type declarations do not. */
interface UsageConfiguration {
	usageConfiguration(configuration: { readonly 'hide-types': boolean }): unknown;
}

/** Returns the exit status. Errors: USAGE, and those of the command. */
export async function parseWithYargs(words: readonly string[]): Promise<number> {
	const args = splitShortFlags(words);
	const parser: Argv = yargs([...args]);
	(parser as Argv & UsageConfiguration).usageConfiguration({ 'hide-types': true });
	await parser
		.scriptName('configmapfs')
		.parserConfiguration({
			'parse-numbers': false,
			'parse-positional-numbers': false,
			'boolean-negation': false,
			'dot-notation': false,
		})
		.usage('$0 COMMAND [flags]\n\nKubernetes ConfigMaps as mounted directories, exactly as a pod would see them.')
		.command(runHelp)
		.command(envHelp)
		.command(lintHelp)
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
