/**
 * What this process got from whoever started it and Node hides from children: open descriptors and the limit of open
 * files. The application gets both, as it would from a shell.
 */

import { setInheritable } from '../../native/libc.js';
import { inheritedDescriptors, openDescriptors, openFilesLimit } from '../../native/proc.js';
import { setSoftOpenFiles } from '../../native/process.js';

export interface Inheritance {
	/** Descriptors above 2 that were open when this process started: `5<file`, `<(command)`. */
	readonly descriptors: readonly number[];
	/** The soft limit of open files before Node raised it to the hard one; undefined: it did not, or nobody knows. */
	readonly softOpenFiles: bigint | undefined;
}

export const NOTHING_INHERITED: Inheritance = { descriptors: [], softOpenFiles: undefined };

/**
 * Finds out, and keeps the descriptors from every child but those that are started `bequeathing` them.
 * Requires: called before the program opens anything itself.
 *
 * Node leaves no trace of the limit. It is taken from the parent process, which has the same one unless somebody
 * changed it between fork and exec; where the hard limits differ somebody did, and Node's is left.
 */
export function takeInheritance(): Inheritance {
	const open = openDescriptors().filter(({ fd }) => fd > 2);
	const descriptors = inheritedDescriptors(open);
	for (const { fd } of open) setInheritable(fd, false);
	const own = openFilesLimit('self');
	const parent = openFilesLimit(process.ppid);
	const isSame = own !== undefined && parent !== undefined && own.hard === parent.hard;
	return { descriptors, softOpenFiles: isSame && parent.soft !== own.soft ? parent.soft : undefined };
}

/** Room for what starting a process opens. */
const SPARE_DESCRIPTORS = 32;

/** Runs `start`, which starts a process, so that this process gets the inheritance. */
export function bequeathing<T>(inheritance: Inheritance, start: () => T): T {
	const { descriptors, softOpenFiles } = inheritance;
	for (const fd of descriptors) setInheritable(fd, true);
	const previous = lowered(softOpenFiles);
	try {
		return start();
	} finally {
		if (previous !== undefined) setSoftOpenFiles(previous);
		for (const fd of descriptors) setInheritable(fd, false);
	}
}

/** The limit is this whole process's for a moment, so it must leave room for what is open. */
function lowered(softOpenFiles: bigint | undefined): bigint | undefined {
	if (softOpenFiles === undefined) return undefined;
	const highest = openDescriptors().reduce((most, { fd }) => Math.max(most, fd), 0);
	return softOpenFiles > highest + SPARE_DESCRIPTORS ? setSoftOpenFiles(softOpenFiles) : undefined;
}
