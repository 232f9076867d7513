/**
 * The inode tree, from which every request of a reader is answered. Independent of FUSE, Kubernetes and timers.
 *
 * Decisions
 * - The daemon assigns ids and never uses one twice, so a kernel cache entry can never refer to another file.
 * - A mutation is made only if it equals the announced operation; any other is EROFS for every caller.
 * - An inode without a name lives until the kernel has forgotten it: open files, mappings and working directories keep
 *   their content.
 * - A name that is removed with a grace still resolves during the grace, to a stand-in inode with the same bytes. The
 *   removed inode itself cannot be used: the kernel has marked a removed directory as dead.
 * - A successor, which replays the journal for a kernel that an earlier server answered, does not know the reference
 *   counts of that server. It keeps every inode that the kernel may hold until the first FORGET.
 * - Times come from the journal, so that every server that replays it gives an inode the same times.
 * - Results are values: an expected failure is an errno, never an exception.
 *
 * Names are strings with one character per byte.
 * Thread: one; the tree is not shared.
 */

import { ERRNO, type Errno } from '../base/errno.js';
import { invariant } from '../base/errors.js';
import type { Intent, JournalRecord, ListPosition, StagedDirectory, StagedNode } from '../journal/record.js';
import type { Segment } from '../journal/segment.js';
import { isAnnounced, type Mutation, nameOf, subjectOf } from './announcement.js';
import { Graces } from './graces.js';
import { type Dirent, Inode, S_IFDIR, TYPE_BITS } from './inode.js';

export const ROOT_ID = 1;
/** Validity of an entry that only a VFS operation can make stale. Unit: milliseconds. */
export const FOREVER_MS = 1_000_000_000_000;
/** Added to the id of a removed inode to form the id of its stand-in; the daemon assigns ids below it. */
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

/** The clocks that the tree uses. */
export interface TreeClock {
	/** Monotonic. Unit: milliseconds. */
	monotonicMs(): number;
	/** Unit: microseconds since the epoch. */
	wallUs(): number;
}

/** The announced operation. */
interface Pending {
	readonly intent: Intent;
	readonly segment: Segment;
	readonly contentAt: number;
	isDone: boolean;
}

export class InodeTree {
	readonly #clock: TreeClock;
	readonly #inodes = new Map<number, Inode>();
	readonly #root: Inode;
	#pending: Pending | undefined;
	readonly #graces: Graces;
	#bytes = 0;
	#hasRoot = false;
	#performed = 0;
	#segmentIndex: number | undefined;
	/** Inodes that were linked before a gap in the journal, without those that the checkpoint behind it contains. */
	#unstated: Set<Inode> | undefined;
	#isReplaying: boolean;

	/** `isSuccessor`: an earlier server has answered the kernel; `endReplay` must be called before the first request. */
	constructor(clock: TreeClock, isSuccessor = false) {
		this.#clock = clock;
		this.#graces = new Graces(clock.monotonicMs, (inode) => this.#dropIfUnused(inode));
		this.#isReplaying = isSuccessor;
		this.#root = new Inode({ id: ROOT_ID, mode: S_IFDIR | 0o755, uid: 0, gid: 0, mtimeUs: clock.wallUs() });
		this.#root.holders = 1;
		this.#inodes.set(ROOT_ID, this.#root);
	}

