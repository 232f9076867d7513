/** Creates directories together with their parents. */

import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from './errors.js';

/**
 * Creates a directory and its missing parents, and returns the created paths, the deepest first. Does not use Node's
 * `recursive`, which loops forever in a directory that cannot have new entries, such as /proc (Node 20.20).
 * Errors: those of mkdir(2); EEXIST only if the path is not a directory.
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
		// Starts again: another process may have created it, or it ends in ".." and exists with its parents.
		return [...makeDirectories(path, mode), ...parents];
	}
}
