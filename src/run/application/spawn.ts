/**
 * Starts one process where the application lives: in its mount namespace, with its environment, as its user, in our
 * own process group and session. The application itself and commands of `--on-change` are started so.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { ConfigMapFsError, errorText, systemCode } from '../../base/errors.js';
import { checkWorkingDirectory, findCommand } from './command-lookup.js';
import type { Credentials } from './credentials.js';
import { formatFault } from './executable-format.js';
import { bequeathing, type Inheritance } from './inheritance.js';
import { knownSetpriv, type Launch, launchOf } from './launcher.js';

/** Runs `act` at once with this thread in the application's mount namespace, and gives its result. */
export type Within = <T>(act: () => T) => T;

/** Where and as whom a process is started. */
export interface ProcessSurroundings {
	/** All of its environment. */
	readonly env: Readonly<Record<string, string>>;
	/** Absolute, as the application sees it. */
	readonly cwd: string;
	/** Undefined: as the caller. */
	readonly credentials?: Credentials | undefined;
	/** `inherit` is our own, a terminal or whatever else. */
	readonly stdin: 'inherit' | 'ignore';
	readonly within: Within;
	readonly inheritance: Inheritance;
}

/**
 * Resolves when the process runs. Its output is ours.
 * Errors: COMMAND_NOT_FOUND, COMMAND_REFUSED.
 */
export async function spawnWithin(
	command: readonly string[],
	surroundings: ProcessSurroundings,
): Promise<ChildProcess> {
	const { env, cwd, credentials, stdin, within, inheritance } = surroundings;
	const [name = ''] = command;
	const setpriv = knownSetpriv();
	const isOutside = existsSync(cwd);
	const child = within(() => {
		checkWorkingDirectory(cwd, isOutside);
		const path = findCommand(name, { env, cwd });
		const isFoundByName = name.includes('/') || env.PATH !== undefined;
		// Something of the pod's may be mounted over it, or over what it is loaded with.
		const isUsable = setpriv !== undefined && existsSync(setpriv) && formatFault(setpriv, cwd) === undefined;
		const usable = isUsable ? setpriv : undefined;
		const launch = launchOf({ command, path, isFoundByName, credentials }, usable);
		return bequeathing(inheritance, () => spawnNow(name, launch, { env, cwd, stdin }));
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

/** Limits that a person can run into. Source: execve(2), fork(2). */
const CURES: Readonly<Record<string, string>> = {
	E2BIG: 'the environment and the arguments are too long; one of them may have 131072 bytes, use a volume for more',
	EAGAIN: 'there are too many processes; raise the limit (ulimit -u)',
	EMFILE: 'too many files are open; raise the limit (ulimit -n)',
	ENOMEM: 'there is too little memory',
};

function startError(name: string, error: unknown): ConfigMapFsError {
	const code = systemCode(error) ?? '';
	const why = CURES[code] ?? errorText(error);
	return new ConfigMapFsError('COMMAND_REFUSED', `"${name}" cannot be started: ${why}`, { cause: error });
}
