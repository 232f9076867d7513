/**
 * The daemon's hand on a FUSE tree: announces each change in the journal, makes it as a VFS operation through the
 * mount, and says how it ended. Keeps a mirror of what is linked, to mint ids, name parents and write checkpoints.
 *
 * The VFS operation is what keeps every kernel cache right and what inotify sees; the announcement is what lets the
 * file system accept it. Bytes travel in the journal only.
 *
 * Thread: the daemon's; every call blocks until the kernel has finished it.
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
import { segmentPath } from '../journal/journal-reader.js';
import { JournalWriter } from '../journal/journal-writer.js';
import type { Intent, JournalRecord, StagedDirectory, StagedNode } from '../journal/record.js';
import type { ContentNode, DirectoryContent } from '../volume/content.js';
import type { TreeOperations } from '../volume/tree-operations.js';
import type { Present, Presentation } from './presentation.js';

/** The way to the root of the mount. */
export interface TreeRoot {
	/** Its path until `leave`. Errors: DRIVER_DIED when it is not mounted any more. */
	enter(): string;
	leave(): void;
}

interface MirrorBase extends Presentation {
	readonly id: number;
	readonly mtimeUs: number;
}
interface MirrorDirectory extends MirrorBase {
	readonly kind: 'dir';
	readonly entries: Map<string, MirrorNode>;
}
interface MirrorFile extends MirrorBase {
	readonly kind: 'file';
	readonly size: number;
	/** Absolute, in the present segment. */
	offset: number;
	/** The bytes themselves, until they stand in the journal. */
	unwritten: Buffer | undefined;
}
interface MirrorLink extends MirrorBase {
	readonly kind: 'link';
	readonly target: string;
}
type MirrorNode = MirrorDirectory | MirrorFile | MirrorLink;

const ROOT_ID = 1;
const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const TWO_TO_32 = 0x1_0000_0000;
/** A segment is left when it has grown by this much, and by as much as still counts. Unit: bytes. */
const ROTATE_AFTER = 16 * 1024 * 1024;

export class AnnouncedTree implements TreeOperations {
	readonly makesWholeDirectories = true;
	readonly keepsRemovedNames = true;
	readonly #journal: JournalWriter;
	readonly #journalDirectory: string;
	readonly #present: Present;
	readonly #now: () => Date;
	readonly #root: MirrorDirectory;
	#mounted: TreeRoot | undefined;
	/** Where the root of the mount is while a change is made. */
	#base = '';
	#nextId = ROOT_ID + 1;
	#seq = 0;
	#checkpointSize = 0;

	/** `rootMode` is that of the root directory; the tree begins empty and unmounted. */
	constructor(options: {
		readonly journalDirectory: string;
		readonly present: Present;
		readonly now: () => Date;
		readonly rootMode: number;
	}) {
		this.#journalDirectory = options.journalDirectory;
		this.#journal = this.#withRoom(() => new JournalWriter(options.journalDirectory));
		this.#present = options.present;
		this.#now = options.now;
		const mtimeUs = options.now().getTime() * 1000;
		this.#root = { kind: 'dir', id: ROOT_ID, mtimeUs, entries: new Map(), ...options.present('dir', options.rootMode) };
	}

	/** Writes the first state into the journal: what was made before there is a mount. */
	publish(): void {
		this.#withRoom(() => this.#checkpoint((file) => file.unwritten ?? Buffer.alloc(0)));
	}

	/**
	 * From now on every change is announced and made below this root of the mount that the server answers. Before,
	 * changes only shape the first state.
	 */
	attach(root: TreeRoot): void {
		this.#mounted = root;
	}

	close(): void {
		this.#journal.close();
	}

