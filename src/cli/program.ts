/**
 * The command line: which command it is, errors as one line, exit statuses. The only reader of argv and environment.
 * What a command needs is loaded when it is the one.
 */

import { ConfigMapFsError, EXIT_STATUS, errorText, RUN_FAILED } from '../base/errors.js';
import { closest } from '../base/suggestion.js';
import { SafeOutput } from '../native/safe-output.js';
import type { CliContext } from './context.js';

/** Runs one command line; returns the exit status. `program` is the name it was called by. */
export async function runProgram(program: string, args: readonly string[]): Promise<number> {
	// Whoever reads the output may have read enough.
	process.stdout.on('error', () => {});
	if (program !== 'mount.configmapfs') return await runToStatus(async () => args);
	const { helperStatus, mountHelperArguments } = await import('./mount-helper.js');
	return helperStatus(await runToStatus(async () => mountHelperArguments(args)));
}

async function runToStatus(words: () => Promise<readonly string[] | undefined>): Promise<number> {
	let statuses: Statuses = EXIT_STATUS;
	try {
		const given = await words();
		if (given === undefined) return 0;
		const command = commandOf(given);
		statuses = command.statuses ?? EXIT_STATUS;
		return await command.run(given);
	} catch (error) {
		const known = error instanceof ConfigMapFsError;
		const isBug = !known || error.code === 'INTERNAL';
		const stack = isBug && error instanceof Error ? `${error.stack}\n` : '';
		new SafeOutput(2).write(`error: ${errorText(error)}\n${stack}`);
		return statuses[known ? error.code : 'INTERNAL'];
	}
}

type Statuses = Readonly<Record<keyof typeof EXIT_STATUS, number>>;

interface Command {
	/** Gets the whole command line. */
	run(words: readonly string[]): Promise<number>;
	/** Default is the catalogue's. */
	readonly statuses?: Statuses;
}

type LoadCommand = () => Promise<(context: CliContext) => Promise<number>>;

function runStatuses(): Statuses {
	const { WAIT_TIMEOUT, COMMAND_NOT_FOUND, COMMAND_REFUSED, ...others } = EXIT_STATUS;
	const failed = Object.fromEntries(Object.keys(others).map((code) => [code, RUN_FAILED]));
	return { ...(failed as Record<keyof typeof others, number>), WAIT_TIMEOUT, COMMAND_NOT_FOUND, COMMAND_REFUSED };
}

const unmount: LoadCommand = async () => {
	const { unmountCommand } = await import('./unmount-command.js');
	return (context) => unmountCommand(context, (line) => void process.stdout.write(`${line}\n`));
};

/** Commands that read their flags by themselves. The others are read by yargs, which prints the help of all. */
const COMMANDS: Readonly<Record<string, { readonly load: LoadCommand; readonly statuses?: () => Statuses }>> = {
	run: { load: async () => (await import('./run-command.js')).runCommand, statuses: runStatuses },
	env: { load: async () => (await import('./env-command.js')).envCommand },
	lint: { load: async () => (await import('./lint-command.js')).lintCommand },
	mount: { load: async () => (await import('./mount-command.js')).mountCommand },
	unmount: { load: unmount },
	umount: { load: unmount },
};

const COMMAND_NAMES = ['run', 'env', 'lint', 'mount', 'unmount', 'create', 'help'];

const YARGS: Command = {
	async run(words) {
		const { parseWithYargs } = await import('./yargs-commands.js');
		return await parseWithYargs(words);
	},
};

function commandOf([first, ...args]: readonly string[]): Command {
	if (first === 'help') return { run: () => YARGS.run([...args.slice(0, 2), '--help']) };
	const known = first === undefined || !Object.hasOwn(COMMANDS, first) ? undefined : COMMANDS[first];
	if (known === undefined || first === undefined) {
		refuseUnknown(first);
		return YARGS;
	}
	const end = args.indexOf('--');
	const flags = end < 0 ? args : args.slice(0, end);
	if (flags.includes('--help') || flags.includes('-h')) return { run: () => YARGS.run([first, '--help']) };
	const { load, statuses } = known;
	const run = async () => (await load())({ args, env: process.env, cwd: workingDirectory() });
	return statuses === undefined ? { run } : { run, statuses: statuses() };
}

function workingDirectory(): string {
	try {
		return process.cwd();
	} catch (error) {
		const text = 'the working directory was removed; change to another one';
		throw new ConfigMapFsError('INPUT_MISSING', text, { cause: error });
	}
}

function refuseUnknown(first: string | undefined): void {
	if (first === undefined) {
		throw new ConfigMapFsError(
			'USAGE',
			'a command is missing: run, env, lint, mount, unmount or create; see "configmapfs --help"',
		);
	}
	if (COMMAND_NAMES.includes(first) || ['--help', '-h', '--version'].includes(first)) return;
	const what = first.startsWith('-') ? `unknown flag: ${first}` : `unknown command "${first}" for "configmapfs"`;
	const near = first.startsWith('-') ? undefined : closest(first, COMMAND_NAMES);
	const hint = near === undefined ? '; see "configmapfs --help"' : `; did you mean "${near}"?`;
	throw new ConfigMapFsError('USAGE', what + hint);
}
