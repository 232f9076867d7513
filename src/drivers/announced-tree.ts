/**
 * Changes a FUSE tree from the daemon: announces each change in the journal, makes it as a VFS operation through the
 * mount, and records its outcome.
 *
 * The VFS operation keeps every kernel cache right and raises the inotify events; the announcement makes the file
 * system accept it. Bytes travel only in the journal.
 *
 * Each segment of the journal starts with a checkpoint, so a segment is needed only while the kernel holds an inode
 * that was last linked in it. The alternative, to keep every segment until the kernel has forgotten all inodes that
 * were made in it or later, costs nothing at a rotation; but one file that stays open would then pin the complete
 * history since its removal. The checkpoint copies the live bytes once per rotation, at least 16 MiB of changes apart.
 * Times and list positions, which let a checkpoint restore the exact tree, add 192 bytes and 10 us to a flip of three
 * keys (4 alternating runs of 1500 flips on tmpfs without FUSE, 145 to 155 us), and no upcall.
 *
 * Thread: the daemon's main thread; every call blocks until the kernel has finished it.
 */

import {
	chmodSync,
	closeSync,
	lstatSync,
	mkdirSync,
	openSync,
	readSync,
	renameSync,
	rmdirSync,
	symlinkSync,
	unlinkSync,
} from 'node:fs';
import { ConfigMapFsError, invariant, systemCode } from '../base/errors.js';
import { JournalWriter } from '../journal/journal-writer.js';
import type { Intent, JournalRecord, ListPosition } from '../journal/record.js';
import { segmentPath } from '../journal/segment.js';
import type { DirectoryContent } from '../volume/content.js';
import type { Occupant, TreeOperations } from '../volume/tree-operations.js';
import type { Present } from './presentation.js';
import {
	changeMode,
	filesOf,
	link,
	type MirrorFile,
	type MirrorNode,
	placeFiles,
	rename,
	stagedNew,
	stagedState,
	TreeMirror,
	unlink,
} from './tree-mirror.js';

/** Access to the root of the mount. */
export interface TreeRoot {
	/** Its path, valid until `leave`. Errors: DRIVER_DIED if it is not mounted any more. */
	enter(): string;
	leave(): void;
}

const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const TWO_TO_32 = 0x1_0000_0000;
/** Growth of a segment since its checkpoint after which the next segment starts. Unit: bytes. */
const ROTATE_AFTER = 16 * 1024 * 1024;

/** `Omit` that keeps the members of a union apart. */
type WithoutHead<T> = T extends unknown ? Omit<T, 'seq' | 'atUs'> : never;
type Operation = WithoutHead<Intent>;

export interface AnnouncedTreeOptions {
	readonly journalDirectory: string;
	readonly present: Present;
	readonly now: () => Date;
	/** Mode of the root directory. */
	readonly rootMode: number;
	/**
	 * The next segment starts when the current one has grown by this much since its checkpoint, and by the size of that
	 * checkpoint. Unit: bytes. Default: 16 MiB.
	 */
	readonly rotateAfter?: number;
}

export class AnnouncedTree implements TreeOperations {
	readonly makesCompleteDirectories = true;
	readonly keepsRemovedNames = true;
	readonly #options: AnnouncedTreeOptions;
	readonly #journal: JournalWriter;
	readonly #mirror: TreeMirror;
	#mounted: TreeRoot | undefined;
	/** The path of the mount's root while a change is made. */
	#base = '';
	#seq = 0;
	#checkpointSize = 0;
	/** An outcome that found no room in the journal. */
	#unsettled: JournalRecord | undefined;

	/** The tree starts empty and unmounted. Errors: MOUNT_REFUSED if the journal finds no room. */
	constructor(options: AnnouncedTreeOptions) {
		this.#options = options;
		this.#journal = this.#withRoom(() => new JournalWriter(options.journalDirectory));
		this.#mirror = new TreeMirror(options.present, options.rootMode, this.#nowUs());
	}

	/** Writes the initial state into the journal: the changes that were made before `attach`. */
	publish(): void {
		this.#withRoom(() => this.#checkpoint((file) => file.unwritten ?? Buffer.alloc(0)));
	}

	/**
	 * From now on every change is announced and made below this root of the mount. Earlier changes only form the initial
	 * state.
	 */
	attach(root: TreeRoot): void {
		this.#mounted = root;
	}

