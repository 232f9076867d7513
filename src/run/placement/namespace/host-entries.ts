/**
 * Binds the entries of a host directory, one by one, into the directory that stands in for it.
 */

import {
	closeSync,
	constants,
	type Dirent,
	mkdirSync,
	openSync,
	readdirSync,
	readlinkSync,
	symlinkSync,
} from 'node:fs';
import { systemCode } from '../../../base/errors.js';
import { bindMount, pathOf } from '../../../native/namespace.js';

/**
 * `bind` mounts the entry, `copy` copies a symbolic link, `leave` does nothing: the stand-in shows the entry already.
 */
export type Showing = 'bind' | 'copy' | 'leave';

/**
 * Shows the entries of the directory of the descriptor `original` in the directory `standIn`. With `creates`, the mount
 * point of each entry is created first. Returns the names that cannot be shown.
 * Errors: the system error if the directory cannot be listed, or no more mounts are possible.
 */
export function showEntries(
	original: number,
	standIn: string,
	options: {
		readonly showing: (entry: Dirent<Buffer>) => Showing;
		readonly creates: boolean;
		readonly bind?: typeof bindMount;
	},
): readonly string[] {
	const { showing, creates, bind = bindMount } = options;
	const missed: string[] = [];
	const from = pathOf(original);
	for (const entry of readdirSync(from, { withFileTypes: true, encoding: 'buffer' })) {
		const source = below(from, entry.name);
		const target = below(standIn, entry.name);
		try {
			const how = showing(entry);
			if (how === 'copy') symlinkSync(readlinkSync(source, 'buffer'), target);
			if (how !== 'bind') continue;
			if (creates) createMountPointAt(target, entry.isDirectory());
			// In a user namespace the mounts below an entry cannot be left out.
			bind(source, target, true);
		} catch (error) {
			const code = systemCode(error);
			// There are too many mounts, so the next one would fail too.
			if (code === 'ENOSPC' || code === 'ENOMEM') throw error;
			// An entry that was just removed is not reported; one behind a dead server is.
			if (code !== 'ENOENT') missed.push(entry.name.toString());
		}
	}
	return missed;
}

/** Names need not be UTF-8. */
function below(directory: string, name: Buffer): Buffer {
	return Buffer.concat([Buffer.from(`${directory}/`), name]);
}

/** Creates an empty file or directory to mount on. Errors: the system error; EEXIST if it exists. */
export function createMountPointAt(path: string | Buffer, isDirectory: boolean): void {
	if (isDirectory) mkdirSync(path, 0o755);
	else closeSync(openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644));
}
