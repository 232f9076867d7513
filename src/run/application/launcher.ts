/**
 * How a process of the application is started: through setpriv of util-linux. It sets the user and the groups, and
 * makes the kernel kill the process when this one ends, even if this one is killed.
 */

import { readFileSync } from 'node:fs';
import { ConfigMapFsError } from '../../base/errors.js';
import type { Credentials } from './credentials.js';

const DIRECTORIES = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/run/current-system/sw/bin'];

let known: { readonly path: string | undefined } | undefined;

/** The setpriv of this machine, searched once. */
export function knownSetpriv(): string | undefined {
	known ??= { path: findSetpriv(DIRECTORIES) };
	return known.path;
}

/** Absolute path of the first usable setpriv (busybox's is not), or undefined. */
export function findSetpriv(directories: readonly string[]): string | undefined {
	return directories.map((directory) => `${directory}/setpriv`).find(knowsDeathSignal);
}

/** Looks for the option in the program's bytes, because running it would cost a process. */
function knowsDeathSignal(path: string): boolean {
	try {
		return readFileSync(path).includes('pdeathsig');
	} catch {
		return false;
	}
}

export interface Launch {
	readonly file: string;
	readonly args: readonly string[];
	/** Further options of `spawn`. */
	readonly options: { readonly argv0?: string; readonly uid?: number; readonly gid?: number };
}

export interface LaunchedCommand {
	readonly command: readonly string[];
	/** Absolute path of the file that the first word of the command names. */
	readonly path: string;
	/** Whether execvp(3) in the application's environment finds the same file: the word has a slash, or PATH is set. */
	readonly isFoundByName: boolean;
	readonly credentials: Credentials | undefined;
}

/** Errors: COMMAND_REFUSED if there is no setpriv, which supplementary groups need. */
export function launchOf(launched: LaunchedCommand, setpriv: string | undefined): Launch {
	const { command, path, isFoundByName, credentials } = launched;
	const [name = '', ...args] = command;
	if (setpriv !== undefined) {
		// The program sees the name as typed, as from a shell, unless that would start another file.
		const words = [isFoundByName ? name : path, ...args];
		return {
			file: setpriv,
			args: ['--pdeathsig', 'KILL', ...credentialFlags(credentials), '--', ...words],
			options: {},
		};
	}
	if (credentials !== undefined && credentials.groups.length > 0) {
		const text = `cannot give "${name}" the groups ${credentials.groups.join(', ')} without setpriv; install util-linux`;
		throw new ConfigMapFsError('COMMAND_REFUSED', text);
	}
	const ids = credentials === undefined ? {} : { uid: credentials.uid, gid: credentials.gid };
	return { file: path, args, options: { argv0: name, ...ids } };
}

function credentialFlags(credentials: Credentials | undefined): readonly string[] {
	if (credentials === undefined) return [];
	const { uid, gid, groups } = credentials;
	const groupFlags = groups.length === 0 ? ['--clear-groups'] : ['--groups', groups.join(',')];
	return ['--reuid', String(uid), '--regid', String(gid), ...groupFlags];
}
