/** Directories with their parents. */

import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from './errors.js';

/**
 * Makes a directory and the parents that it lacks, and returns what it made, the deepest first. Not by Node's
 * `recursive`: where a directory can have no more, such as /proc, that tries for ever (Node 20.20).
 * Errors: those of mkdir(2); EEXIST only for what is no directory.
 */
export function makeDirectories(path: string, mode = 0o777): readonly string[] {
	try {
		mkdirSync(path, { mode });
		return [path];
	} catch (error) {
		const code = systemCode(error);
		if (code === 'EEXIST' && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return [];
		const parent = dirname(path);
		if (code !== 'ENOENT' || statSync(parent, { throwIfNoEntry: false }) !== undefined) throw error;
		const parents = makeDirectories(parent, mode);
		// Once more from the start: with its parents it may be there, by somebody else or because it ends in "..".
		return [...makeDirectories(path, mode), ...parents];
	}
}
