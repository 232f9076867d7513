/**
 * Help of the program and of its commands as text, laid out by yargs from the tables that their flags are parsed by.
 * Each command parses its own flags, as kubectl's parser does; yargs only renders help.
 */

import yargs, { type Argv } from 'yargs';
import type { FlagOption } from '../../go/flags.js';

/** A flag and its entry in the help. */
export interface HelpOption extends FlagOption {
	/** Imperative and without a full stop. */
	readonly describe: string;
	/** Heading of its group; default is `Flags:`. */
	readonly group?: string;
	/** Name of its value, such as `FILE`; absent only if it takes none. */
	readonly value?: string;
}

export type HelpOptions = Readonly<Record<string, HelpOption>>;

export interface CommandHelp {
	readonly name: string;
	/** One line for the list of commands. */
	readonly summary: string;
	/** Command lines, without the program's name. */
	readonly usage: readonly string[];
	readonly description: string;
	/** In the order of the help. */
	readonly options: HelpOptions;
	/** Examples and exit statuses, printed unchanged. */
	readonly epilogue: string;
}

/** Methods of yargs 18 that its type declarations lack. */
interface UntypedYargs {
	usageConfiguration(configuration: { readonly 'hide-types': boolean }): unknown;
}

const PROGRAM = 'configmapfs';

const COMMON_OPTIONS: HelpOptions = {
	help: { type: 'boolean', alias: 'h', describe: 'Show this help' },
	version: { type: 'boolean', describe: 'Show the version' },
};

/** With a line feed at its end; no line is wider than `width` unless a word or a line of the epilogue is. */
export async function commandHelp(help: CommandHelp, width: number): Promise<string> {
	const usage = help.usage.map((line) => `$0 ${line}`).join('\n');
	const page = layout(width).usage(`${usage}\n\n${help.description}`);
	for (const [name, option] of Object.entries({ ...help.options, ...COMMON_OPTIONS })) {
		const { describe, alias, group } = option;
		page.option(entry(name, option), {
			describe,
			...(alias === undefined ? {} : { alias }),
			...(group === undefined ? {} : { group }),
		});
	}
	return `${await page.epilogue(help.epilogue).getHelp()}\n`;
}

export async function programHelp(commands: readonly CommandHelp[], width: number): Promise<string> {
	// Without a script name, yargs lists the commands by their names alone.
	const page = layout(width)
		.scriptName('')
		.usage(
			`${PROGRAM} COMMAND [flags]\n\nShow Kubernetes ConfigMaps as mounted directories, exactly as a pod sees them.`,
		);
	for (const { name, summary } of commands) page.command(name, summary);
	for (const [name, { describe, alias }] of Object.entries(COMMON_OPTIONS)) {
		page.option(name, { describe, ...(alias === undefined ? {} : { alias }) });
	}
	return `${await page.epilogue(`Run "${PROGRAM} COMMAND --help" for more about a command.`).getHelp()}\n`;
}

function layout(width: number): Argv {
	// yargs looks there for a package.json with settings; "/" has none, and the working directory may be removed.
	const page: Argv = yargs([], '/');
	(page as Argv & UntypedYargs).usageConfiguration({ 'hide-types': true });
	return page.scriptName(PROGRAM).help(false).version(false).updateStrings({ 'Options:': 'Flags:' }).wrap(width);
}

/** The flag as its name in yargs, which prints names unchanged: `filename FILE`, `kubelet-delay[=MIN..MAX]`. */
function entry(name: string, { value, valueIfBare }: HelpOption): string {
	if (value === undefined) return name;
	return valueIfBare === undefined ? `${name} ${value}` : `${name}[=${value}]`;
}
