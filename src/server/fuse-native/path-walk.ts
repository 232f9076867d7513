/**
 * From the paths that libfuse speaks in to the inodes of the tree, and back from names of the tree to text.
 *
 * libfuse keeps the kernel's references and tells nothing of them, so a reference to an inode of the tree lives for one
 * request only, except those of open files. What is removed is therefore gone from the tree with its grace.
 */

import { ERRNO, type Errno } from '../../base/errno.js';
import type { Inode } from '../../fs/inode.js';
import { type InodeTree, ROOT_ID } from '../../fs/inode-tree.js';

/** A directory by its path, and a name in it: the subject of a mutation. */
export interface Place {
	readonly directory: Inode;
	/** One character a byte. */
	readonly name: string;
}

export class PathWalk {
	readonly #tree: InodeTree;

	constructor(tree: InodeTree) {
		this.#tree = tree;
	}

	/**
	 * Walks to `path` and returns what `use` makes of the inodes on the way, the root first; they are held until then.
	 * Errors: ENOENT, ENOTDIR, ENAMETOOLONG.
	 */
	visit<T>(path: string, use: (way: readonly Inode[], inode: Inode) => T): T | Errno {
		const root = this.#tree.get(ROOT_ID);
		if (root === undefined) return ERRNO.ESTALE;
		const way = [root];
		let inode = root;
		try {
			for (const name of namesOf(path)) {
				const found = this.#tree.lookup(inode.id, name);
				if (typeof found === 'number') return found;
				inode = found.inode;
				way.push(inode);
			}
			return use(way, inode);
		} finally {
			for (let index = way.length - 1; index > 0; index--) this.#tree.forget(way[index]?.id ?? 0, 1);
		}
	}

	/** Errors: as `visit`; EROFS for the root, which is in no directory. */
	place(path: string): Place | Errno {
		const slash = path.lastIndexOf('/');
		const name = toTreeName(path.slice(slash + 1));
		if (name === '') return ERRNO.EROFS;
		return this.visit(path.slice(0, slash), (_, directory) => ({ directory, name }));
	}

	/** Keeps an inode and its bytes until `letGo`. */
	hold(inode: Inode): void {
		inode.nlookup++;
	}

	letGo(inode: Inode): void {
		this.#tree.forget(inode.id, 1);
	}
}

function namesOf(path: string): readonly string[] {
	const names: string[] = [];
	for (const part of path.split('/')) if (part !== '') names.push(toTreeName(part));
	return names;
}

/** One character a byte, as the tree keys its names. */
export function toTreeName(text: string): string {
	return Buffer.from(text).toString('latin1');
}

/** The text of a name or link target of the tree. */
export function toText(name: string): string {
	return Buffer.from(name, 'latin1').toString();
}
