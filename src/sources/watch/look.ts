/**
 * One synchronous look at directories and files, for tracing and for polling. Knows nothing of watches. Nothing here
 * fails: what cannot be looked at looks like nothing, and looks different once it can be.
 */

import { type BigIntStats, type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../base/errors.js';

/** The entries of a directory with their types; none if it cannot be listed. */
export function directoryEntries(directory: string): readonly Dirent[] {
	try {
		return readdirSync(directory, { withFileTypes: true });
	} catch {
		return [];
	}
}

/**
 * A text that differs when the named entries differ (all entries: when `names` is undefined). It covers inode, size,
 * and the times of content and of attributes. For a file it covers the file. Never empty.
 */
export function lookSignature(path: string, names: Iterable<string> | undefined): string {
	const chosen = names ?? directoryEntries(path).map((entry) => entry.name);
	return `${lookAt(path)}\n${[...chosen].map((name) => `${name} ${lookAt(join(path, name))}`).join('\n')}`;
}

function lookAt(path: string): string {
	let stats: BigIntStats | undefined;
	try {
		stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
	} catch (error) {
		return systemCode(error) ?? 'unknown';
	}
	if (stats === undefined) return 'missing';
	return `${stats.dev}:${stats.ino}:${stats.isDirectory() ? '' : stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}
