/**
 * The graces of removed names: for how long each still resolves. Needs no timer: the tree calls `endDue` with every
 * mutation.
 */

import type { Inode } from './inode.js';

interface GraceEnd {
	readonly until: number;
	readonly directory: Inode;
	readonly name: string;
}

export class Graces {
	readonly #now: () => number;
	readonly #dropIfUnused: (inode: Inode) => void;
	#ends: GraceEnd[] = [];

	/** `now` is monotonic, in milliseconds. `dropIfUnused` is called for inodes that lose a holder. */
	constructor(now: () => number, dropIfUnused: (inode: Inode) => void) {
		this.#now = now;
		this.#dropIfUnused = dropIfUnused;
	}

	/** Keeps `name` resolvable, and the inode and its directory alive. Unit: milliseconds from now. */
	begin(directory: Inode, name: string, inode: Inode, graceMs: number): void {
		const until = this.#now() + graceMs;
		directory.retired ??= new Map();
		this.#end(directory, name);
		directory.retired.set(name, { inode, until, cookie: directory.nextCookie++ });
		inode.holders++;
		directory.holders++;
		this.#ends.push({ until, directory, name });
	}

	/** Drops the names whose grace is over. */
	endDue(): void {
		if (this.#ends.length === 0) return;
		const now = this.#now();
		let ended = 0;
		for (const { until, directory, name } of this.#ends) {
			if (until > now) break;
			ended++;
			if (directory.retired?.get(name)?.until === until) this.#end(directory, name);
		}
		if (ended > 0) this.#ends = this.#ends.slice(ended);
	}

	#end(directory: Inode, name: string): void {
		const retired = directory.retired?.get(name);
		if (retired === undefined) return;
		directory.retired?.delete(name);
		retired.inode.holders--;
		this.#dropIfUnused(retired.inode);
		directory.holders--;
		this.#dropIfUnused(directory);
	}
}
