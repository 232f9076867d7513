/**
 * Which file a command is, looked up as container runtimes do: in the PATH of the application's environment, from its
 * working directory. What cannot be started is said in one sentence before anything is started.
 *
 * Requires: called in the application's mount namespace.
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
 * `isOutside`: it is there for others than the application.
 * Errors: COMMAND_REFUSED. A container runtime would make it; here that would be a directory of the host.
 */
export function checkWorkingDirectory(cwd: string, isOutside = false): void {
	try {
		if (!statSync(cwd).isDirectory()) {
			throw new ConfigMapFsError('COMMAND_REFUSED', `The working directory "${cwd}" is no directory; choose another`);
		}
		accessSync(cwd, constants.X_OK);
	} catch (error) {
		if (error instanceof ConfigMapFsError) throw error;
		const code = systemCode(error);
		if (code === 'ENOENT' || code === 'ENOTDIR') {
			const text = isOutside
				? `The working directory "${cwd}" is hidden by a volume that is mounted above it; choose another`
				: `The working directory "${cwd}" does not exist; a container runtime would make it, here make it first`;
			throw new ConfigMapFsError('COMMAND_REFUSED', text, { cause: error });
		}
		const text = `The working directory "${cwd}" cannot be entered (${code}); choose another`;
		throw new ConfigMapFsError('COMMAND_REFUSED', text, { cause: error });
	}
}

/**
 * The absolute path of what `name` would start.
 * Errors: COMMAND_NOT_FOUND (status 127), COMMAND_REFUSED (status 126).
 */
export function findCommand(name: string, surroundings: CommandSurroundings): string {
	const path = name.includes('/') ? atPath(name, surroundings) : inPath(name, surroundings);
	const fault = formatFault(path, surroundings.cwd);
	if (fault !== undefined) throw refused(name, path, fault);
	return path;
}

/** What is wrong with a candidate; undefined: it can be executed. */
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
		throw new ConfigMapFsError('COMMAND_NOT_FOUND', '"": the command is an empty word; give the name of a program');
	}
	const searched = env.PATH ?? DEFAULT_PATH;
	let found: { readonly path: string; readonly fault: Exclude<Fault, 'missing'> } | undefined;
	for (const directory of searched.split(':')) {
		const path = resolve(cwd, directory, name);
		const fault = faultOf(path);
		if (fault === undefined) return path;
		// As execvp(3): what cannot be executed may be found in a later directory.
		if (fault !== 'missing' && fault !== 'a directory') found ??= { path, fault };
	}
	if (found !== undefined) throw refused(name, found.path, TEXTS[found.fault]);
	const isHere = faultOf(resolve(cwd, name)) === undefined;
	const cure = isHere ? `"./${name}" is there, use that` : 'give its path, or set PATH';
	const where = env.PATH === undefined ? `${searched}, because PATH is not set` : searched;
	throw new ConfigMapFsError('COMMAND_NOT_FOUND', `"${name}": not found in PATH (${where}); ${cure}`);
}

const TEXTS: Readonly<Record<Exclude<Fault, 'missing'>, string>> = {
	'a directory': 'it is a directory; name a program in it',
	'not executable': 'permission denied: it is not executable, chmod +x makes it so',
	'out of reach': 'permission denied: it may be executed, but not here, because of its owner or a noexec mount',
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
