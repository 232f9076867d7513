/**
 * Lists the files of a `-f` argument by kubectl's rules: a file of any name, or the `.json`, `.yaml` and `.yml` files of
 * a directory in walking order. Knows nothing of their content.
 * Source: kubectl v1.32 cli-runtime resource/visitor.go, ExpandPathsToFileVisitors.
 */

import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../base/errors.js';
import type { PathMatch } from '../../base/glob.js';

/** What the path of a `-f` argument leads to. */
export type ManifestPath =
	| { readonly kind: 'missing' }
	/** A pipe or a device: it can be read only once, and it cannot be watched. */
	| { readonly kind: 'stream' }
	| { readonly kind: 'file' | 'directory'; readonly files: readonly string[] };

export interface ManifestListingOptions {
	/** Whether subdirectories are listed too. */
	readonly recursive: boolean;
	/** Physical paths of directories that are never entered, such as the mount points of this program. */
	readonly ignore: ReadonlySet<string>;
	/** Files and directories that are not listed; the path itself always is. Default is none. */
	readonly exclude?: PathMatch;
}

const EXTENSIONS = ['.json', '.yaml', '.yml'];

/**
 * Lists the files. A directory that cannot be listed is in the list itself, so that its reader reports the reason.
 * Links to files are listed; links to directories are not entered, except the path itself. The order is that in which
 * kubectl reads them: it decides between two versions of an object.
 */
export function listManifestFiles(path: string, options: ManifestListingOptions): ManifestPath {
	let stats: Stats;
	try {
		stats = statSync(path);
	} catch (error) {
		// The reader of the file reports every other error.
		const code = systemCode(error);
		return code === 'ENOENT' || code === 'ENOTDIR' ? { kind: 'missing' } : { kind: 'file', files: [path] };
	}
	if (stats.isFile()) return { kind: 'file', files: [path] };
	if (!stats.isDirectory()) return { kind: 'stream' };
	return { kind: 'directory', files: listDirectory(path, physicalPath(path), options) };
}

function physicalPath(path: string): string {
	try {
		return realpathSync(path);
	} catch {
		return path;
	}
}

function listDirectory(directory: string, physical: string, options: ManifestListingOptions): readonly string[] {
	const files: string[] = [];
	const entries = entriesByName(directory);
	if (entries === undefined) return [directory];
	for (const entry of entries) {
		const path = join(directory, entry.name);
		if (options.exclude?.(path) === true) continue;
		if (entry.isDirectory()) {
			const beneath = join(physical, entry.name);
			if (options.recursive && !options.ignore.has(beneath)) files.push(...listDirectory(path, beneath, options));
		} else if (EXTENSIONS.some((extension) => entry.name.endsWith(extension)) && !isLinkToDirectory(entry, path)) {
			files.push(path);
		}
	}
	return files;
}

function entriesByName(directory: string): readonly Dirent[] | undefined {
	try {
		const entries = readdirSync(directory, { withFileTypes: true });
		return entries.sort((a, b) => compareText(a.name, b.name));
	} catch {
		return undefined;
	}
}

function isLinkToDirectory(entry: Dirent, path: string): boolean {
	if (!entry.isSymbolicLink()) return false;
	try {
		return statSync(path).isDirectory();
	} catch {
		return false;
	}
}

/** Compares two listed paths segment by segment, which is the order of a walk. */
export function compareWalkOrder(a: string, b: string): number {
	// No path contains NUL, and NUL sorts before every character, as the end of the text does.
	return compareText(a.replaceAll('/', '\0'), b.replaceAll('/', '\0'));
}

function compareText(a: string, b: string): number {
	return a === b ? 0 : a < b ? -1 : 1;
}
