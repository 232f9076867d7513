/**
 * The daemon's copy of the linked tree: assigns ids, names parents, and is the source of the journal's checkpoints. It
 * changes as the server's inode tree does, so that a checkpoint states exactly what that tree contains. No I/O.
 */

import { invariant } from '../base/errors.js';
import type { ListPosition, StagedDirectory, StagedNode } from '../journal/record.js';
import type { ContentNode } from '../volume/content.js';
import type { Present, Presentation } from './presentation.js';

interface MirrorBase extends Presentation {
	readonly id: number;
	mode: number;
	mtimeUs: number;
	ctimeUs: number;
}

export interface MirrorDirectory extends MirrorBase {
	readonly kind: 'dir';
	readonly entries: Map<string, MirrorEntry>;
	nextCookie: number;
}

interface MirrorEntry extends ListPosition {
	readonly node: MirrorNode;
}

export interface MirrorFile extends MirrorBase {
	readonly kind: 'file';
	readonly size: number;
	/** From the start of the record's content until `placeFiles`, then from the start of the current segment. */
	offset: number;
	/** The bytes, until they are in the journal. */
	unwritten: Buffer | undefined;
}

export interface MirrorLink extends MirrorBase {
	readonly kind: 'link';
	readonly target: string;
}

export type MirrorNode = MirrorDirectory | MirrorFile | MirrorLink;

const ROOT_ID = 1;
/** The cookies of "." and ".." are 1 and 2. */
const FIRST_COOKIE = 3;

export class TreeMirror {
	readonly root: MirrorDirectory;
	readonly #present: Present;
	#nextId = ROOT_ID + 1;

	constructor(present: Present, rootMode: number, mtimeUs: number) {
		this.#present = present;
		this.root = {
			kind: 'dir',
			id: ROOT_ID,
			mtimeUs,
			ctimeUs: mtimeUs,
			entries: new Map(),
			nextCookie: FIRST_COOKIE,
			...present('dir', rootMode),
		};
	}

	/** Assigns ids to a tree of content, and appends the bytes of its files to `bytes`. The result is not linked. */
	make(content: ContentNode, atUs: number, bytes: Buffer[]): MirrorNode {
		return this.#make(content, atUs, bytes, { size: 0 });
	}

	#make(content: ContentNode, atUs: number, bytes: Buffer[], at: { size: number }): MirrorNode {
		const base = {
			id: this.#nextId++,
			mtimeUs: atUs,
			ctimeUs: atUs,
			...this.#present(content.kind, content.kind === 'link' ? 0o777 : content.mode),
		};
		if (content.kind === 'link') return { kind: 'link', ...base, target: content.target };
		if (content.kind === 'file') {
			bytes.push(content.bytes);
			const offset = at.size;
			at.size += content.bytes.length;
			return { kind: 'file', ...base, offset, size: content.bytes.length, unwritten: content.bytes };
		}
		const directory: MirrorDirectory = { kind: 'dir', ...base, entries: new Map(), nextCookie: FIRST_COOKIE };
		for (const [name, child] of content.entries) addEntry(directory, name, this.#make(child, atUs, bytes, at));
		return directory;
	}

	/** The directory of a path and the last name in it, which need not exist. */
	parent(path: string): { readonly directory: MirrorDirectory; readonly name: string } {
		const parts = path.split('/');
		const name = parts.pop() ?? '';
		let directory = this.root;
		for (const part of parts) {
			const next = directory.entries.get(part)?.node;
			invariant(next?.kind === 'dir', `"${part}" of "${path}" is a directory`);
			directory = next;
		}
		return { directory, name };
	}
}

// --- changes, with the same effect as in the server's tree ------------------------------------------------------

export function link(directory: MirrorDirectory, name: string, node: MirrorNode, atUs: number): void {
	addEntry(directory, name, node);
	touch(directory, atUs);
}

export function changeMode(node: MirrorNode, mode: number, atUs: number): void {
	node.mode = mode;
	node.ctimeUs = atUs;
}

export function rename(
	directory: MirrorDirectory,
	name: string,
	newName: string,
	unlist: string | undefined,
	atUs: number,
): void {
	const entry = directory.entries.get(name);
	if (entry === undefined) return;
	directory.entries.delete(name);
	const cookie = directory.entries.get(newName)?.cookie ?? directory.nextCookie++;
	directory.entries.set(newName, { node: entry.node, cookie, listed: true });
	entry.node.ctimeUs = atUs;
	const unlisted = unlist === undefined ? undefined : directory.entries.get(unlist);
	if (unlist !== undefined && unlisted !== undefined) directory.entries.set(unlist, { ...unlisted, listed: false });
	touch(directory, atUs);
}

export function unlink(directory: MirrorDirectory, name: string, graceMs: number, atUs: number): void {
	const entry = directory.entries.get(name);
	if (entry === undefined) return;
	directory.entries.delete(name);
	// In its grace the name keeps a position in listings of the stand-in directory.
	if (graceMs > 0) directory.nextCookie++;
	if (entry.listed) touch(directory, atUs);
}

function addEntry(directory: MirrorDirectory, name: string, node: MirrorNode): void {
	directory.entries.set(name, { node, cookie: directory.nextCookie++, listed: true });
}

function touch(directory: MirrorDirectory, atUs: number): void {
	directory.mtimeUs = atUs;
	directory.ctimeUs = atUs;
}

// --- the way into the journal -------------------------------------------------------------------------------------

/** The complete state of a node, as a checkpoint needs it. */
export function stagedState(node: MirrorNode): StagedNode {
	const { id, mode, uid, gid, mtimeUs, ctimeUs } = node;
	const base = { id, mode, uid, gid, mtimeUs, ...(ctimeUs === mtimeUs ? {} : { ctimeUs }) };
	if (node.kind === 'link') return { kind: 'link', ...base, target: node.target };
	if (node.kind === 'file') return { kind: 'file', ...base, offset: node.offset, size: node.size };
	const entries = [...node.entries].map(([name, { node: child, cookie, listed }]) => {
		return [name, stagedState(child), { cookie, listed }] as const;
	});
	return { kind: 'dir', ...base, entries, nextCookie: node.nextCookie };
}

/** A new node, whose entries have the default positions. */
export function stagedNew(node: MirrorNode): StagedNode {
	if (node.kind !== 'dir') return stagedState(node);
	const { id, mode, uid, gid, mtimeUs } = node;
	const entries = [...node.entries].map(([name, entry]) => [name, stagedNew(entry.node)] as const);
	return { kind: 'dir', id, mode, uid, gid, mtimeUs, entries } satisfies StagedDirectory;
}

/** Called once the node's record is in the journal, with the absolute offset of its content. */
export function placeFiles(node: MirrorNode, contentAt: number): void {
	if (node.kind === 'file') {
		node.offset += contentAt;
		node.unwritten = undefined;
	} else if (node.kind === 'dir') for (const { node: child } of node.entries.values()) placeFiles(child, contentAt);
}

/** The files of a node in the order of its record's content. */
export function filesOf(node: MirrorNode): readonly MirrorFile[] {
	if (node.kind === 'file') return [node];
	return node.kind === 'dir' ? [...node.entries.values()].flatMap((entry) => filesOf(entry.node)) : [];
}
