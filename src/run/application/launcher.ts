/**
 * How a process of the application is started: through setpriv of util-linux, which makes it end with this process
 * whatever happens to it, and gives it the wanted user and groups.
 */

import { readFileSync } from 'node:fs';
import { ConfigMapFsError } from '../../base/errors.js';
import type { Credentials } from './credentials.js';

const PLACES = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/run/current-system/sw/bin'];

let known: { readonly path: string | undefined } | undefined;

/** The setpriv of this machine; looks once. */
export function knownSetpriv(): string | undefined {
	known ??= { path: findSetpriv(PLACES) };
	return known.path;
}

/** Absolute path of the first that can do it (that of busybox cannot); undefined where there is none. */
export function findSetpriv(places: readonly string[]): string | undefined {
	return places.map((place) => `${place}/setpriv`).find(knowsDeathSignal);
}

/** Its options are words in the program; asking it would cost a process. */
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
	/** What `spawn` is told besides. */
	readonly options: { readonly argv0?: string; readonly uid?: number; readonly gid?: number };
}

export interface LaunchedCommand {
	readonly command: readonly string[];
	/** The absolute path that the first word leads to. */
	readonly path: string;
	/** Whether execvp(3) in the application's environment finds the same: it has a slash, or PATH is set. */
	readonly isFoundByName: boolean;
	readonly credentials: Credentials | undefined;
}

/** Errors: COMMAND_REFUSED when the wanted groups cannot be given without setpriv. */
export function launchOf(launched: LaunchedCommand, setpriv: string | undefined): Launch {
	const { command, path, isFoundByName, credentials } = launched;
	const [name = '', ...args] = command;
	if (setpriv !== undefined) {
		// The program sees the name that was typed, as from a shell, wherever that leads to the same file.
		const words = [isFoundByName ? name : path, ...args];
		return {
			file: setpriv,
			args: ['--pdeathsig', 'KILL', ...credentialFlags(credentials), '--', ...words],
			options: {},
		};
	}
	if (credentials !== undefined && credentials.groups.length > 0) {
		const text = `To give "${name}" the groups ${credentials.groups.join(', ')}, setpriv is needed; install util-linux`;
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
