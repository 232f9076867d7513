/**
 * The directory that a person named as mount point: checked, healed of a dead mount, made when asked. Every error says
 * what to do.
 */

import { lstatSync, readdirSync, realpathSync, rmdirSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { makeDirectories } from '../base/directories.js';
import { ConfigMapFsError, errorText, systemCode } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { findMount, isOurs, probeMount, unmountPath } from '../mounts/mount-table.js';
import { mountedAlready } from '../mounts/mount-turn.js';

export interface MountPoint {
	/** Absolute, without symbolic links: as the mount table has it. */
	readonly path: string;
	/** Removes the directories that were made for the mount, where they are empty. */
	removeIfMade(): void;
}

/** How often and how long to wait for a mount whose daemon has just been killed. Unit: milliseconds. */
const DYING_TRIES = 6;
const DYING_WAIT_MS = 100;

/**
 * Errors: MOUNT_POINT_INVALID missing, no directory, no permission; MOUNT_POINT_BUSY a living mount of ours is there.
 */
export async function prepareMountPoint(
	directory: string,
	options: { readonly make: boolean; readonly log: Logger },
): Promise<MountPoint> {
	const made = options.make ? makeMissing(resolve(directory)) : [];
	let path = await healed(canonicalPath(directory), options.log);
	const stat = statDirectory(path, directory);
	if (stat.isSymbolicLink()) {
		path = await healed(realpathSync.native(path), options.log);
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

/** Says so when a mount would hide files. */
export function warnIfNotEmpty(path: string, log: Logger): void {
	try {
		const [first] = readdirSync(path);
		if (first !== undefined) log.warn(`"${path}" is not empty: "${first}" and the rest are hidden while it is mounted`);
	} catch {
		// A directory that cannot be listed can still be mounted on.
	}
}

/**
 * Absolute, links of the parents resolved as the kernel does, `..` behind a link included. The last component is not
 * touched: it may be a mount that hangs.
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
			`Cannot use "${directory}": ${reasonOf(error)}; make it with "mkdir -p", or pass --mkdir`,
			{ cause: error },
		);
	}
}

/** Takes away mounts of ours whose server is gone, however many are stacked. */
async function healed(path: string, log: Logger): Promise<string> {
	let tries = 0;
	for (;;) {
		const top = findMount(path);
		if (top === undefined || !isOurs(top)) return path;
		const state = await probeMount(path);
		if (state === 'alive') {
			// The server of a killed daemon needs a moment to take its mount away.
			if (++tries < DYING_TRIES) {
				await new Promise((done) => setTimeout(done, DYING_WAIT_MS));
				continue;
			}
			throw mountedAlready(path);
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
					? `another program's dead mount is there; "fusermount3 -u -z ${given}" or "umount -l ${given}"`
					: 'choose a directory that you may use';
		throw new ConfigMapFsError('MOUNT_POINT_INVALID', `Cannot use "${given}": ${reasonOf(error)}; ${cure}`, {
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

/** Makes what is missing; returns what was made, the deepest first. A dead mount is there, though stat says no. */
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
		const { path: place = path } = error as NodeJS.ErrnoException;
		throw new ConfigMapFsError('MOUNT_POINT_INVALID', `Cannot make "${place}": ${reasonOf(error)}`, { cause: error });
	}
}
