/**
 * Walks a path the way the kernel does, entry by entry and link by link, and names every directory entry on the way.
 * Knows nothing of watches. The caller hears of an entry before it is looked at: whoever watches the entry from then
 * on misses no change of what was seen.
 */

import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where a walk ended: at a file or directory, with its physical path, or before the end of the path. */
export type PathEnd = { readonly kind: 'file' | 'directory'; readonly path: string } | { readonly kind: 'missing' };

/** The kernel's own limit. Source: linux v6.12 include/linux/namei.h, MAXSYMLINKS. */
const MAX_LINKS = 40;

const MISSING: PathEnd = { kind: 'missing' };

/**
 * Follows an absolute path. `onEntry(directory, name)` hears of each entry before it is looked at; `directory` is
 * physical (no link in it). It returns false when the directory is gone, which ends the walk.
 * Errors: none; whatever cannot be looked at is missing.
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