	/** Number of inodes, including those that only the kernel still references; and the bytes of their files. */
	get usage(): { readonly inodes: number; readonly bytes: number } {
		return { inodes: this.#inodes.size, bytes: this.#bytes };
	}

	/** Every inode, linked or not. */
	inodes(): Iterable<Inode> {
		return this.#inodes.values();
	}

	/** `seq` of the last operation that a request performed; 0 before the first. */
	get performed(): number {
		return this.#performed;
	}

	// --- records of the journal ---------------------------------------------------------------------------------

	/** Applies one record of the journal. */
	apply(record: JournalRecord, segment: Segment, contentAt: number): void {
		switch (record.t) {
			case 'segment':
				this.#beginSegment(record.index);
				break;
			case 'tree':
				this.#applyTree(record.parent, record.name, record.node, record.position, segment, contentAt);
				break;
			case 'checkpointed':
				this.#endCheckpoint();
				break;
			case 'intent':
				this.#pending = { intent: record.intent, segment, contentAt, isDone: false };
				break;
			case 'settled':
				this.#settle(record.seq, record.ok);
				break;
			case 'rotate':
				break;
			default:
				record satisfies never;
		}
	}

	/**
	 * Ends the replay of a successor. `performed` is that of the earlier server: it may have answered the last operation
	 * without the daemon having settled it.
	 */
	endReplay(performed: number): void {
		const pending = this.#pending;
		if (pending !== undefined && !pending.isDone && pending.intent.seq === performed) {
			this.#perform(pending, graceOf(pending.intent));
			pending.isDone = true;
		}
		this.#isReplaying = false;
	}

	/** An operation that has succeeded without a request to this server was made before: this is a replay. */
	#settle(seq: number, ok: boolean): void {
		const pending = this.#pending;
		if (pending?.intent.seq !== seq) return;
		this.#pending = undefined;
		if (!ok || pending.isDone) return;
		this.#graces.endDue();
		const { intent } = pending;
		const elapsedMs = Math.max(0, (this.#clock.wallUs() - intent.atUs) / 1000);
		this.#perform(pending, Math.max(0, graceOf(intent) - elapsedMs));
	}

	/**
	 * Segments are missing if the index is not the next one. The kernel then holds nothing that was removed in them, and
	 * the checkpoint lists everything that is linked now.
	 */
	#beginSegment(index: number): void {
		const hasGap = this.#segmentIndex !== undefined && index !== this.#segmentIndex + 1;
		this.#segmentIndex = index;
		if (!hasGap) return;
		this.#pending = undefined;
		this.#hasRoot = false;
		this.#unstated = new Set();
		for (const directory of this.#inodes.values()) {
			for (const { inode } of directory.entries?.values() ?? []) {
				inode.holders--;
				this.#unstated.add(inode);
			}
			directory.entries?.clear();
		}
	}

	#endCheckpoint(): void {
		const gone = this.#unstated;
		this.#unstated = undefined;
		for (const inode of gone ?? []) {
			inode.mayBeHeld = false;
			inode.nlink = 0;
			this.#dropIfUnused(inode);
		}
	}

