/**
 * The current state of directories and files, for tracing and polling. Synchronous. Never fails: a path that cannot be
 * read has a signature too, which changes when the path becomes readable.
 */

import { type BigIntStats, type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../base/errors.js';

/** The entries of a directory with their types; empty if it cannot be listed. */
export function directoryEntries(directory: string): readonly Dirent[] {
	try {
		return readdirSync(directory, { withFileTypes: true });
	} catch {
		return [];
	}
}

/**
 * Returns a text that changes when the path or one of the named entries changes; undefined `names` means all entries.
 * It covers the inode, the size, and the times of content and attributes. Never empty.
 */
export function pathSignature(path: string, names: Iterable<string> | undefined): string {
	const chosen = names ?? directoryEntries(path).map((entry) => entry.name);
	return `${entrySignature(path)}\n${[...chosen].map((name) => `${name} ${entrySignature(join(path, name))}`).join('\n')}`;
}

function entrySignature(path: string): string {
	let stats: BigIntStats | undefined;
	try {
		stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
	} catch (error) {
		return systemCode(error) ?? 'unknown';
	}
	if (stats === undefined) return 'missing';
	return `${stats.dev}:${stats.ino}:${stats.isDirectory() ? '' : stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}
