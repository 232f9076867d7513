/**
 * Resolves a path as the kernel does, entry by entry and link by link, and reports every directory entry on the way.
 * Reports an entry before reading it, so a caller that watches the entry from then on misses no change.
 */

import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The end of a resolved path: a file or a directory with its physical path, or `missing` if an entry does not exist. */
export type PathEnd = { readonly kind: 'file' | 'directory'; readonly path: string } | { readonly kind: 'missing' };

/** The kernel's own limit. Source: linux v6.12 include/linux/namei.h, MAXSYMLINKS. */
const MAX_LINKS = 40;

const MISSING: PathEnd = { kind: 'missing' };

/**
 * Resolves an absolute path. Calls `onEntry(directory, name)` for each entry before reading it; `directory` is physical
 * (contains no link). `onEntry` returns false if the directory is gone, which ends the resolution.
 * Errors: none; an entry that cannot be read counts as missing.
 */
export function tracePath(path: string, onEntry: (directory: string, name: string) => boolean): PathEnd {
	const pending = path.split('/').reverse();
	let current = '/';
	let links = 0;
	for (;;) {
		const name = pending.pop();
		if (name === undefined) return { kind: 'directory', path: current };
		if (name === '' || name === '.') continue;
		if (name === '..') {
			current = dirname(current);
			continue;
		}
		if (!onEntry(current, name)) return MISSING;
		const full = join(current, name);
		try {
			const stats = lstatSync(full);
			if (stats.isSymbolicLink()) {
				links += 1;
				if (links > MAX_LINKS) return MISSING;
				const target = readlinkSync(full);
				if (target.startsWith('/')) current = '/';
				pending.push(...target.split('/').reverse());
			} else if (stats.isDirectory()) {
				current = full;
			} else {
				return pending.some((rest) => rest !== '' && rest !== '.') ? MISSING : { kind: 'file', path: full };
			}
		} catch {
			return MISSING;
		}
	}
}
