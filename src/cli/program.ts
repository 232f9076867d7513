/**
 * The command line: selects the command, prints errors, returns exit statuses. A command's code is loaded only when it
 * runs. The command receives its arguments, environment and working directory as values.
 */

import { setImmediate } from 'node:timers/promises';
import { ConfigMapFsError, EXIT_STATUS, errorText, RUN_FAILED, systemCode } from '../base/errors.js';
import { closest } from '../base/suggestion.js';
import { SafeOutput } from '../native/safe-output.js';
import type { CliContext } from './context.js';

/** Runs one command line and returns the exit status. `program` is the file name that it was started by. */
export async function runProgram(program: string, args: readonly string[]): Promise<number> {
	let outputError: Error | undefined;
	process.stdout.on('error', (error) => {
		// A reader that closes its end has read enough.
		if (systemCode(error) !== 'EPIPE') outputError ??= error;
	});
	const written = async () => {
		// A failed write to a file is reported on the next tick.
		await setImmediate();
		if (outputError === undefined) return;
		const { systemReason } = await import('../go/system-reason.js');
		const text = `cannot write the output: ${systemReason(outputError)}; the output is incomplete`;
		throw new ConfigMapFsError('OUTPUT_REFUSED', text, { cause: outputError });
	};
	if (program !== 'mount.configmapfs') return await runToStatus(async () => args, written);
	const { helperStatus, mountHelperArguments } = await import('./commands/mount-helper.js');
	return helperStatus(await runToStatus(async () => mountHelperArguments(args), written));
}

/** `written` settles when the output is written. Errors: those of the output. */
async function runToStatus(
	words: () => Promise<readonly string[] | undefined>,
	written: () => Promise<void>,
): Promise<number> {
	let statuses: Statuses = EXIT_STATUS;
	try {
		const given = await words();
		if (given === undefined) return 0;
		const command = commandOf(given);
		statuses = command.statuses ?? EXIT_STATUS;
		const status = await command.run(given);
		await written();
		return status;
	} catch (error) {
		const known = error instanceof ConfigMapFsError;
		const isBug = !known || error.code === 'INTERNAL';
		const stack = isBug && error instanceof Error ? `${error.stack}\n` : '';
		const { manyLines } = await import('./print/terminal-text.js');
		new SafeOutput(2).write(manyLines(`error: ${errorText(error)}\n${stack}`));
		return statuses[known ? error.code : 'INTERNAL'];
	}
}

type Statuses = Readonly<Record<keyof typeof EXIT_STATUS, number>>;

interface Command {
	/** Takes the command line, beginning with the command's name. */
	run(words: readonly string[]): Promise<number>;
	/** Exit status of each error; default is the catalogue's. */
	readonly statuses?: Statuses;
}

type LoadCommand = () => Promise<(context: CliContext) => Promise<number>>;

function runStatuses(): Statuses {
	const { WAIT_TIMEOUT, COMMAND_NOT_FOUND, COMMAND_REFUSED, ...others } = EXIT_STATUS;
	const failed = Object.fromEntries(Object.keys(others).map((code) => [code, RUN_FAILED]));
	return { ...(failed as Record<keyof typeof others, number>), WAIT_TIMEOUT, COMMAND_NOT_FOUND, COMMAND_REFUSED };
}

const unmount: LoadCommand = async () => {
	const { unmountCommand } = await import('./commands/unmount-command.js');
	return (context) => unmountCommand(context, (line) => void process.stdout.write(`${line}\n`));
};

const create: LoadCommand = async () => {
	const { createCommand } = await import('./commands/create-command.js');
	return (context) => createCommand(context, (text) => void process.stdout.write(text));
};

const COMMANDS: Readonly<Record<string, { readonly load: LoadCommand; readonly statuses?: () => Statuses }>> = {
	run: { load: async () => (await import('./commands/run-command.js')).runCommand, statuses: runStatuses },
	env: { load: async () => (await import('./commands/env-command.js')).envCommand },
	lint: { load: async () => (await import('./commands/lint-command.js')).lintCommand },
	mount: { load: async () => (await import('./commands/mount-command.js')).mountCommand },
	unmount: { load: unmount },
	umount: { load: unmount },
	create: { load: create },
};

const COMMAND_NAMES = [...Object.keys(COMMANDS).filter((name) => name !== 'umount'), 'help'];

/** Prints the help of a command, or without a name of the program. */
function help(command?: string): Command {
	return {
		run: async () => {
			const { printHelp } = await import('./commands/help.js');
			await printHelp(command === 'umount' ? 'unmount' : command);
			return 0;
		},
	};
}

const VERSION: Command = {
	run: async () => {
		const { printVersion } = await import('./commands/help.js');
		printVersion();
		return 0;
	},
};

function commandOf([first, ...args]: readonly string[]): Command {
	if (first === '--version') return VERSION;
	if (first === 'help' || first === '--help' || first === '-h') {
		const topic = args.find((arg) => !arg.startsWith('-') && arg !== 'help');
		if (topic === undefined) return help();
		return Object.hasOwn(COMMANDS, topic) ? help(topic) : refuseUnknown(topic);
	}
	const known = first === undefined || !Object.hasOwn(COMMANDS, first) ? undefined : COMMANDS[first];
	if (known === undefined || first === undefined) return refuseUnknown(first);
	const end = args.indexOf('--');
	const flags = end < 0 ? args : args.slice(0, end);
	if (flags.includes('--help') || flags.includes('-h')) return help(first);
	if (flags.includes('--version')) return VERSION;
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

function refuseUnknown(first: string | undefined): never {
	if (first === undefined) {
		throw new ConfigMapFsError(
			'USAGE',
			'no command given; have: run, env, lint, mount, unmount, create; see "configmapfs --help"',
		);
	}
	const what = first.startsWith('-') ? `unknown flag: ${first}` : `unknown command "${first}" for "configmapfs"`;
	const near = first.startsWith('-') ? undefined : closest(first, COMMAND_NAMES);
	const hint = near === undefined ? '; see "configmapfs --help"' : `; did you mean "${near}"?`;
	throw new ConfigMapFsError('USAGE', what + hint);
}