	mkdir(path: string, mode: number, content: DirectoryContent): void {
		const { directory, name } = this.#parent(path);
		const bytes: Buffer[] = [];
		const mirror = this.#mirror({ ...content, mode }, this.#nowUs(), bytes, { size: 0 });
		const node = stagedNode(mirror);
		invariant(node.kind === 'dir', 'a directory is staged as one');
		const contentAt = this.#change({ op: 'mkdir', seq: ++this.#seq, parent: directory.id, name, node }, bytes, () => {
			unlessDone(
				'EEXIST',
				() => mkdirSync(this.#real(path), mode),
				() => this.#shows(path, node.id),
			);
		});
		directory.entries.set(name, mirror);
		if (contentAt !== undefined) placeFiles(mirror, contentAt);
		this.#rotateIfWorthwhile();
	}

	fill(): void {}

	chmod(path: string, mode: number): void {
		const { directory, name } = this.#parent(path);
		const node = directory.entries.get(name);
		invariant(node !== undefined, `"${path}" exists`);
		const shown = this.#present(node.kind, mode).mode;
		this.#change({ op: 'setattr', seq: ++this.#seq, id: node.id, mode: shown }, [], () => {
			chmodSync(this.#real(path), shown);
		});
		directory.entries.set(name, { ...node, mode: shown });
	}

	symlink(target: string, path: string): void {
		const { directory, name } = this.#parent(path);
		const node = this.#mirror({ kind: 'link', target }, this.#nowUs(), [], { size: 0 });
		invariant(node.kind === 'link', 'a link is staged as one');
		this.#change({ op: 'symlink', seq: ++this.#seq, parent: directory.id, name, node }, [], () => {
			unlessDone(
				'EEXIST',
				() => symlinkSync(target, this.#real(path)),
				() => this.#shows(path, node.id),
			);
		});
		directory.entries.set(name, node);
	}

	rename(path: string, newPath: string, unlist?: string): void {
		const { directory, name } = this.#parent(path);
		const newName = this.#parent(newPath).name;
		const node = directory.entries.get(name);
		const intent = { op: 'rename', seq: ++this.#seq, parent: directory.id, name, newName } as const;
		this.#change(unlist === undefined ? intent : { ...intent, unlist }, [], () => {
			unlessDone(
				'ENOENT',
				() => renameSync(this.#real(path), this.#real(newPath)),
				() => node !== undefined,
			);
		});
		directory.entries.delete(name);
		if (node !== undefined) directory.entries.set(newName, node);
	}

	unlink(path: string, graceMs: number): void {
		this.#removeName('unlink', path, graceMs, unlinkSync);
	}

	rmdir(path: string, graceMs: number): void {
		this.#removeName('rmdir', path, graceMs, rmdirSync);
	}

	#removeName(op: 'unlink' | 'rmdir', path: string, graceMs: number, remove: (path: string) => void): void {
		const { directory, name } = this.#parent(path);
		this.#change({ op, seq: ++this.#seq, parent: directory.id, name, graceMs }, [], () => {
			unlessDone(
				'ENOENT',
				() => remove(this.#real(path)),
				() => directory.entries.has(name),
			);
		});
		directory.entries.delete(name);
	}

	/**
	 * Announces, performs, settles; returns where the content stands. Before there is a mount it does nothing.
	 * Order: the announcement is in the journal before the system call begins, the outcome after it returned.
	 */
	#change(intent: Intent, content: readonly Buffer[], perform: () => void): number | undefined {
		const mounted = this.#mounted;
		if (mounted === undefined) return undefined;
		this.#base = mounted.enter();
		try {
			const contentAt = this.#withRoom(() => this.#journal.append({ t: 'intent', intent }, content));
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

	/** Errors: MOUNT_REFUSED where the journal finds no room; whatever `write` throws. */
	#withRoom<T>(write: () => T): T {
		try {
			return write();
		} catch (error) {
			const code = systemCode(error) ?? '';
			if (!NO_ROOM.has(code)) throw error;
			throw new ConfigMapFsError(
				'MOUNT_REFUSED',
				`No room for the content in "${this.#journalDirectory}" (${code}); free some there, or set XDG_RUNTIME_DIR to ` +
					'a directory in memory that has more',
				{ cause: error },
			);
		}
	}

	/** A journal without room for this is no failure of the operation: the next announcement settles it too. */
	#settle(seq: number, ok: boolean): void {
		try {
			this.#journal.append({ t: 'settled', seq, ok });
		} catch {
			// As said above.
		}
	}

	/** Mints ids for a tree of content; offsets count from the start of the record's content. */
	#mirror(content: ContentNode, mtimeUs: number, bytes: Buffer[], at: { size: number }): MirrorNode {
		const base = {
			id: this.#nextId++,
			mtimeUs,
			...this.#present(content.kind, content.kind === 'link' ? 0o777 : content.mode),
		};
		if (content.kind === 'link') return { kind: 'link', ...base, target: content.target };
		if (content.kind === 'file') {
			bytes.push(content.bytes);
			const offset = at.size;
			at.size += content.bytes.length;
			return { kind: 'file', ...base, offset, size: content.bytes.length, unwritten: content.bytes };
		}
		const entries = new Map<string, MirrorNode>();
		for (const [name, child] of content.entries) entries.set(name, this.#mirror(child, mtimeUs, bytes, at));
		return { kind: 'dir', ...base, entries };
	}

	#appendTree(parent: number, name: string, node: MirrorNode, content: readonly Buffer[]): number {
		const record: JournalRecord = { t: 'tree', parent, name, node: stagedNode(node) };
		return this.#journal.append(record, content);
	}

	/** Writes what still counts into a new segment once most of the present one is about nodes that are gone. */
	#rotateIfWorthwhile(): void {
		if (this.#journal.size < this.#checkpointSize + Math.max(ROTATE_AFTER, this.#checkpointSize)) return;
		const old = openSync(segmentPath(this.#journalDirectory, this.#journal.index), 'r');
		const files: MirrorFile[] = [];
		collectFiles(this.#root, files);
		const offsets = files.map((file) => file.offset);
		try {
			this.#journal.rotate(() => {
				this.#checkpoint((file) => readFully(old, file.offset, file.size));
			});
		} catch {
			// No room for a second segment: the present one goes on, and the next try comes when it has grown again.
			files.forEach((file, index) => {
				file.offset = offsets[index] ?? file.offset;
			});
		} finally {
			this.#checkpointSize = this.#journal.size;
			closeSync(old);
		}
	}

	/** Appends everything that is linked; `bytesOf` a file is asked once, before its offset changes. */
	#checkpoint(bytesOf: (file: MirrorFile) => Buffer): void {
		this.#appendTree(0, '', { ...this.#root, entries: new Map() }, []);
		for (const [name, node] of this.#root.entries) {
			const files: MirrorFile[] = [];
			collectFiles(node, files);
			const bytes = files.map(bytesOf);
			let size = 0;
			for (const file of files) {
				file.offset = size;
				size += file.size;
			}
			placeFiles(node, this.#appendTree(ROOT_ID, name, node, bytes));
		}
	}

	#nowUs(): number {
		return this.#now().getTime() * 1000;
	}

	#parent(path: string): { directory: MirrorDirectory; name: string } {
		const parts = path.split('/');
		const name = parts.pop() ?? '';
		let directory = this.#root;
		for (const part of parts) {
			const next = directory.entries.get(part);
			invariant(next?.kind === 'dir', `"${part}" of "${path}" is a directory`);
			directory = next;
		}
		return { directory, name };
	}

	#real(path: string): string {
		return `${this.#base}/${path}`;
	}

	/** Whether that node has the name; libfuse 2 shows the lower half of an id. */
	#shows(path: string, id: number): boolean {
		return lstatSync(this.#real(path)).ino % TWO_TO_32 === id % TWO_TO_32;
	}
}

