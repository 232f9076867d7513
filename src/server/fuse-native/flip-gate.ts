/**
 * Delays a flip while path walks (walkers) are in the generation that it replaces.
 *
 * libfuse 2 has no name for a removed or replaced node and answers every request for it with ENOENT: the READLINK of a
 * walker that has looked `..data` up and not read it yet, the OPEN and fstat(2) of a walker in the old generation. So the
 * walkers in progress finish first, and new ones wait.
 *
 * How: rename(2) locks the directory from before the lookup of its source until the new name is in place, and only the
 * daemon looks that source up. While its answer is delayed, walkers that look the replaced name up get ESTALE. Then the
 * kernel drops the cached name and repeats the lookup under the directory's lock, where they sleep until the flip is
 * made. The gate opens when every walker that has received a node of the old generation has come back for its next step,
 * and no recently opened file is open in it.
 * Names must have no validity in the kernel (entry_timeout 0), or the walkers would be invisible here.
 * Source: linux v6.12 fs/namei.c (lookup_fast, lookup_slow, do_renameat2), fs/fuse/dir.c (fuse_dentry_revalidate);
 * libfuse 2.9.9 lib/fuse.c (try_get_path, rename_node).
 */

import type { Inode } from '../../fs/inode.js';
import type { InodeTree } from '../../fs/inode-tree.js';
import type { Intent, JournalRecord } from '../../journal/record.js';
import { toTreeName } from './path-walk.js';

type RenameIntent = Extract<Intent, { readonly op: 'rename' }>;

/** Share of the patience between the lookup of a file and its read, if opens make no upcall. */
const READ_SHARE = 0.1;
/** The gate opens after this multiple of the patience in any case. */
const LIMIT = 3;
/** Unit: milliseconds. */
const CHECK_EVERY_MS = 1;
/** How long a walker may take from the lookup of a link to its READLINK. Unit: milliseconds. */
const STEP_MS = 2;

/** An open file, and the inodes that lead to it. */
export interface OpenFile {
	readonly inode: Inode;
	readonly way: readonly Inode[];
	/** Unit: milliseconds of the gate's clock. */
	readonly openedAt: number;
}

export interface FlipGateOptions {
	readonly tree: InodeTree;
	readonly monotonicMs: () => number;
	readonly openFiles: () => Iterable<OpenFile>;
	/** Applies the records that the daemon has announced so far, and passes them to `note`. */
	readonly pollJournal: () => void;
	/** Whether an open makes an upcall. If not, the next step after the lookup of a file is at most a read, and soon. */
	readonly seesOpens: boolean;
	/** How long to wait for a walker, or for an open file; called once per flip. Unit: milliseconds. */
	readonly patienceMs: () => number;
	/** Calls back later, without keeping the process alive. */
	readonly after: (delayMs: number, run: () => void) => void;
}

/** Walkers that have received an inode and have not taken the next step. Unit: `since` milliseconds, of the last one. */
interface Walkers {
	count: number;
	since: number;
}

interface Flip {
	readonly intent: RenameIntent;
	readonly startedAt: number;
	readonly patienceMs: number;
	isClosed: boolean;
	isMade: boolean;
	readonly waiting: (() => void)[];
	/** When the replaced name was last answered since the gate opened. */
	lastAnswered: number | undefined;
}

export class FlipGate {
	readonly #options: FlipGateOptions;
	readonly #walkers = new WeakMap<Inode, Walkers>();
	#announced: RenameIntent | undefined;
	/** The inode that the daemon creates or changes: a request for it now is the daemon's. */
	#own: number | undefined;
	#flip: Flip | undefined;

	constructor(options: FlipGateOptions) {
		this.#options = options;
	}

	/** Whether a rename is announced, so that lookups must pass the gate. */
	get hasAnnounced(): boolean {
		return this.#announced !== undefined;
	}

	/** Called with each record of the journal. */
	note(record: JournalRecord): void {
		if (record.t !== 'intent' && record.t !== 'settled') return;
		this.#own = record.t === 'intent' ? subjectOf(record.intent) : undefined;
		this.#forgetFlip(record.t === 'intent' && record.intent.op === 'rename' ? record.intent : undefined);
	}

	/**
	 * The announced rename is made in the tree. libfuse and the kernel follow a moment later; until then libfuse would
	 * still answer with the replaced node, so lookups of the name wait until the daemon has settled the rename.
	 */
	flipped(): void {
		const flip = this.#flip;
		if (flip === undefined) return;
		flip.isMade = true;
		this.#awaitSettled(flip);
	}

	#awaitSettled(flip: Flip): void {
		this.#options.after(CHECK_EVERY_MS, () => {
			if (this.#flip !== flip) return;
			this.#options.pollJournal();
			if (this.#flip !== flip) return;
			if (this.#options.monotonicMs() > flip.startedAt + 2 * LIMIT * flip.patienceMs) this.#forgetFlip(undefined);
			else this.#awaitSettled(flip);
		});
	}

