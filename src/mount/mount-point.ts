/**
 * Prepares the directory to mount on: checks it, removes a dead mount from it, makes it if requested. Every error names
 * its cure.
 */

import { lstatSync, readdirSync, realpathSync, rmdirSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { makeDirectories } from '../base/directories.js';
import { ConfigMapFsError, errorText, systemCode } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { findMount, isOurs, probeMount, unmountPath } from '../mounts/mount-table.js';
import { alreadyMounted } from '../mounts/mount-turn.js';

export interface MountPoint {
	/** Absolute, without symbolic links, as in the mount table. */
	readonly path: string;
	/** Removes the directories that were made for the mount and are empty. */
	removeIfMade(): void;
}

/** How often to check whether the server of a killed daemon has removed its mount. */
const DYING_TRIES = 6;
/** Between two checks. Unit: milliseconds. */
const DYING_WAIT_MS = 100;

/**
 * Errors: MOUNT_POINT_INVALID if it is missing, not a directory, or not accessible; MOUNT_POINT_BUSY if configmapfs is
 * mounted there.
 */
export async function prepareMountPoint(
	directory: string,
	options: { readonly make: boolean; readonly log: Logger },
): Promise<MountPoint> {
	const made = options.make ? makeMissing(resolve(directory)) : [];
	let path = await removeDeadMounts(canonicalPath(directory), options.log);
	const stat = statDirectory(path, directory);
	if (stat.isSymbolicLink()) {
		path = await removeDeadMounts(realpathSync.native(path), options.log);
		if (!statSync(path).isDirectory()) throw notADirectory(directory);
	} else if (!stat.isDirectory()) throw notADirectory(directory);
	return {
		path,
		removeIfMade() {
			for (const one of made) {
				try {
					rmdirSync(one);
				} catch {
					return;
				}
			}
		},
	};
}

/** Logs a warning if the mount hides files. */
export function warnIfNotEmpty(path: string, log: Logger): void {
	try {
		const [first] = readdirSync(path);
		if (first !== undefined)
			log.warn(`"${path}" is not empty; "${first}" and its other files are hidden while it is mounted`);
	} catch {
		// A directory that cannot be listed can still be mounted on.
	}
}

/**
 * The absolute path, with symbolic links of the parents resolved as in the kernel, also where `..` follows a link. The
 * last component is not accessed, because it may be a mount that hangs.
 */
export function canonicalPath(directory: string): string {
	const trimmed = directory.replace(/(?<=[^/])(?:\/+\.?)*$/s, '');
	const name = basename(trimmed);
	try {
		if (name === '' || name === '.' || name === '..') return realpathSync.native(trimmed === '' ? '.' : trimmed);
		return join(realpathSync.native(dirname(trimmed)), name);
	} catch (error) {
		throw new ConfigMapFsError(
			'MOUNT_POINT_INVALID',
			`cannot use "${directory}": ${reasonOf(error)}; make it with "mkdir -p", or pass --mkdir`,
			{ cause: error },
		);
	}
}

/** Removes all dead mounts of configmapfs from the path; several may be stacked. */
async function removeDeadMounts(path: string, log: Logger): Promise<string> {
	let tries = 0;
	for (;;) {
		const top = findMount(path);
		if (top === undefined || !isOurs(top)) return path;
		const state = await probeMount(path);
		if (state === 'alive') {
			// The server of a killed daemon needs a moment to remove its mount.
			if (++tries < DYING_TRIES) {
				await new Promise((done) => setTimeout(done, DYING_WAIT_MS));
				continue;
			}
			throw alreadyMounted(path);
		}
		log.warn({ mountPoint: path, state }, `removing the mount of a killed daemon from "${path}"`);
		unmountPath(path, 'forcibly');
	}
}

function statDirectory(path: string, given: string): Stats {
	try {
		return lstatSync(path);
	} catch (error) {
		const cure =
			systemCode(error) === 'ENOENT'
				? 'make it with "mkdir", or pass --mkdir'
				: systemCode(error) === 'ENOTCONN'
					? `it is a dead mount of another program; remove it with "fusermount3 -u -z ${given}" or "umount -l ${given}"`
					: 'choose a directory that you can access';
		throw new ConfigMapFsError('MOUNT_POINT_INVALID', `cannot use "${given}": ${reasonOf(error)}; ${cure}`, {
			cause: error,
		});
	}
}

function notADirectory(given: string): ConfigMapFsError {
	return new ConfigMapFsError(
		'MOUNT_POINT_INVALID',
		`cannot mount on "${given}": not a directory; choose or make a directory`,
	);
}

const REASONS: Readonly<Record<string, string>> = {
	ENOENT: 'no such directory',
	EACCES: 'permission denied',
	ENOTDIR: 'a part of the path is not a directory',
	ENOTCONN: 'its mount is dead (transport endpoint is not connected)',
};

function reasonOf(error: unknown): string {
	return REASONS[systemCode(error) ?? ''] ?? errorText(error);
}

/** Makes missing directories; returns them, the deepest first. A dead mount exists, although stat(2) fails on it. */
function makeMissing(path: string): readonly string[] {
	try {
		lstatSync(path);
		return [];
	} catch (error) {
		if (systemCode(error) !== 'ENOENT') return [];
	}
	try {
		return makeDirectories(path);
	} catch (error) {
		const { path: failed = path } = error as NodeJS.ErrnoException;
		const text = `cannot make "${failed}": ${reasonOf(error)}; choose a directory that you can write`;
		throw new ConfigMapFsError('MOUNT_POINT_INVALID', text, { cause: error });
	}
}
