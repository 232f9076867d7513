/**
 * Starts one process where the application runs: in its mount namespace, with its environment and its user, in our own
 * process group and session. This is how the application itself and the commands of `--on-change` start.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { ConfigMapFsError, errorText, systemCode } from '../../base/errors.js';
import { checkWorkingDirectory, findCommand } from './command-lookup.js';
import type { Credentials } from './credentials.js';
import { formatFault } from './executable-format.js';
import { type Inheritance, withInheritance } from './inheritance.js';
import { knownSetpriv, type Launch, launchOf } from './launcher.js';

/** Runs `act` synchronously with this thread in the application's mount namespace; returns its result. */
export type Within = <T>(act: () => T) => T;

/** Everything that a process is started with besides its command. */
export interface ProcessSurroundings {
	/** The complete environment. */
	readonly env: Readonly<Record<string, string>>;
	/** Absolute, as the application sees it. */
	readonly cwd: string;
	/** Undefined: those of the caller. */
	readonly credentials?: Credentials | undefined;
	/** `inherit`: our own standard input. */
	readonly stdin: 'inherit' | 'ignore';
	readonly within: Within;
	readonly inheritance: Inheritance;
}

/**
 * Resolves once the process runs. Its output goes to our output.
 * Errors: COMMAND_NOT_FOUND, COMMAND_REFUSED.
 */
export async function spawnWithin(
	command: readonly string[],
	surroundings: ProcessSurroundings,
): Promise<ChildProcess> {
	const { env, cwd, credentials, stdin, within, inheritance } = surroundings;
	const [name = ''] = command;
	const setpriv = knownSetpriv();
	const existsOutside = existsSync(cwd);
	const child = within(() => {
		checkWorkingDirectory(cwd, existsOutside);
		const path = findCommand(name, { env, cwd });
		const isFoundByName = name.includes('/') || env.PATH !== undefined;
		// A volume of the pod may be mounted over it, or over its loader.
		const isUsable = setpriv !== undefined && existsSync(setpriv) && formatFault(setpriv, cwd) === undefined;
		const usable = isUsable ? setpriv : undefined;
		const launch = launchOf({ command, path, isFoundByName, credentials }, usable);
		return withInheritance(inheritance, () => spawnNow(name, launch, { env, cwd, stdin }));
	});
	if (child.pid !== undefined) {
		child.on('error', () => {});
		return child;
	}
	throw await new Promise<unknown>((resolve) => {
		child.on('error', (error) => resolve(startError(name, error)));
	});
}

function spawnNow(
	name: string,
	launch: Launch,
	options: {
		readonly env: Readonly<Record<string, string>>;
		readonly cwd: string;
		readonly stdin: 'inherit' | 'ignore';
	},
): ChildProcess {
	const { env, cwd, stdin } = options;
	try {
		return spawn(launch.file, launch.args, { ...launch.options, env, cwd, stdio: [stdin, 'inherit', 'inherit'] });
	} catch (error) {
		throw startError(name, error);
	}
}

/** Limits that a user can exceed, with the cure. Source: execve(2), fork(2). */
const CURES: Readonly<Record<string, string>> = {
	E2BIG: 'the environment and the arguments are too long; each may have 131072 bytes, use a volume for more',
	EAGAIN: 'too many processes; raise the limit (ulimit -u)',
	EMFILE: 'too many open files; raise the limit (ulimit -n)',
	ENOMEM: 'not enough memory',
};

function startError(name: string, error: unknown): ConfigMapFsError {
	const code = systemCode(error) ?? '';
	const why = CURES[code] ?? errorText(error);
	return new ConfigMapFsError('COMMAND_REFUSED', `cannot start "${name}": ${why}`, { cause: error });
}
