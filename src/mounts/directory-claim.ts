/**
 * The right to write a plain directory, which one daemon at a time has, whichever user runs it: an exclusive flock(2) on
 * the directory itself.
 */

import { closeSync, constants, openSync } from 'node:fs';
import { tryLock } from '../native/libc.js';

export interface DirectoryClaim {
	release(): void;
}

/**
 * Returns undefined if another process holds the claim. The claim ends with this process.
 * Requires: an absolute, canonical path of an existing directory. Errors: the system error of open(2).
 */
export function claimDirectory(directory: string): DirectoryClaim | undefined {
	const fd = openDirectory(directory);
	if (tryLock(fd)) return { release: () => closeSync(fd) };
	closeSync(fd);
	return undefined;
}

/** Whether a living process holds the claim. False for a path that cannot be opened. */
export function isClaimed(directory: string): boolean {
	try {
		const fd = openDirectory(directory);
		const isFree = tryLock(fd);
		closeSync(fd);
		return !isFree;
	} catch {
		return false;
	}
}

function openDirectory(path: string): number {
	return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
}
