/**
 * Finds the file of a command as container runtimes do: in the PATH of the application's environment, relative to its
 * working directory. A command that cannot start is refused with its reason before a process exists.
 *
 * Requires: the thread is in the application's mount namespace.
 */

import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigMapFsError, systemCode } from '../../base/errors.js';
import { formatFault } from './executable-format.js';

/** Source: containerd v1.7 oci.WithDefaultPathEnv. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface CommandSurroundings {
	readonly env: Readonly<Record<string, string>>;
	/** Absolute. */
	readonly cwd: string;
}

/**
 * `existsOutside`: whether the directory exists outside the mount namespace of the application.
 * Errors: COMMAND_REFUSED. A container runtime creates a missing directory; here it would be a directory of the host.
 */
export function checkWorkingDirectory(cwd: string, existsOutside = false): void {
	try {
		if (!statSync(cwd).isDirectory()) {
			throw new ConfigMapFsError(
				'COMMAND_REFUSED',
				`the working directory "${cwd}" is not a directory; choose another`,
			);
		}
		accessSync(cwd, constants.X_OK);
	} catch (error) {
		if (error instanceof ConfigMapFsError) throw error;
		const code = systemCode(error);
		if (code === 'ENOENT' || code === 'ENOTDIR') {
			const text = existsOutside
				? `the working directory "${cwd}" is hidden by a volume that is mounted above it; choose another`
				: `the working directory "${cwd}" does not exist; create it first, because run does not create it as a container runtime would`;
			throw new ConfigMapFsError('COMMAND_REFUSED', text, { cause: error });
		}
		const text = `cannot enter the working directory "${cwd}" (${code}); choose another`;
		throw new ConfigMapFsError('COMMAND_REFUSED', text, { cause: error });
	}
}

/**
 * The absolute path of the file that `name` starts.
 * Errors: COMMAND_NOT_FOUND (status 127), COMMAND_REFUSED (status 126).
 */
export function findCommand(name: string, surroundings: CommandSurroundings): string {
	const path = name.includes('/') ? atPath(name, surroundings) : inPath(name, surroundings);
	const fault = formatFault(path, surroundings.cwd);
	if (fault !== undefined) throw refused(name, path, fault);
	return path;
}

/** Why a candidate cannot be executed. */
type Fault = 'missing' | 'a directory' | 'not executable' | 'out of reach';

function atPath(name: string, { cwd }: CommandSurroundings): string {
	const path = resolve(cwd, name);
	const fault = faultOf(path);
	if (fault === undefined) return path;
	if (fault === 'missing') {
		const where = path === name ? '' : ` in "${cwd}"`;
		throw new ConfigMapFsError('COMMAND_NOT_FOUND', `"${name}": no such file or directory${where}; correct the path`);
	}
	throw refused(name, path, TEXTS[fault]);
}

function inPath(name: string, { env, cwd }: CommandSurroundings): string {
	if (name === '') {
		throw new ConfigMapFsError('COMMAND_NOT_FOUND', '"": the command is empty; give the name of a program');
	}
	const searched = env.PATH ?? DEFAULT_PATH;
	let found: { readonly path: string; readonly fault: Exclude<Fault, 'missing'> } | undefined;
	for (const directory of searched.split(':')) {
		const path = resolve(cwd, directory, name);
		const fault = faultOf(path);
		if (fault === undefined) return path;
		// As in execvp(3), a later directory may have an executable one.
		if (fault !== 'missing' && fault !== 'a directory') found ??= { path, fault };
	}
	if (found !== undefined) throw refused(name, found.path, TEXTS[found.fault]);
	const isInDirectory = faultOf(resolve(cwd, name)) === undefined;
	const cure = isInDirectory ? `did you mean "./${name}"?` : 'give its path, or set PATH';
	const where = env.PATH === undefined ? `${searched}, because PATH is not set` : searched;
	throw new ConfigMapFsError('COMMAND_NOT_FOUND', `"${name}": not found in PATH (${where}); ${cure}`);
}

const TEXTS: Readonly<Record<Exclude<Fault, 'missing'>, string>> = {
	'a directory': 'it is a directory; name a program in it',
	'not executable': 'permission denied: it is not executable; run chmod +x on it',
	'out of reach':
		'permission denied: its mode allows execution, but its owner or a noexec mount does not; choose another',
};

function faultOf(path: string): Fault | undefined {
	let stat: Stats;
	try {
		stat = statSync(path);
	} catch (error) {
		const code = systemCode(error);
		return code === 'EACCES' ? 'out of reach' : 'missing';
	}
	if (stat.isDirectory()) return 'a directory';
	if ((stat.mode & 0o111) === 0) return 'not executable';
	try {
		accessSync(path, constants.X_OK);
		return undefined;
	} catch {
		return 'out of reach';
	}
}

function refused(name: string, path: string, why: string): ConfigMapFsError {
	const which = path === name ? `"${name}"` : `"${name}" (${path})`;
	return new ConfigMapFsError('COMMAND_REFUSED', `${which}: ${why}`);
}
