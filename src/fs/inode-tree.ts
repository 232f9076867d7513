/**
 * The inode tree: what a reader's request is answered from. Knows nothing of FUSE, of Kubernetes or of timers.
 *
 * Decisions
 * - Ids come from the daemon and are never used twice, so a kernel cache entry can never mean another file.
 * - A mutation happens only when it equals the announced intent; everything else is EROFS, whoever asks.
 * - An inode whose last name is gone lives until the kernel has forgotten it: open files, mappings and working
 *   directories keep what they opened.
 * - A name that is removed with a grace still resolves for that long, to a stand-in inode over the same bytes. The
 *   removed inode itself cannot serve: the kernel has marked a removed directory dead.
 * - Answers are values: an expected failure is a negative errno, never an exception.
 *
 * Names are strings of one character a byte.
 * Thread: one; the tree is not shared.
 */

import { ERRNO } from '../base/errno.js';
import { invariant } from '../base/errors.js';
import type { Segment } from '../journal/journal-reader.js';
import type { Intent, JournalRecord, StagedDirectory, StagedNode } from '../journal/record.js';
import { isAnnounced, type Mutation, nameOf, subjectOf } from './announcement.js';
import { type Dirent, ENTRY_SIZE, Inode, S_IFDIR, S_IFLNK, S_IFREG } from './inode.js';

export const ROOT_ID = 1;
/** Entries that no VFS operation can make stale are valid for ever. Unit: milliseconds. */
export const FOREVER_MS = 1_000_000_000_000;
/** Added to the id of a removed inode to name its stand-in; the daemon mints ids below it. */
const STAND_IN = 2 ** 47;
const NAME_MAX = 255;

/** A resolved name. Unit: `validMs` of the name. */
export interface Resolved {
	readonly inode: Inode;
	readonly validMs: number;
}

/** One row of a listing. Unit: `validMs` of the name. */
export interface Listed {
	readonly name: string;
	readonly inode: Inode;
	readonly cookie: number;
	readonly validMs: number;
}

/** What the tree needs from its surroundings. */
export interface TreeClock {
	/** Monotonic. Unit: milliseconds. */
	monotonicMs(): number;
	/** Unit: microseconds since the epoch. */
	wallUs(): number;
}

interface GraceEnd {
	readonly until: number;
	readonly directory: Inode;
	readonly name: string;
}

export class InodeTree {
	readonly #clock: TreeClock;
	readonly #inodes = new Map<number, Inode>();
	readonly #root: Inode;
	#intent:
		| { readonly intent: Intent; readonly segment: Segment; readonly contentAt: number; done: boolean }
		| undefined;
	#graces: GraceEnd[] = [];
	#bytes = 0;
	#hasRoot = false;

	constructor(clock: TreeClock) {
		this.#clock = clock;
		this.#root = new Inode({ id: ROOT_ID, mode: S_IFDIR | 0o755, uid: 0, gid: 0, mtimeUs: clock.wallUs() });
		this.#root.holders = 1;
		this.#inodes.set(ROOT_ID, this.#root);
	}

	/** Number of inodes, those that only the kernel still knows included; and the bytes of their files. */
	get usage(): { readonly inodes: number; readonly bytes: number } {
		return { inodes: this.#inodes.size, bytes: this.#bytes };
	}

	// --- the daemon's words -------------------------------------------------------------------------------------

	/** Takes one record of the journal. */
	apply(record: JournalRecord, segment: Segment, contentAt: number): void {
		switch (record.t) {
			case 'tree':
				this.#applyTree(record.parent, record.name, record.node, segment, contentAt);
				break;
			case 'intent':
				this.#intent = { intent: record.intent, segment, contentAt, done: false };
				break;
			case 'settled':
				this.#settle(record.seq, record.ok);
				break;
			case 'segment':
			case 'rotate':
				break;
			default:
				record satisfies never;
		}
	}

	/** An operation that is over and was never asked for here is of the past: the journal is being replayed. */
	#settle(seq: number, ok: boolean): void {
		const pending = this.#intent;
		if (pending?.intent.seq !== seq) return;
		this.#intent = undefined;
		if (ok && !pending.done) this.#perform(pending.intent, pending.segment, pending.contentAt);
	}

