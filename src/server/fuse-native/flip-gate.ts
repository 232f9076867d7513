/**
 * Lets a flip happen only while nobody is on his way through what it replaces.
 *
 * libfuse 2 knows a removed or replaced node by no name, and refuses every request about it with ENOENT by itself: the
 * READLINK of a walker that has found `..data` and not read it yet, the OPEN and fstat(2) of one that is already in the
 * old generation. So the walkers that are under way finish first, and new ones wait.
 *
 * How: rename(2) keeps the directory locked from before it looks up its source until the new name is in place, and only
 * the daemon looks that name up. While its answer is held back, walkers that want the replaced name get ESTALE. That
 * makes the kernel drop the cached name and ask again under the directory's lock, where they sleep until the flip is
 * made. The gate opens when everybody who was told of a node of the old generation has come back for the next step, and
 * no young file is open in it.
 * Names must have no validity in the kernel (entry_timeout 0), or the walkers would not be seen.
 * Source: linux v6.12 fs/namei.c (lookup_fast, lookup_slow, do_renameat2), fs/fuse/dir.c (fuse_dentry_revalidate);
 * libfuse 2.9.9 lib/fuse.c (try_get_path, rename_node).
 */

import type { Inode } from '../../fs/inode.js';
import type { InodeTree } from '../../fs/inode-tree.js';
import type { Intent, JournalRecord } from '../../journal/record.js';
import { toTreeName } from './path-walk.js';

type RenameIntent = Extract<Intent, { readonly op: 'rename' }>;

/** Of the patience, from the name of a file to its bytes where opens are not seen. */
const READ_SHARE = 0.1;
/** The gate opens after so many times the patience in any case. */
const LIMIT = 3;
/** Unit: milliseconds. */
const LOOK_EVERY_MS = 1;
/** From being told of a link to reading it. Unit: milliseconds. */
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
	/** Takes in what the daemon has announced so far, and passes it to `note`. */
	readonly pollJournal: () => void;
	/** Whether an open is seen. Else the next step after a file was told is a read at the most, and soon. */
	readonly seesOpens: boolean;
	/** How long to wait for one who does not come back, or keeps a file open; asked once a flip. Unit: milliseconds. */
	readonly patienceMs: () => number;
	/** Calls back later, without keeping the process alive. */
	readonly after: (delayMs: number, run: () => void) => void;
}

/** Walkers who know an inode and have not taken the next step. Unit: `since` milliseconds, of the youngest. */
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
	/** When somebody was last told of the replaced name since the gate opened. */
	lastTold: number | undefined;
}

export class FlipGate {
	readonly #options: FlipGateOptions;
	readonly #walkers = new WeakMap<Inode, Walkers>();
	#announced: RenameIntent | undefined;
	/** The inode that the daemon is making or changing: who asks for it now is the daemon. */
	#own: number | undefined;
	#flip: Flip | undefined;

	constructor(options: FlipGateOptions) {
		this.#options = options;
	}

	/** Whether a rename is announced, so that names are worth a look. */
	get hasAnnounced(): boolean {
		return this.#announced !== undefined;
	}

	/** Takes note of what the daemon announces. */
	note(record: JournalRecord): void {
		if (record.t !== 'intent' && record.t !== 'settled') return;
		this.#own = record.t === 'intent' ? subjectOf(record.intent) : undefined;
		this.#forgetFlip(record.t === 'intent' && record.intent.op === 'rename' ? record.intent : undefined);
	}

	/**
	 * The announced rename is made in the tree. libfuse and the kernel follow a moment later, and until then libfuse
	 * would still tell the replaced node, so who asks for the name waits for the daemon's word.
	 */
	made(): void {
		const flip = this.#flip;
		if (flip === undefined) return;
		flip.isMade = true;
		this.#awaitSettled(flip);
	}

	#awaitSettled(flip: Flip): void {
		this.#options.after(LOOK_EVERY_MS, () => {
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

	/** What stands under the name that the flip is about: the link, and the directory beside it that it leads to. */
	#target(flip: Flip): { readonly link: Inode; readonly generation: Inode | undefined } | undefined {
		const directory = this.#options.tree.get(flip.intent.parent);
		const link = directory?.entries?.get(toTreeName(flip.intent.newName))?.inode;
		return link === undefined ? undefined : { link, generation: besides(directory, link) };
	}

	/** Somebody was told of `inode`, found in `directory`, and will come back for it. */
	told(inode: Inode, directory: Inode | undefined): void {
		if (directory !== undefined) this.came(directory);
		if (inode.id === this.#own) return;
		// Who followed a link to a directory is counted there already.
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

	/** Somebody came back: opened it, read it, or looked for a name in it. */
	came(inode: Inode): void {
		const walkers = this.#walkers.get(inode);
		if (walkers !== undefined && walkers.count > 0) walkers.count--;
	}

	/** Somebody has read `link` in `directory`, and goes on to where it leads when that is beside it. */
	followed(link: Inode, directory: Inode | undefined): void {
		this.came(link);
		const next = besides(directory, link);
		if (next !== undefined) this.#expect(next, 1);
	}

	/**
	 * A name is looked up. `wait`: it is the source of the announced flip, and `go` is called when the answer may be
	 * given; or it is being replaced this moment. `stale`: it is about to be replaced, and the answer is ESTALE.
	 */
	lookup(parent: number, name: string, go: () => void): 'pass' | 'wait' | 'stale' {
		const announced = this.#announced;
		if (announced === undefined || announced.parent !== parent) return 'pass';
		if (toTreeName(announced.name) === name) return this.#close(announced, go);
		const flip = this.#flip;
		if (flip === undefined || toTreeName(announced.newName) !== name) return 'pass';
		if (flip.isClosed) return 'stale';
		if (flip.isMade || flip.lastTold !== undefined) {
			flip.waiting.push(go);
			return 'wait';
		}
		flip.lastTold = this.#options.monotonicMs();
		this.#pace(flip);
		return 'pass';
	}

	/**
	 * Between the opening and the rename only one at a time is told of the replaced name, so that one who overtook the
	 * daemon has read the link before the daemon goes on.
	 */
	#pace(flip: Flip): void {
		this.#options.after(LOOK_EVERY_MS, () => {
			if (this.#flip !== flip || flip.isMade) return;
			const now = this.#options.monotonicMs();
			if (flip.lastTold !== undefined && now >= flip.lastTold + STEP_MS) {
				flip.lastTold = now;
				flip.waiting.shift()?.();
			}
			this.#pace(flip);
		});
	}

	#close(intent: RenameIntent, go: () => void): 'pass' | 'wait' {
		const before = this.#flip;
		if (before !== undefined) {
			// A stranger asks for the same name.
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
			lastTold: undefined,
		};
		this.#flip = flip;
		if (!this.#mustWait(flip)) {
			flip.isClosed = false;
			return 'pass';
		}
		flip.waiting.push(go);
		this.#options.after(LOOK_EVERY_MS, () => this.#look(flip));
		return 'wait';
	}

	#look(flip: Flip): void {
		if (!flip.isClosed) return;
		if (this.#mustWait(flip)) this.#options.after(LOOK_EVERY_MS, () => this.#look(flip));
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

/** What a link in `directory` leads to, when that is a name in the same directory. */
function besides(directory: Inode | undefined, link: Inode): Inode | undefined {
	return link.target === undefined ? undefined : directory?.entries?.get(link.target.toString('latin1'))?.inode;
}
