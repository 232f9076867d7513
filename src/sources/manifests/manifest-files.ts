/**
 * Which files a `-f` argument stands for, by kubectl's rules: a file whatever its name, or a directory's `.json`,
 * `.yaml` and `.yml` files in walking order. Knows nothing of their content.
 * Source: kubectl v1.32 cli-runtime resource/visitor.go, ExpandPathsToFileVisitors.
 */

import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../base/errors.js';

/** What is at the path of a `-f` argument. */
export type ManifestPath =
	| { readonly kind: 'missing' }
	/** A pipe or a device: it can be read once and says nothing of changes. */
	| { readonly kind: 'stream' }
	| { readonly kind: 'file' | 'directory'; readonly files: readonly string[] };

export interface ManifestListingOptions {
	/** Directories beneath a directory count too. */
	readonly recursive: boolean;
	/** Physical paths of directories that are never entered, such as this program's own mount points. */
	readonly ignore: ReadonlySet<string>;
}

const EXTENSIONS = ['.json', '.yaml', '.yml'];

/**
 * Lists the files; a directory that cannot be listed stands for what is in it, and whoever reads it tells why. Links to
 * files count, links to directories are not entered, except the path itself. Order: as kubectl reads them, which decides
 * between two versions of an object.
 */
export function listManifestFiles(path: string, options: ManifestListingOptions): ManifestPath {
	let stats: Stats;
	try {
		stats = statSync(path);
	} catch (error) {
		// Everything but absence is told by whoever reads the file.
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

/** Order of two listed paths: the order in which a walk meets them, segment by segment. */
export function compareWalkOrder(a: string, b: string): number {
	// NUL is in no path and sorts before everything: it ends a segment as the end of the text does.
	return compareText(a.replaceAll('/', '\0'), b.replaceAll('/', '\0'));
}

function compareText(a: string, b: string): number {
	return a === b ? 0 : a < b ? -1 : 1;
}