	#applyTree(parent: number, name: string, node: StagedNode, segment: Segment, contentAt: number): void {
		if (node.id === ROOT_ID) {
			invariant(node.kind === 'dir', 'the root is a directory');
			this.#applyRoot(node, segment, contentAt);
			return;
		}
		if (this.#inodes.has(node.id)) {
			this.#move(node, segment, contentAt);
			return;
		}
		const directory = this.#inodes.get(parent);
		invariant(directory?.entries !== undefined, `staged below ${parent}, which is no directory`);
		this.#link(directory, nameOf(name), this.#materialise(node, segment, contentAt));
	}

	/** The attributes count once: a later checkpoint knows nothing of what changed in the root since. */
	#applyRoot(node: StagedDirectory, segment: Segment, contentAt: number): void {
		if (!this.#hasRoot) {
			this.#hasRoot = true;
			this.#root.mode = S_IFDIR | node.mode;
			this.#root.uid = node.uid;
			this.#root.gid = node.gid;
			this.#root.mtimeUs = node.mtimeUs;
			this.#root.ctimeUs = node.mtimeUs;
		}
		for (const [name, child] of node.entries) this.#applyTree(ROOT_ID, name, child, segment, contentAt);
	}

	#materialise(node: StagedNode, segment: Segment, contentAt: number): Inode {
		const type = node.kind === 'dir' ? S_IFDIR : node.kind === 'file' ? S_IFREG : S_IFLNK;
		const inode = new Inode({
			id: node.id,
			mode: type | node.mode,
			uid: node.uid,
			gid: node.gid,
			mtimeUs: node.mtimeUs,
		});
		this.#inodes.set(node.id, inode);
		if (node.kind === 'file') {
			inode.size = node.size;
			inode.segment = segment;
			inode.offset = contentAt + node.offset;
			segment.acquire();
			this.#bytes += node.size;
		} else if (node.kind === 'link') {
			inode.target = Buffer.from(node.target);
			inode.size = inode.target.length;
		} else {
			for (const [name, child] of node.entries)
				this.#link(inode, nameOf(name), this.#materialise(child, segment, contentAt));
		}
		return inode;
	}

	/** The bytes of files that are known already stand in another segment from now on. */
	#move(node: StagedNode, segment: Segment, contentAt: number): void {
		if (node.kind === 'dir') {
			for (const [, child] of node.entries) this.#move(child, segment, contentAt);
			return;
		}
		const inode = this.#inodes.get(node.id);
		if (node.kind !== 'file' || inode?.segment === undefined) return;
		segment.acquire();
		inode.segment.release();
		inode.segment = segment;
		inode.offset = contentAt + node.offset;
	}

	// --- readers ------------------------------------------------------------------------------------------------

	get(id: number): Inode | undefined {
		return this.#inodes.get(id);
	}

	/**
	 * Resolves a name; the answer is a reference that the kernel gives back with FORGET.
	 * Errors: -ENOENT, -ENOTDIR, -ENAMETOOLONG, -ESTALE unknown directory.
	 */
	lookup(parent: number, name: string): Resolved | number {
		if (name.length > NAME_MAX) return -ERRNO.ENAMETOOLONG;
		const directory = this.#inodes.get(parent);
		if (directory === undefined) return -ERRNO.ESTALE;
		if (!directory.isDirectory) return -ERRNO.ENOTDIR;
		const entry = directory.entries?.get(name);
		if (entry !== undefined) {
			entry.inode.nlookup++;
			return { inode: entry.inode, validMs: FOREVER_MS };
		}
		return this.#lookupRetired(directory, name);
	}

	/** A removed name in its grace, here or below a removed directory, resolves to a stand-in. */
	#lookupRetired(directory: Inode, name: string): Resolved | number {
		const real = directory.original ?? directory;
		const retired = real.retired?.get(name);
		if (retired === undefined) return -ERRNO.ENOENT;
		const validMs = retired.until - this.#clock.monotonicMs();
		if (validMs <= 0) return -ERRNO.ENOENT;
		const inode = this.#standIn(retired.inode);
		inode.nlookup++;
		return { inode, validMs };
	}

	#standIn(original: Inode): Inode {
		const id = original.id + STAND_IN;
		const known = this.#inodes.get(id);
		if (known !== undefined) return known;
		const inode = new Inode({ ...attributesOf(original), id }, original);
		inode.size = original.size;
		inode.target = original.target;
		inode.offset = original.offset;
		inode.segment = original.segment;
		inode.segment?.acquire();
		original.holders++;
		this.#inodes.set(id, inode);
		return inode;
	}

	/**
	 * The entries of a directory in the order of their cookies, from the first whose cookie is above `cookie`.
	 * "." and ".." are the caller's. A caller that gives the kernel a reference counts it before it goes on.
	 */
	*list(directory: Inode, cookie: number): Generator<Listed> {
		if (directory.original !== undefined) {
			const now = this.#clock.monotonicMs();
			for (const [name, { inode: original, until, cookie: at }] of directory.original.retired ?? []) {
				if (at <= cookie || until <= now) continue;
				const inode = this.#standIn(original);
				try {
					yield { name, inode, cookie: at, validMs: until - now };
				} finally {
					this.#dropIfUnused(inode);
				}
			}
			return;
		}
		for (const { name, inode, cookie: at, listed } of directory.entries?.values() ?? []) {
			if (at > cookie && listed) yield { name, inode, cookie: at, validMs: FOREVER_MS };
		}
	}

	/** The kernel gives back `count` references. An unknown id is harmless. */
	forget(id: number, count: number): void {
		const inode = this.#inodes.get(id);
		if (inode === undefined || id === ROOT_ID) return;
		inode.nlookup = Math.max(0, inode.nlookup - count);
		this.#dropIfUnused(inode);
	}

	// --- mutations ----------------------------------------------------------------------------------------------

	/**
	 * Makes the announced change, or says again that it is made. Returns the inode that the change is about.
	 * Errors: -EROFS for anything that is not exactly the announced operation.
	 */
	mutate(mutation: Mutation): Inode | number {
		this.#endGraces();
		const pending = this.#intent;
		if (pending === undefined || !isAnnounced(pending.intent, mutation)) return -ERRNO.EROFS;
		const { intent } = pending;
		if (!pending.done) {
			const result = this.#perform(intent, pending.segment, pending.contentAt);
			if (typeof result === 'number') return result;
			pending.done = true;
		}
		const subject = this.#inodes.get(subjectOf(intent));
		if (subject === undefined) return -ERRNO.EROFS;
		if (intent.op === 'mkdir' || intent.op === 'symlink') subject.nlookup++;
		return subject;
	}

	/** Returns the inode that changed, or a negative errno. */
	#perform(intent: Intent, segment: Segment, contentAt: number): Inode | number {
		if (intent.op === 'setattr') {
			const inode = this.#inodes.get(intent.id);
			if (inode === undefined) return -ERRNO.ESTALE;
			inode.mode = (inode.mode & ~0o7777) | intent.mode;
			inode.ctimeUs = this.#clock.wallUs();
			return inode;
		}
		const directory = this.#inodes.get(intent.parent);
		if (directory?.entries === undefined) return -ERRNO.ESTALE;
		const name = nameOf(intent.name);
		switch (intent.op) {
			case 'mkdir':
			case 'symlink': {
				if (directory.entries.has(name)) return -ERRNO.EEXIST;
				const inode = this.#materialise(intent.node, segment, contentAt);
				this.#link(directory, name, inode);
				this.#touch(directory);
				return inode;
			}
			case 'rename': {
				const entry = directory.entries.get(name);
				if (entry === undefined) return -ERRNO.ENOENT;
				const newName = nameOf(intent.newName);
				directory.entries.delete(name);
				const replaced = directory.entries.get(newName);
				if (!entry.listed) countEntry(directory, entry.inode, 1);
				// The new one has the place of what it replaces, so that a listing under way has the name exactly once.
				const cookie = replaced?.cookie ?? directory.nextCookie++;
				directory.entries.set(newName, { name: newName, inode: entry.inode, cookie, listed: true });
				if (replaced !== undefined) this.#letGo(directory, replaced);
				entry.inode.ctimeUs = this.#clock.wallUs();
				if (intent.unlist !== undefined) {
					const unlisted = directory.entries.get(nameOf(intent.unlist));
					if (unlisted?.listed) {
						unlisted.listed = false;
						countEntry(directory, unlisted.inode, -1);
					}
				}
				this.#touch(directory);
				return directory;
			}
			case 'unlink':
			case 'rmdir': {
				const entry = directory.entries.get(name);
				if (entry === undefined) return -ERRNO.ENOENT;
				if (intent.graceMs > 0) this.#retire(directory, name, entry.inode, intent.graceMs);
				this.#unlink(directory, entry);
				// What had left the listing at the flip is over since then for those who compare times, too.
				if (entry.listed) this.#touch(directory);
				return directory;
			}
			default:
				return intent satisfies never;
		}
	}

	#link(directory: Inode, name: string, inode: Inode): void {
		const entries = directory.entries;
		invariant(entries !== undefined && !entries.has(name), `"${name}" is new in inode ${directory.id}`);
		entries.set(name, { name, inode, cookie: directory.nextCookie++, listed: true });
		inode.holders++;
		if (inode.isDirectory) inode.parent = directory.id;
		countEntry(directory, inode, 1);
	}

	#unlink(directory: Inode, entry: Dirent): void {
		directory.entries?.delete(entry.name);
		this.#letGo(directory, entry);
	}

	/** What else there is to do when an entry is none any more. */
	#letGo(directory: Inode, entry: Dirent): void {
		const { inode } = entry;
		inode.holders--;
		inode.ctimeUs = this.#clock.wallUs();
		inode.nlink = inode.isDirectory ? 0 : inode.nlink - 1;
		if (entry.listed) countEntry(directory, inode, -1);
		if (inode.isDirectory) {
			for (const child of [...(inode.entries?.values() ?? [])]) this.#unlink(inode, child);
		}
		this.#dropIfUnused(inode);
	}

	#touch(directory: Inode): void {
		directory.mtimeUs = this.#clock.wallUs();
		directory.ctimeUs = directory.mtimeUs;
	}

	// --- the end of an inode ------------------------------------------------------------------------------------

	#retire(directory: Inode, name: string, inode: Inode, graceMs: number): void {
		const until = this.#clock.monotonicMs() + graceMs;
		directory.retired ??= new Map();
		this.#endRetirement(directory, name);
		directory.retired.set(name, { inode, until, cookie: directory.nextCookie++ });
		inode.holders++;
		directory.holders++;
		this.#graces.push({ until, directory, name });
	}

	/** Lets go of removed names whose grace is over. Called with every mutation, so it needs no timer. */
	#endGraces(): void {
		if (this.#graces.length === 0) return;
		const now = this.#clock.monotonicMs();
		let ended = 0;
		for (const { until, directory, name } of this.#graces) {
			if (until > now) break;
			ended++;
			if (directory.retired?.get(name)?.until === until) this.#endRetirement(directory, name);
		}
		if (ended > 0) this.#graces = this.#graces.slice(ended);
	}

	#endRetirement(directory: Inode, name: string): void {
		const retired = directory.retired?.get(name);
		if (retired === undefined) return;
		directory.retired?.delete(name);
		retired.inode.holders--;
		this.#dropIfUnused(retired.inode);
		directory.holders--;
		this.#dropIfUnused(directory);
	}

	#dropIfUnused(inode: Inode): void {
		if (inode.holders > 0 || inode.nlookup > 0) return;
		if (!this.#inodes.delete(inode.id)) return;
		if (inode.segment !== undefined) {
			inode.segment.release();
			inode.segment = undefined;
			if (inode.original === undefined) this.#bytes -= inode.size;
		}
		if (inode.original !== undefined) {
			inode.original.holders--;
			this.#dropIfUnused(inode.original);
		}
	}

	/** Throws where an invariant of the tree does not hold; for tests. */
	checkInvariants(): void {
		for (const [id, inode] of this.#inodes) {
			invariant(inode.id === id, `inode ${id} is filed under its id`);
			invariant(inode.holders > 0 || inode.nlookup > 0, `inode ${id} is held by somebody`);
			invariant(inode.nlookup >= 0 && inode.holders >= 0, `inode ${id} has no negative count`);
			let subdirectories = 0;
			let listed = 0;
			let last = 2;
			for (const entry of inode.entries?.values() ?? []) {
				invariant(entry.cookie > last, `cookies of inode ${id} rise`);
				last = entry.cookie;
				invariant(this.#inodes.get(entry.inode.id) === entry.inode, `"${entry.name}" in inode ${id} is known`);
				if (entry.listed) listed++;
				if (entry.inode.isDirectory && entry.listed) subdirectories++;
			}
			if (inode.entries !== undefined && inode.nlink > 0) {
				invariant(inode.nlink === 2 + subdirectories, `link count of directory ${id}`);
				invariant(inode.size === (2 + listed) * ENTRY_SIZE, `size of directory ${id}`);
			}
		}
	}
}

/** What a directory's attributes say of its listed entries, as tmpfs counts: 20 bytes each, a link for each directory. */
function countEntry(directory: Inode, entry: Inode, by: 1 | -1): void {
	directory.size += by * ENTRY_SIZE;
	if (entry.isDirectory) directory.nlink += by;
}

function attributesOf(inode: Inode): { mode: number; uid: number; gid: number; mtimeUs: number } {
	return { mode: inode.mode, uid: inode.uid, gid: inode.gid, mtimeUs: inode.mtimeUs };
}
