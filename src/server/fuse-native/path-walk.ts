/**
 * Converts libfuse's paths to inodes of the tree, and names of the tree to text.
 *
 * libfuse counts the kernel's references and does not pass them on, so a reference to an inode of the tree lives only
 * for one request, except those of open files. A removed inode therefore leaves the tree with its grace.
 */

import { ERRNO, type Errno } from '../../base/errno.js';
import type { Inode } from '../../fs/inode.js';
import { type InodeTree, ROOT_ID } from '../../fs/inode-tree.js';

/** A directory and a name in it: the subject of a mutation. */
export interface NameInDirectory {
	readonly directory: Inode;
	/** One character per byte. */
	readonly name: string;
}

export class PathWalk {
	readonly #tree: InodeTree;

	constructor(tree: InodeTree) {
		this.#tree = tree;
	}

	/**
	 * Walks to `path` and returns the result of `use`, which gets the inodes on the way, the root first. They are held until
	 * `use` returns.
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
	locate(path: string): NameInDirectory | Errno {
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

/** The form of names in the tree: one character per byte. */
export function toTreeName(text: string): string {
	return Buffer.from(text).toString('latin1');
}

/** The text of a name or link target of the tree. */
export function toText(name: string): string {
	return Buffer.from(name, 'latin1').toString();
}
