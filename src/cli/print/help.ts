/** Help of the program and of its commands as text, from the tables that their flags are parsed by. Pure. */

import type { FlagOption } from '../../go/flags.js';
import { padded, textWidth, wrapped } from './text-width.js';

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

const PROGRAM = 'configmapfs';
const INDENT = '  ';
const GAP = 2;
const FLAGS = 'Flags:';
/** Widest first column; a longer entry has its description on the next line. */
const WIDEST_ENTRY = 34;

const COMMON_OPTIONS: HelpOptions = {
	help: { type: 'boolean', alias: 'h', describe: 'Show this help' },
	version: { type: 'boolean', describe: 'Show the version' },
};

/** With a line feed at its end; no line is wider than `width` unless a word is. */
export function commandHelp(help: CommandHelp, width: number): string {
	const groups = new Map<string, string[]>();
	for (const [name, option] of Object.entries({ ...help.options, ...COMMON_OPTIONS })) {
		const { group = FLAGS } = option;
		groups.set(group, [...(groups.get(group) ?? []), name]);
	}
	const all: HelpOptions = { ...help.options, ...COMMON_OPTIONS };
	return page([
		help.usage.map((line) => `${PROGRAM} ${line}`),
		wrapped(help.description, width, ''),
		...[...groups].map(([group, names]) => [
			...wrapped(group, width, ''),
			...columns(
				names.map((name) => [flagEntry(name, all[name]), all[name]?.describe ?? '']),
				width,
			),
		]),
		[help.epilogue],
	]);
}

export function programHelp(commands: readonly CommandHelp[], width: number): string {
	const flags = Object.entries(COMMON_OPTIONS).map(([name, option]) => [flagEntry(name, option), option.describe]);
	return page([
		[`${PROGRAM} COMMAND [flags]`],
		wrapped('Show Kubernetes ConfigMaps as mounted directories, exactly as a pod sees them.', width, ''),
		[
			'Commands:',
			...columns(
				commands.map(({ name, summary }) => [name, summary]),
				width,
			),
		],
		[FLAGS, ...columns(flags, width)],
		[`Run "${PROGRAM} COMMAND --help" for more about a command.`],
	]);
}

function page(paragraphs: readonly (readonly string[])[]): string {
	return `${paragraphs.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** `-f, --filename FILE`, `    --kubelet-delay[=MIN..MAX]`. */
function flagEntry(name: string, option: HelpOption | undefined): string {
	const short = option?.alias === undefined ? '    ' : `-${option.alias}, `;
	const { value } = option ?? {};
	if (value === undefined) return `${short}--${name}`;
	return `${short}--${name}${option?.valueIfBare === undefined ? ` ${value}` : `[=${value}]`}`;
}

/** Entries in a first column, their descriptions wrapped in a second. */
function columns(rows: readonly (readonly string[])[], width: number): readonly string[] {
	const widths = rows.map(([entry = '']) => textWidth(entry)).filter((one) => one <= WIDEST_ENTRY);
	const first = INDENT.length + Math.max(0, ...widths) + GAP;
	const indent = ' '.repeat(first);
	return rows.flatMap(([entry = '', text = '']) => {
		const [line = '', ...more] = wrapped(text, width, indent);
		const isWide = textWidth(entry) > WIDEST_ENTRY;
		return [...(isWide ? [INDENT + entry, line] : [padded(INDENT + entry, first) + line.trimStart()]), ...more];
	});
}