	#applyTree(
		parent: number,
		name: string,
		node: StagedNode,
		position: ListPosition | undefined,
		segment: Segment,
		contentAt: number,
	): void {
		if (node.id === ROOT_ID) {
			invariant(node.kind === 'dir', 'the root is a directory');
			this.#applyRoot(node, segment, contentAt);
			return;
		}
		if (this.#unstated === undefined && this.#inodes.has(node.id)) {
			this.#move(node, segment, contentAt);
			return;
		}
		const directory = this.#inodes.get(parent);
		invariant(directory?.entries !== undefined, `staged below ${parent}, which is not a directory`);
		this.#link(directory, nameOf(name), this.#materialise(node, segment, contentAt), position);
	}

	#applyRoot(node: StagedDirectory, segment: Segment, contentAt: number): void {
		if (!this.#hasRoot) {
			this.#hasRoot = true;
			this.#root.set({ ...node, mode: S_IFDIR | node.mode });
			this.#root.nextCookie = node.nextCookie ?? this.#root.nextCookie;
		}
		for (const [name, child, position] of node.entries) {
			this.#applyTree(ROOT_ID, name, child, position, segment, contentAt);
		}
	}

	#materialise(node: StagedNode, segment: Segment, contentAt: number): Inode {
		const fields = { ...node, mode: TYPE_BITS[node.kind] | node.mode };
		const known = this.#inodes.get(node.id);
		const inode = known ?? new Inode(fields);
		if (known === undefined) {
			inode.mayBeHeld = this.#isReplaying;
			this.#inodes.set(node.id, inode);
			if (node.kind === 'file') this.#bytes += node.size;
		} else inode.set(fields);
		if (node.kind === 'file') inode.size = node.size;
		else if (node.kind === 'link') {
			inode.target = Buffer.from(node.target);
			inode.size = inode.target.length;
		} else {
			for (const [name, child, position] of node.entries)
				this.#link(inode, nameOf(name), this.#materialise(child, segment, contentAt), position);
			inode.nextCookie = Math.max(inode.nextCookie, node.nextCookie ?? 0);
		}
		inode.moveTo(segment, node.kind === 'file' ? contentAt + node.offset : 0);
		return inode;
	}

	/** The latest state of known inodes, and the bytes of their files, are in another segment from now on. */
	#move(node: StagedNode, segment: Segment, contentAt: number): void {
		if (node.kind === 'dir') for (const [, child] of node.entries) this.#move(child, segment, contentAt);
		this.#inodes.get(node.id)?.moveTo(segment, node.kind === 'file' ? contentAt + node.offset : 0);
	}

	// --- readers ------------------------------------------------------------------------------------------------

	get(id: number): Inode | undefined {
		return this.#inodes.get(id);
	}

	/**
	 * Resolves a name; the result is a reference that the kernel returns with FORGET.
	 * Errors: ENOENT, ENOTDIR, ENAMETOOLONG, ESTALE unknown directory.
	 */
	lookup(parent: number, name: string): Resolved | Errno {
		if (name.length > NAME_MAX) return ERRNO.ENAMETOOLONG;
		const directory = this.#inodes.get(parent);
		if (directory === undefined) return ERRNO.ESTALE;
		if (!directory.isDirectory) return ERRNO.ENOTDIR;
		const entry = directory.entries?.get(name);
		if (entry !== undefined) {
			entry.inode.nlookup++;
			return { inode: entry.inode, validMs: FOREVER_MS };
		}
		return this.#lookupRetired(directory, name);
	}

	/** A removed name in its grace, here or in a removed directory, resolves to a stand-in. */
	#lookupRetired(directory: Inode, name: string): Resolved | Errno {
		const real = directory.original ?? directory;
		const retired = real.retired?.get(name);
		if (retired === undefined) return ERRNO.ENOENT;
		const validMs = retired.until - this.#clock.monotonicMs();
		if (validMs <= 0) return ERRNO.ENOENT;
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
		inode.mayBeHeld = this.#isReplaying;
		if (original.segment !== undefined) inode.moveTo(original.segment, original.offset);
		original.holders++;
		this.#inodes.set(id, inode);
		return inode;
	}

	/**
	 * The entries of a directory in the order of their cookies, from the first whose cookie is above `cookie`; without
	 * "." and "..". A caller that gives the kernel a reference must count it before it takes the next entry.
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

	/**
	 * The kernel returns `count` references. An unknown id is harmless. The kernel returns all references of an inode at
	 * once, so references that an earlier server gave out end here too.
	 * Source: linux v6.12 fs/fuse/inode.c, fuse_evict_inode.
	 */
	forget(id: number, count: number): void {
		const inode = this.#inodes.get(id);
		if (inode === undefined || id === ROOT_ID) return;
		inode.nlookup = Math.max(0, inode.nlookup - count);
		if (inode.nlookup === 0 && count > 0) inode.mayBeHeld = false;
		this.#dropIfUnused(inode);
	}

	// --- mutations ----------------------------------------------------------------------------------------------

	/**
	 * Makes the announced change, or confirms that it is made. Returns the inode that the change is about.
	 * Errors: EROFS unless the mutation is exactly the announced operation.
	 */
	mutate(mutation: Mutation): Inode | Errno {
		this.#graces.endDue();
		const pending = this.#pending;
		if (pending === undefined || !isAnnounced(pending.intent, mutation)) return ERRNO.EROFS;
		const { intent } = pending;
		if (!pending.isDone) {
			const result = this.#perform(pending, graceOf(intent));
			if (typeof result === 'number') return result;
			pending.isDone = true;
			this.#performed = intent.seq;
		}
		const subject = this.#inodes.get(subjectOf(intent));
		if (subject === undefined) return ERRNO.EROFS;
		if (intent.op === 'mkdir' || intent.op === 'symlink') subject.nlookup++;
		return subject;
	}

	/** Returns the inode that changed. Unit: `graceMs` from now. */
	#perform({ intent, segment, contentAt }: Pending, graceMs: number): Inode | Errno {
		const { atUs } = intent;
		if (intent.op === 'setattr') {
			const inode = this.#inodes.get(intent.id);
			if (inode === undefined) return ERRNO.ESTALE;
			inode.mode = (inode.mode & ~0o7777) | intent.mode;
			inode.ctimeUs = atUs;
			return inode;
		}
		const directory = this.#inodes.get(intent.parent);
		if (directory?.entries === undefined) return ERRNO.ESTALE;
		const name = nameOf(intent.name);
		switch (intent.op) {
			case 'mkdir':
			case 'symlink': {
				if (directory.entries.has(name)) return ERRNO.EEXIST;
				const inode = this.#materialise(intent.node, segment, contentAt);
				this.#link(directory, name, inode);
				directory.touch(atUs);
				return inode;
			}
			case 'rename': {
				const entry = directory.entries.get(name);
				if (entry === undefined) return ERRNO.ENOENT;
				const newName = nameOf(intent.newName);
				directory.entries.delete(name);
				const replaced = directory.entries.get(newName);
				if (!entry.listed) directory.countEntry(entry.inode, 1);
				// The new entry takes the position of the one that it replaces: a listing in progress has the name exactly once.
				const cookie = replaced?.cookie ?? directory.nextCookie++;
				directory.entries.set(newName, { name: newName, inode: entry.inode, cookie, listed: true });
				if (replaced !== undefined) this.#letGo(directory, replaced, atUs);
				entry.inode.ctimeUs = atUs;
				if (intent.unlist !== undefined) {
					const unlisted = directory.entries.get(nameOf(intent.unlist));
					if (unlisted?.listed) {
						unlisted.listed = false;
						directory.countEntry(unlisted.inode, -1);
					}
				}
				directory.touch(atUs);
				return directory;
			}
			case 'unlink':
			case 'rmdir': {
				const entry = directory.entries.get(name);
				if (entry === undefined) return ERRNO.ENOENT;
				if (intent.graceMs > 0) this.#graces.begin(directory, name, entry.inode, graceMs);
				this.#unlink(directory, entry, atUs);
				// The earlier server may have given the stand-in to the kernel.
				if (intent.graceMs > 0 && this.#isReplaying) this.#standIn(entry.inode);
				// An unlisted entry left the listing at the flip, which has set the times already.
				if (entry.listed) directory.touch(atUs);
				return directory;
			}
			default:
				return intent satisfies never;
		}
	}

	#link(directory: Inode, name: string, inode: Inode, position?: ListPosition): void {
		const entries = directory.entries;
		invariant(entries !== undefined && !entries.has(name), `"${name}" is new in inode ${directory.id}`);
		const { cookie, listed } = position ?? { cookie: directory.nextCookie, listed: true };
		entries.set(name, { name, inode, cookie, listed });
		directory.nextCookie = Math.max(directory.nextCookie, cookie + 1);
		inode.holders++;
		this.#unstated?.delete(inode);
		if (inode.isDirectory) inode.parent = directory.id;
		if (listed) directory.countEntry(inode, 1);
	}

	#unlink(directory: Inode, entry: Dirent, atUs: number): void {
		directory.entries?.delete(entry.name);
		this.#letGo(directory, entry, atUs);
	}

	/** The rest of the removal of an entry that is not in its directory any more. */
	#letGo(directory: Inode, entry: Dirent, atUs: number): void {
		const { inode } = entry;
		inode.holders--;
		inode.ctimeUs = atUs;
		inode.nlink = inode.isDirectory ? 0 : inode.nlink - 1;
		if (entry.listed) directory.countEntry(inode, -1);
		if (inode.isDirectory) {
			for (const child of [...(inode.entries?.values() ?? [])]) this.#unlink(inode, child, atUs);
		}
		this.#dropIfUnused(inode);
	}

	// --- the end of an inode ------------------------------------------------------------------------------------

	#dropIfUnused(inode: Inode): void {
		if (inode.holders > 0 || inode.nlookup > 0 || inode.mayBeHeld) return;
		if (!this.#inodes.delete(inode.id)) return;
		inode.segment?.release();
		inode.segment = undefined;
		if (inode.isFile && inode.original === undefined) this.#bytes -= inode.size;
		if (inode.original !== undefined) {
			inode.original.holders--;
			this.#dropIfUnused(inode.original);
		}
	}
}

/** Unit: milliseconds; 0 for an operation that removes nothing. */
function graceOf(intent: Intent): number {
	return intent.op === 'unlink' || intent.op === 'rmdir' ? intent.graceMs : 0;
}

function attributesOf(inode: Inode): { mode: number; uid: number; gid: number; mtimeUs: number } {
	return { mode: inode.mode, uid: inode.uid, gid: inode.gid, mtimeUs: inode.mtimeUs };
}
