/**
 * The command line: commands, help, errors as one line, exit statuses. The only reader of argv and environment.
 */

import { readFileSync } from 'node:fs';
import yargs from 'yargs';
import { ConfigMapFsError, EXIT_STATUS, errorText } from '../base/errors.js';
import { createCommand } from './create-command.js';
import { mountCommand, mountModule } from './mount-command.js';
import { mountHelperArguments } from './mount-helper.js';
import { splitShortFlags } from './source-flags.js';
import { unmountCommand, unmountModule } from './unmount-command.js';

/** Runs one command line; returns the exit status. `program` is the name it was called by. */
export async function runProgram(program: string, args: readonly string[]): Promise<number> {
	try {
		const words = program === 'mount.configmapfs' ? mountHelperArguments(args) : args;
		return words === undefined ? 0 : await dispatch(splitShortFlags(words));
	} catch (error) {
		const known = error instanceof ConfigMapFsError;
		process.stderr.write(`error: ${errorText(error)}\n`);
		if (!known || error.code === 'INTERNAL') process.stderr.write(`${error instanceof Error ? error.stack : ''}\n`);
		return known ? EXIT_STATUS[error.code] : EXIT_STATUS.INTERNAL;
	}
}

async function dispatch(args: readonly string[]): Promise<number> {
	let status = 0;
	const context = { args: args.slice(1), env: process.env, cwd: process.cwd() };
	await yargs([...args])
		.scriptName('configmapfs')
		.parserConfiguration({ 'parse-numbers': false, 'parse-positional-numbers': false, 'boolean-negation': false })
		.command(
			mountModule(async (argv) => {
				status = await mountCommand(argv, context);
			}),
		)
		.command(
			unmountModule(async (argv) => {
				status = await unmountCommand(argv, (line) => process.stdout.write(`${line}\n`));
			}),
		)
		.command(createCommand)
		.demandCommand(1, 'a command is missing')
		.strict()
		.recommendCommands()
		.version(version())
		.help()
		.alias('help', 'h')
		.wrap(Math.min(120, process.stdout.columns ?? 100))
		.epilogue('Kubernetes ConfigMaps as mounted directories, exactly as a pod would see them.')
		.exitProcess(false)
		.fail((message, error) => {
			if (error) throw error;
			throw new ConfigMapFsError('USAGE', `${message}; "configmapfs --help" shows how`);
		})
		.parseAsync();
	return status;
}

function version(): string {
	const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
	return (JSON.parse(text) as { readonly version: string }).version;
}
