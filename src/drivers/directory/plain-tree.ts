/**
 * Tree operations on a plain directory, as kubelet writes a volume. The tests compare the FUSE drivers with it.
 */

import {
	chmodSync,
	chownSync,
	closeSync,
	fchmodSync,
	fchownSync,
	lchownSync,
	lstatSync,
	mkdirSync,
	opendirSync,
	openSync,
	renameSync,
	rmdirSync,
	symlinkSync,
	unlinkSync,
	writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { ContentNode, DirectoryContent } from '../../volume/content.js';
import type { Occupant, TreeOperations } from '../../volume/tree-operations.js';
import type { Owner, Present } from '../presentation.js';

export class PlainTree implements TreeOperations {
	readonly makesCompleteDirectories = false;
	readonly keepsRemovedNames = false;
	readonly #root: string;
	readonly #present: Present;
	readonly #creator: Owner;

	/** `creator` owns new entries; a presentation with another owner or group needs the privilege to change it. */
	constructor(options: { readonly root: string; readonly present: Present; readonly creator: Owner }) {
		this.#root = options.root;
		this.#present = options.present;
		this.#creator = options.creator;
	}

	mkdir(path: string, mode: number): void {
		const real = join(this.#root, path);
		mkdirSync(real, mode);
		const owner = this.#present('dir', mode);
		if (this.#isOther(owner)) chownSync(real, owner.uid, owner.gid);
	}

	/** Source: kubelet v1.32 AtomicWriter, writePayloadToDir: open with the mode, write, chmod to exactly the mode. */
	fill(path: string, content: DirectoryContent): void {
		for (const [name, node] of content.entries) this.#make(join(this.#root, path, name), node);
	}

	#make(path: string, node: ContentNode): void {
		if (node.kind === 'link') {
			symlinkSync(node.target, path);
			return;
		}
		const owner = this.#present(node.kind, node.mode);
		const { mode, uid, gid } = owner;
		if (node.kind === 'dir') {
			mkdirSync(path, mode);
			chmodSync(path, mode);
			if (this.#isOther(owner)) chownSync(path, uid, gid);
			for (const [name, child] of node.entries) this.#make(join(path, name), child);
			return;
		}
		const fd = openSync(path, 'w', mode);
		try {
			for (let done = 0; done < node.bytes.length; ) done += writeSync(fd, node.bytes, done);
			fchmodSync(fd, mode);
			if (this.#isOther(owner)) fchownSync(fd, uid, gid);
		} finally {
			closeSync(fd);
		}
	}

	chmod(path: string, mode: number): void {
		chmodSync(join(this.#root, path), this.#present('dir', mode).mode);
	}

	symlink(target: string, path: string): void {
		const real = join(this.#root, path);
		symlinkSync(target, real);
		const owner = this.#present('link', 0o777);
		if (this.#isOther(owner)) lchownSync(real, owner.uid, owner.gid);
	}

	#isOther({ uid, gid }: Owner): boolean {
		return uid !== this.#creator.uid || gid !== this.#creator.gid;
	}

	rename(path: string, newPath: string): void {
		renameSync(join(this.#root, path), join(this.#root, newPath));
	}

	unlink(path: string): void {
		unlinkSync(join(this.#root, path));
	}

	rmdir(path: string): void {
		rmdirSync(join(this.#root, path));
	}

	occupant(path: string): Occupant | undefined {
		const real = join(this.#root, path);
		const stat = lstatSync(real, { throwIfNoEntry: false });
		if (stat === undefined) return undefined;
		if (!stat.isDirectory()) return stat.isSymbolicLink() ? 'link' : 'file';
		return isEmptyDirectory(real) ? 'empty-directory' : 'directory';
	}
}

/** False for a directory that this process may not read, too. */
function isEmptyDirectory(path: string): boolean {
	try {
		const directory = opendirSync(path);
		try {
			return directory.readSync() === null;
		} finally {
			directory.closeSync();
		}
	} catch {
		return false;
	}
}