	/** Before `attach` no call is made that the kernel could refuse. */
	get #isUnmounted(): boolean {
		return this.#mounted === undefined;
	}

	/** The server does not use this segment any more. */
	discardSegment(index: number): void {
		this.#journal.discard(index);
	}

	close(): void {
		this.#journal.close();
	}

	mkdir(path: string, mode: number, content: DirectoryContent): void {
		const { directory, name } = this.#mirror.parent(path);
		if (this.#isUnmounted && directory.entries.has(name)) throw systemError('EEXIST', 'mkdir', path);
		const atUs = this.#nowUs();
		const bytes: Buffer[] = [];
		const made = this.#mirror.make({ ...content, mode }, atUs, bytes);
		const node = stagedNew(made);
		invariant(node.kind === 'dir', 'a directory is staged as one');
		const contentAt = this.#change({ op: 'mkdir', parent: directory.id, name, node }, atUs, bytes, () => {
			unlessDone(
				'EEXIST',
				() => mkdirSync(this.#real(path), mode),
				() => this.#shows(path, node.id),
			);
		});
		link(directory, name, made, atUs);
		if (contentAt !== undefined) placeFiles(made, contentAt);
		this.#rotateIfWorthwhile();
	}

	fill(): void {}

	chmod(path: string, mode: number): void {
		const { directory, name } = this.#mirror.parent(path);
		const node = directory.entries.get(name)?.node;
		invariant(node !== undefined, `"${path}" exists`);
		const atUs = this.#nowUs();
		const shown = this.#options.present(node.kind, mode).mode;
		this.#change({ op: 'setattr', id: node.id, mode: shown }, atUs, [], () => {
			chmodSync(this.#real(path), shown);
		});
		changeMode(node, shown, atUs);
	}

	symlink(target: string, path: string): void {
		const { directory, name } = this.#mirror.parent(path);
		if (this.#isUnmounted && directory.entries.has(name)) throw systemError('EEXIST', 'symlink', path);
		const atUs = this.#nowUs();
		const made = this.#mirror.make({ kind: 'link', target }, atUs, []);
		const node = stagedNew(made);
		invariant(node.kind === 'link', 'a link is staged as one');
		this.#change({ op: 'symlink', parent: directory.id, name, node }, atUs, [], () => {
			unlessDone(
				'EEXIST',
				() => symlinkSync(target, this.#real(path)),
				() => this.#shows(path, node.id),
			);
		});
		link(directory, name, made, atUs);
	}

	rename(path: string, newPath: string, unlist?: string): void {
		const { directory, name } = this.#mirror.parent(path);
		const newName = this.#mirror.parent(newPath).name;
		const exists = directory.entries.has(name);
		if (this.#isUnmounted && !exists) throw systemError('ENOENT', 'rename', path);
		const atUs = this.#nowUs();
		const operation = { op: 'rename', parent: directory.id, name, newName } as const;
		this.#change(unlist === undefined ? operation : { ...operation, unlist }, atUs, [], () => {
			unlessDone(
				'ENOENT',
				() => renameSync(this.#real(path), this.#real(newPath)),
				() => exists,
			);
		});
		rename(directory, name, newName, unlist, atUs);
	}

	unlink(path: string, graceMs: number): void {
		this.#removeName('unlink', path, graceMs, unlinkSync);
	}

	rmdir(path: string, graceMs: number): void {
		this.#removeName('rmdir', path, graceMs, rmdirSync);
	}

	#removeName(op: 'unlink' | 'rmdir', path: string, graceMs: number, remove: (path: string) => void): void {
		const { directory, name } = this.#mirror.parent(path);
		const node = directory.entries.get(name)?.node;
		if (this.#isUnmounted && node === undefined) throw systemError('ENOENT', op, path);
		// The kernel leaves this check to the file system, which trusts the daemon.
		if (op === 'rmdir' && node?.kind === 'dir' && node.entries.size > 0) throw systemError('ENOTEMPTY', op, path);
		const atUs = this.#nowUs();
		this.#change({ op, parent: directory.id, name, graceMs }, atUs, [], () => {
			unlessDone(
				'ENOENT',
				() => remove(this.#real(path)),
				() => directory.entries.has(name),
			);
		});
		unlink(directory, name, graceMs, atUs);
	}

	occupant(path: string): Occupant | undefined {
		const { directory, name } = this.#mirror.parent(path);
		const node = directory.entries.get(name)?.node;
		if (node?.kind !== 'dir') return node?.kind;
		return node.entries.size === 0 ? 'empty-directory' : 'directory';
	}

	/**
	 * Announces, performs, settles; returns the offset of the content in the journal. Does nothing before `attach`.
	 * Order: the announcement is in the journal before the system call begins, the outcome after it returned.
	 */
	#change(operation: Operation, atUs: number, content: readonly Buffer[], perform: () => void): number | undefined {
		const mounted = this.#mounted;
		if (mounted === undefined) return undefined;
		this.#base = mounted.enter();
		try {
			const intent = { ...operation, seq: ++this.#seq, atUs } as Intent;
			const contentAt = this.#withRoom(() => {
				this.#appendUnsettled();
				return this.#journal.append({ t: 'intent', intent }, content);
			});
			let ok = false;
			try {
				perform();
				ok = true;
			} finally {
				this.#settle(intent.seq, ok);
			}
			return contentAt;
		} finally {
			mounted.leave();
		}
	}

	/** Errors: MOUNT_REFUSED if the journal finds no room; any other error of `write`. */
	#withRoom<T>(write: () => T): T {
		try {
			return write();
		} catch (error) {
			const code = systemCode(error) ?? '';
			if (!NO_ROOM.has(code)) throw error;
			throw new ConfigMapFsError(
				'MOUNT_REFUSED',
				`no room for the content in "${this.#options.journalDirectory}" (${code}); free some there, or set ` +
					'XDG_RUNTIME_DIR to a directory in memory that has more',
				{ cause: error },
			);
		}
	}

	/** A journal without room does not fail the operation: the outcome is written before the next announcement. */
	#settle(seq: number, ok: boolean): void {
		this.#unsettled = { t: 'settled', seq, ok };
		try {
			this.#appendUnsettled();
		} catch {
			// See above.
		}
	}

	#appendUnsettled(): void {
		if (this.#unsettled === undefined) return;
		this.#journal.append(this.#unsettled);
		this.#unsettled = undefined;
	}

	/** Starts the next segment once most of the current one describes nodes that are gone. */
	#rotateIfWorthwhile(): void {
		const { journalDirectory, rotateAfter = ROTATE_AFTER } = this.#options;
		if (this.#journal.size < this.#checkpointSize + Math.max(rotateAfter, this.#checkpointSize)) return;
		// A later server starts at the next segment without the operations of this one, so all outcomes must be here.
		if (this.#unsettled !== undefined) return;
		const old = openSync(segmentPath(journalDirectory, this.#journal.index), 'r');
		const files = filesOf(this.#mirror.root);
		const offsets = files.map((file) => file.offset);
		try {
			this.#journal.rotate(() => {
				this.#checkpoint((file) => readFully(old, file.offset, file.size));
			});
		} catch {
			// No room for a second segment: the current one stays in use; the next attempt follows when it has grown again.
			files.forEach((file, index) => {
				file.offset = offsets[index] ?? file.offset;
			});
		} finally {
			this.#checkpointSize = this.#journal.size;
			closeSync(old);
		}
	}

	/** Appends everything that is linked. `bytesOf` is called once for each file, before its offset changes. */
	#checkpoint(bytesOf: (file: MirrorFile) => Buffer): void {
		const { root } = this.#mirror;
		this.#appendState(0, '', { ...root, entries: new Map() }, undefined, []);
		for (const [name, { node, cookie, listed }] of root.entries) {
			const files = filesOf(node);
			const bytes = files.map(bytesOf);
			let size = 0;
			for (const file of files) {
				file.offset = size;
				size += file.size;
			}
			placeFiles(node, this.#appendState(root.id, name, node, { cookie, listed }, bytes));
		}
		this.#journal.append({ t: 'checkpointed' });
	}

	#appendState(
		parent: number,
		name: string,
		node: MirrorNode,
		position: ListPosition | undefined,
		content: readonly Buffer[],
	): number {
		const record: JournalRecord = { t: 'tree', parent, name, node: stagedState(node), ...(position && { position }) };
		return this.#journal.append(record, content);
	}

	#nowUs(): number {
		return this.#options.now().getTime() * 1000;
	}

	#real(path: string): string {
		return `${this.#base}/${path}`;
	}

	/** Whether the path leads to that node; libfuse 2 shows the lower half of an id. */
	#shows(path: string, id: number): boolean {
		return lstatSync(this.#real(path)).ino % TWO_TO_32 === id % TWO_TO_32;
	}
}

/**
 * Performs an announced operation. The file system accepts only the announced change, so another process that comes
 * first makes exactly that change; the operation then fails with `code`, and `isDone` returns true.
 */
function unlessDone(code: string, perform: () => void, isDone: () => boolean): void {
	try {
		perform();
	} catch (error) {
		if (systemCode(error) !== code || !isDone()) throw error;
	}
}

/** The error of a call that is not made. */
function systemError(code: string, call: string, path: string): Error {
	return Object.assign(new Error(`${code}: ${call} '${path}'`), { code, syscall: call, path });
}

function readFully(fd: number, offset: number, size: number): Buffer {
	const bytes = Buffer.allocUnsafe(size);
	for (let done = 0; done < size; ) {
		const read = readSync(fd, bytes, done, size - done, offset + done);
		invariant(read > 0, 'the journal holds the bytes of every linked file');
		done += read;
	}
	return bytes;
}
