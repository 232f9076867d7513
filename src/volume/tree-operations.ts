/**
 * The port through which a volume is changed (types only). Each call is one VFS operation, made and finished in the
 * order of the calls. Paths are relative to the root of the tree, without a leading "./".
 * Errors: the system error of the call; after an error the tree is as before the call.
 */

import type { DirectoryContent } from './content.js';

export interface TreeOperations {
	/** Whether a directory can come into being with its whole content by one `mkdir`. */
	readonly makesWholeDirectories: boolean;
	/** Whether a removed name can resolve a while longer, so that walks under way are not lost. */
	readonly keepsRemovedNames: boolean;
	/** `content` is what the directory holds; with `makesWholeDirectories` it holds it at once. */
	mkdir(path: string, mode: number, content: DirectoryContent): void;
	/** Writes the files of a new directory; nothing to do with `makesWholeDirectories`. */
	fill(path: string, content: DirectoryContent): void;
	chmod(path: string, mode: number): void;
	symlink(target: string, path: string): void;
	/** `unlist`: a sibling that leaves listings in the same instant while it can still be opened. */
	rename(path: string, newPath: string, unlist?: string): void;
	/** Unit: milliseconds that the name still resolves, with `keepsRemovedNames`. */
	unlink(path: string, graceMs: number): void;
	rmdir(path: string, graceMs: number): void;
	/** Whether somebody else has taken a name away. Absent where nobody else can. */
	isGone?(path: string): boolean;
}
