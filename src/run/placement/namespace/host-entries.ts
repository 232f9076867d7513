/**
 * The entries of a host's directory, shown one by one in a directory that takes its place.
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

/** `bind` shows the host's own, `copy` is for symbolic links, `leave` is for what the place shows by itself. */
export type Showing = 'bind' | 'copy' | 'leave';

/**
 * Shows what is in the directory behind the descriptor `original` in the directory `place`; `makes` says whether a name
 * to bind on must be made there first. Returns the names that cannot be shown.
 * Errors: the system error when the directory cannot be listed, or nothing more can be mounted.
 */
export function showEntries(
	original: number,
	place: string,
	options: {
		readonly showing: (entry: Dirent<Buffer>) => Showing;
		readonly makes: boolean;
		readonly bind?: typeof bindMount;
	},
): readonly string[] {
	const { showing, makes, bind = bindMount } = options;
	const missed: string[] = [];
	const from = pathOf(original);
	for (const entry of readdirSync(from, { withFileTypes: true, encoding: 'buffer' })) {
		const source = below(from, entry.name);
		const target = below(place, entry.name);
		try {
			const how = showing(entry);
			if (how === 'copy') symlinkSync(readlinkSync(source, 'buffer'), target);
			if (how !== 'bind') continue;
			if (makes) makePlace(target, entry.isDirectory());
			// Inside a user namespace nothing of what is mounted below can be left out.
			bind(source, target, true);
		} catch (error) {
			const code = systemCode(error);
			// Too many mounts: the next one would fail too.
			if (code === 'ENOSPC' || code === 'ENOMEM') throw error;
			// One that has just been removed is not missed; one behind a dead server is.
			if (code !== 'ENOENT') missed.push(entry.name.toString());
		}
	}
	return missed;
}

/** Names need not be UTF-8. */
function below(directory: string, name: Buffer): Buffer {
	return Buffer.concat([Buffer.from(`${directory}/`), name]);
}

/** Something to mount on. Errors: the system error; EEXIST when it is there. */
export function makePlace(path: string | Buffer, isDirectory: boolean): void {
	if (isDirectory) mkdirSync(path, 0o755);
	else closeSync(openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644));
}
