/**
 * The port that changes a tree (types only). Each call is one VFS operation; they complete in the order of the calls.
 * Paths are relative to the root of the tree, without a leading "./".
 * Errors: the system error of the call, such as EEXIST and ENOTEMPTY; after an error the tree is unchanged.
 */

import type { DirectoryContent } from './content.js';

/** What has a name. An `empty-directory` can be removed by rmdir. */
export type Occupant = 'link' | 'file' | 'directory' | 'empty-directory';

export interface TreeOperations {
	/** Whether one `mkdir` creates a directory together with its content. */
	readonly makesCompleteDirectories: boolean;
	/** Whether a removed name can resolve for a grace, so that path walks under way can finish. */
	readonly keepsRemovedNames: boolean;
	/** `content` is that of the directory. With `makesCompleteDirectories` it is there at once, else `fill` writes it. */
	mkdir(path: string, mode: number, content: DirectoryContent): void;
	/** Writes the files of a new directory; does nothing with `makesCompleteDirectories`. */
	fill(path: string, content: DirectoryContent): void;
	chmod(path: string, mode: number): void;
	symlink(target: string, path: string): void;
	/** `unlist` is a sibling that leaves listings in the same instant, but can still be opened. */
	rename(path: string, newPath: string, unlist?: string): void;
	/** With `keepsRemovedNames` the name resolves for `graceMs` more. Unit: milliseconds. */
	unlink(path: string, graceMs: number): void;
	rmdir(path: string, graceMs: number): void;
	/** What has the name now; undefined if the name is free. Does not follow links. */
	occupant(path: string): Occupant | undefined;
}