	#forgetFlip(announced: RenameIntent | undefined): void {
		this.#announced = announced;
		const flip = this.#flip;
		this.#flip = undefined;
		if (flip !== undefined) this.#open(flip);
	}

	/** The link that the flip replaces, and the directory beside it that the link leads to. */
	#target(flip: Flip): { readonly link: Inode; readonly generation: Inode | undefined } | undefined {
		const directory = this.#options.tree.get(flip.intent.parent);
		const link = directory?.entries?.get(toTreeName(flip.intent.newName))?.inode;
		return link === undefined ? undefined : { link, generation: siblingTarget(directory, link) };
	}

	/** A walker has received `inode`, found in `directory`, and will come back for it. */
	handedOut(inode: Inode, directory: Inode | undefined): void {
		if (directory !== undefined) this.cameBack(directory);
		if (inode.id === this.#own) return;
		// A walker that followed a link to a directory is already counted there.
		const isCounted = inode.isDirectory && (this.#walkers.get(inode)?.count ?? 0) > 0;
		this.#expect(inode, isCounted ? 0 : 1);
	}

	#expect(inode: Inode, more: number): void {
		const since = this.#options.monotonicMs();
		const walkers = this.#walkers.get(inode);
		if (walkers === undefined) {
			this.#walkers.set(inode, { count: more, since });
			return;
		}
		walkers.count += more;
		walkers.since = since;
	}

	/** A walker came back: it opened the inode, read it, or looked a name up in it. */
	cameBack(inode: Inode): void {
		const walkers = this.#walkers.get(inode);
		if (walkers !== undefined && walkers.count > 0) walkers.count--;
	}

	/** A walker has read `link` in `directory`, and continues at its target if that is in the same directory. */
	followed(link: Inode, directory: Inode | undefined): void {
		this.cameBack(link);
		const next = siblingTarget(directory, link);
		if (next !== undefined) this.#expect(next, 1);
	}

	/**
	 * A name is looked up. `wait`: it is the source of the announced flip, or it is being replaced at this moment; `go` is
	 * called when it may be answered. `stale`: it is about to be replaced, and the answer is ESTALE.
	 */
	lookup(parent: number, name: string, go: () => void): 'pass' | 'wait' | 'stale' {
		const announced = this.#announced;
		if (announced === undefined || announced.parent !== parent) return 'pass';
		if (toTreeName(announced.name) === name) return this.#close(announced, go);
		const flip = this.#flip;
		if (flip === undefined || toTreeName(announced.newName) !== name) return 'pass';
		if (flip.isClosed) return 'stale';
		if (flip.isMade || flip.lastAnswered !== undefined) {
			flip.waiting.push(go);
			return 'wait';
		}
		flip.lastAnswered = this.#options.monotonicMs();
		this.#pace(flip);
		return 'pass';
	}

	/**
	 * Between the opening and the rename the replaced name is answered to one walker at a time, so that a walker that
	 * overtook the daemon has read the link before the daemon continues.
	 */
	#pace(flip: Flip): void {
		this.#options.after(CHECK_EVERY_MS, () => {
			if (this.#flip !== flip || flip.isMade) return;
			const now = this.#options.monotonicMs();
			if (flip.lastAnswered !== undefined && now >= flip.lastAnswered + STEP_MS) {
				flip.lastAnswered = now;
				flip.waiting.shift()?.();
			}
			this.#pace(flip);
		});
	}

	#close(intent: RenameIntent, go: () => void): 'pass' | 'wait' {
		const before = this.#flip;
		if (before !== undefined) {
			// Another process looks the same name up.
			if (!before.isClosed) return 'pass';
			before.waiting.push(go);
			return 'wait';
		}
		const flip: Flip = {
			intent,
			startedAt: this.#options.monotonicMs(),
			patienceMs: this.#options.patienceMs(),
			isClosed: true,
			isMade: false,
			waiting: [],
			lastAnswered: undefined,
		};
		this.#flip = flip;
		if (!this.#mustWait(flip)) {
			flip.isClosed = false;
			return 'pass';
		}
		flip.waiting.push(go);
		this.#options.after(CHECK_EVERY_MS, () => this.#check(flip));
		return 'wait';
	}

	#check(flip: Flip): void {
		if (!flip.isClosed) return;
		if (this.#mustWait(flip)) this.#options.after(CHECK_EVERY_MS, () => this.#check(flip));
		else this.#open(flip);
	}

	#open(flip: Flip): void {
		flip.isClosed = false;
		for (const go of flip.waiting.splice(0)) go();
	}

	#mustWait(flip: Flip): boolean {
		const now = this.#options.monotonicMs();
		if (now >= flip.startedAt + LIMIT * flip.patienceMs) return false;
		const target = this.#target(flip);
		if (target === undefined) return false;
		const { link, generation } = target;
		if (this.#isAwaited(link, now, flip.patienceMs)) return true;
		if (generation === undefined) return false;
		if (this.#isAnyAwaited(generation, now, flip.patienceMs)) return true;
		for (const { openedAt, way } of this.#options.openFiles()) {
			if (openedAt + flip.patienceMs > now && way.includes(generation)) return true;
		}
		return false;
	}

	/** The inode or something below it. */
	#isAnyAwaited(inode: Inode, now: number, patienceMs: number): boolean {
		if (this.#isAwaited(inode, now, patienceMs)) return true;
		for (const entry of inode.entries?.values() ?? [])
			if (this.#isAnyAwaited(entry.inode, now, patienceMs)) return true;
		return false;
	}

	#isAwaited(inode: Inode, now: number, patienceMs: number): boolean {
		const walkers = this.#walkers.get(inode);
		if (walkers === undefined || walkers.count === 0) return false;
		const waitMs = inode.isFile && !this.#options.seesOpens ? patienceMs * READ_SHARE : patienceMs;
		if (walkers.since + waitMs > now) return true;
		walkers.count = 0;
		return false;
	}
}

function subjectOf(intent: Intent): number | undefined {
	if (intent.op === 'mkdir' || intent.op === 'symlink') return intent.node.id;
	return intent.op === 'setattr' ? intent.id : undefined;
}

/** The target of a link in `directory`, if it is a name in the same directory. */
function siblingTarget(directory: Inode | undefined, link: Inode): Inode | undefined {
	return link.target === undefined ? undefined : directory?.entries?.get(link.target.toString('latin1'))?.inode;
}
