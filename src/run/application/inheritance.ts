/**
 * Open descriptors and the limit of open files that this process inherited, and that Node does not pass on to children.
 * The application gets both, as it would from a shell.
 */

import { setInheritable } from '../../native/libc.js';
import { inheritedDescriptors, openDescriptors, openFilesLimit } from '../../native/proc.js';
import { setSoftOpenFiles } from '../../native/process.js';

export interface Inheritance {
	/** Descriptors above 2 that were open when this process started: `5<file`, `<(command)`. */
	readonly descriptors: readonly number[];
	/** The soft limit of open files before Node raised it to the hard limit; undefined: it did not, or is unknown. */
	readonly softOpenFiles: bigint | undefined;
}

export const NOTHING_INHERITED: Inheritance = { descriptors: [], softOpenFiles: undefined };

/**
 * Takes the inheritance of this process. From now on only children that start in `withInheritance` get the descriptors.
 * Requires: the program has not opened a file yet.
 *
 * Node does not keep the original limit, so it is read from the parent process, which has the same one unless it was
 * changed between fork and exec. If the hard limits differ it was changed, and Node's limit stays.
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

/** Descriptors that the start of a process needs. */
const SPARE_DESCRIPTORS = 32;

/** Runs `start`; the process that it starts gets the inheritance. */
export function withInheritance<T>(inheritance: Inheritance, start: () => T): T {
	const { descriptors, softOpenFiles } = inheritance;
	for (const fd of descriptors) setInheritable(fd, true);
	const previous = lowerLimit(softOpenFiles);
	try {
		return start();
	} finally {
		if (previous !== undefined) setSoftOpenFiles(previous);
		for (const fd of descriptors) setInheritable(fd, false);
	}
}

/** For a moment the limit holds for this process too, so it must allow the descriptors that are open. */
function lowerLimit(softOpenFiles: bigint | undefined): bigint | undefined {
	if (softOpenFiles === undefined) return undefined;
	const highest = openDescriptors().reduce((most, { fd }) => Math.max(most, fd), 0);
	return softOpenFiles > highest + SPARE_DESCRIPTORS ? setSoftOpenFiles(softOpenFiles) : undefined;
}
