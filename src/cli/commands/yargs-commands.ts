/** Help and version of the program, which yargs prints. The commands read their flags by themselves. */

import { readFileSync } from 'node:fs';
import yargs, { type Argv } from 'yargs';
import { mountHelp } from '../flags/mount-flags.js';
import { runHelp } from '../flags/run-flags.js';
import { createHelp } from './create-command.js';
import { envHelp } from './env-command.js';
import { lintHelp } from './lint-command.js';
import { unmountHelp } from './unmount-command.js';

const WIDEST = 120;

/** What yargs 18 has and its type declarations do not. */
interface UsageConfiguration {
	usageConfiguration(configuration: { readonly 'hide-types': boolean }): unknown;
}

/** `words` are `--version`, or `--help` with or without the name of a command before it. Returns the exit status. */
export async function printWithYargs(words: readonly string[]): Promise<number> {
	// The directory is for a package.json with settings. There is none, and the working directory may be gone.
	const parser: Argv = yargs([...words], '/');
	(parser as Argv & UsageConfiguration).usageConfiguration({ 'hide-types': true });
	await parser
		.scriptName('configmapfs')
		.usage('$0 COMMAND [flags]\n\nKubernetes ConfigMaps as mounted directories, exactly as a pod would see them.')
		.command(runHelp)
		.command(envHelp)
		.command(lintHelp)
		.command(mountHelp)
		.command(unmountHelp)
		.command(createHelp)
		.version(version())
		.help()
		.alias('help', 'h')
		.updateStrings({ 'Options:': 'Flags:', 'Show help': 'Show this text', 'Show version number': 'Show the version' })
		.wrap(Math.min(WIDEST, process.stdout.columns ?? (Number(process.env.COLUMNS) || 100)))
		.epilogue('"configmapfs COMMAND --help" shows more about a command.')
		.exitProcess(false)
		.parseAsync();
	return 0;
}

function version(): string {
	const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
	return (JSON.parse(text) as { readonly version: string }).version;
}