/**
 * Performs an announced operation. Nobody can change the tree but by exactly what is announced, so whoever comes before
 * the daemon does what the daemon wants; then the operation says `code`, and it `isDone`.
 */
function unlessDone(code: string, perform: () => void, isDone: () => boolean): void {
	try {
		perform();
	} catch (error) {
		if (systemCode(error) !== code || !isDone()) throw error;
	}
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

function stagedNode(node: MirrorNode): StagedNode {
	if (node.kind === 'link') return node;
	if (node.kind === 'file') {
		const { unwritten: _, ...staged } = node;
		return staged;
	}
	const entries: [string, StagedNode][] = [];
	for (const [name, child] of node.entries) entries.push([name, stagedNode(child)]);
	return { ...node, entries } satisfies StagedDirectory;
}

function placeFiles(node: MirrorNode, contentAt: number): void {
	if (node.kind === 'file') {
		node.offset += contentAt;
		node.unwritten = undefined;
	} else if (node.kind === 'dir') for (const child of node.entries.values()) placeFiles(child, contentAt);
}

function collectFiles(node: MirrorNode, files: MirrorFile[]): void {
	if (node.kind === 'file') files.push(node);
	else if (node.kind === 'dir') for (const child of node.entries.values()) collectFiles(child, files);
}
