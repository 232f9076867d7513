/** How the file system of an application differs from the machine's, as warnings. Pure. */

import type { PodWarning } from '../../pod/notices.js';
import type { PlacedApplication } from './placement.js';

/**
 * Warns of directories whose own files are copies if a work directory is one of them or lies inside; elsewhere that is
 * of no consequence. `workDirectories` are absolute.
 */
export function copyWarnings(
	placed: Pick<PlacedApplication, 'copyOnWrite' | 'unreachable'>,
	workDirectories: readonly string[],
): readonly PodWarning[] {
	const isUsed = (path: string) => workDirectories.some((one) => one === path || one.startsWith(`${path}/`));
	const text = 'files created or changed directly in this directory are visible only to this run, and lost at its end';
	return [
		...placed.copyOnWrite.filter((path) => path !== '/' && isUsed(path)).map((path) => ({ field: path, text })),
		...placed.unreachable.map((path) => ({ field: path, text: 'cannot be reached while the application runs' })),
	];
}
