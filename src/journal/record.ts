/**
 * The records of the journal: operations that the daemon announces, the content that comes with them, their outcomes,
 * and checkpoints of the tree. Types and their encoding; no I/O.
 *
 * The journal is the only channel for tree changes from daemon to server. The segments that survive on disk are enough
 * to rebuild the tree, so a second server on the same connection knows every node id that the kernel holds.
 */

/**
 * Version of the format. It changes with every change of a record that an older reader would misunderstand; a reader
 * refuses every other version.
 */
export const JOURNAL_VERSION = 2;

/** A node that appears complete, with everything below it. The daemon assigns ids and never reuses one. */
export type StagedNode = StagedDirectory | StagedFile | StagedSymlink;

interface StagedBase {
	readonly id: number;
	/** Permission bits, without type. */
	readonly mode: number;
	readonly uid: number;
	readonly gid: number;
	/** Unit: microseconds since the epoch. */
	readonly mtimeUs: number;
	/** Unit: microseconds since the epoch. Default: `mtimeUs`. */
	readonly ctimeUs?: number;
}

export interface StagedDirectory extends StagedBase {
	readonly kind: 'dir';
	readonly entries: readonly StagedEntry[];
	/** The cookie of the next new entry. Default: follows the last entry. */
	readonly nextCookie?: number;
}

/** A name in a directory. Default of `cookie`: follows the previous entry. */
export type StagedEntry = readonly [name: string, node: StagedNode, position?: ListPosition];

/** The position of an entry in the listing of its directory. */
export interface ListPosition {
	readonly cookie: number;
	/** False if the name resolves but listings omit it. */
	readonly listed: boolean;
}

export interface StagedFile extends StagedBase {
	readonly kind: 'file';
	/** Offset of the first byte from the start of the record's content. */
	readonly offset: number;
	/** Unit: bytes. */
	readonly size: number;
}

export interface StagedSymlink extends StagedBase {
	readonly kind: 'link';
	readonly target: string;
}

interface IntentBase {
	/** Increases by one with each operation; `settled` refers to it. */
	readonly seq: number;
	/**
	 * The time of the operation: every server that applies the journal gives nodes the same times. Unit: microseconds
	 * since the epoch.
	 */
	readonly atUs: number;
}

/**
 * One VFS operation that the daemon is about to make through its own mount. The file system accepts a mutation only if
 * it equals the announced one.
 */
export type Intent = IntentBase &
	(
		| { readonly op: 'mkdir'; readonly parent: number; readonly name: string; readonly node: StagedDirectory }
		| { readonly op: 'symlink'; readonly parent: number; readonly name: string; readonly node: StagedSymlink }
		| { readonly op: 'setattr'; readonly id: number; readonly mode: number }
		| {
				readonly op: 'rename';
				readonly parent: number;
				readonly name: string;
				readonly newName: string;
				/** An entry of the same directory that leaves listings in the same instant, while its name still resolves. */
				readonly unlist?: string;
		  }
		| {
				readonly op: 'unlink' | 'rmdir';
				readonly parent: number;
				readonly name: string;
				/** How long the name still resolves for path walks in progress. Unit: milliseconds. */
				readonly graceMs: number;
		  }
	);

export type JournalRecord =
	/** The first record of a segment. A checkpoint follows: `tree` records up to `checkpointed`. */
	| { readonly t: 'segment'; readonly version: number; readonly index: number }
	/**
	 * Part of a checkpoint: the root directory with its attributes and no entries (id 1), or one entry of the root with
	 * everything below it. Bytes of files that the reader already knows are in this record from now on.
	 */
	| {
			readonly t: 'tree';
			readonly parent: number;
			readonly name: string;
			readonly node: StagedNode;
			readonly position?: ListPosition;
	  }
	/** The checkpoint is complete: everything that is linked is in the `tree` records since `segment`. */
	| { readonly t: 'checkpointed' }
	| { readonly t: 'intent'; readonly intent: Intent }
	/** The announced operation has ended; if not ok, the file system must not accept it any more. */
	| { readonly t: 'settled'; readonly seq: number; readonly ok: boolean }
	/** The last record of a segment: reading continues in segment `index`. */
	| { readonly t: 'rotate'; readonly index: number };

/** Bytes before the JSON text: total length, then length of the JSON text, both u32 little endian. */
const HEADER_SIZE = 8;

/** One record with its content. Shape: u32 total length, u32 JSON length, JSON, content. */
export function encodeRecord(record: JournalRecord, content: readonly Uint8Array[] = []): Buffer {
	const json = Buffer.from(JSON.stringify(record));
	let size = HEADER_SIZE + json.length;
	for (const part of content) size += part.length;
	const bytes = Buffer.allocUnsafe(size);
	bytes.writeUInt32LE(size, 0);
	bytes.writeUInt32LE(json.length, 4);
	json.copy(bytes, HEADER_SIZE);
	let at = HEADER_SIZE + json.length;
	for (const part of content) {
		bytes.set(part, at);
		at += part.length;
	}
	return bytes;
}

/** Offset of the content of an encoded record from the record's first byte. */
export function contentOffset(encoded: Buffer): number {
	return HEADER_SIZE + encoded.readUInt32LE(4);
}

export interface DecodedRecord {
	readonly record: JournalRecord;
	/** Offset of the content from the start of the record. Unit: bytes. */
	readonly contentOffset: number;
	/** Offset of the next record from the start of this one. Unit: bytes. */
	readonly length: number;
}

/** Decodes the record at `at`; undefined if its JSON is not yet complete in `bytes`. */
export function decodeRecord(bytes: Buffer, at: number): DecodedRecord | undefined {
	if (at + HEADER_SIZE > bytes.length) return undefined;
	const length = bytes.readUInt32LE(at);
	const jsonLength = bytes.readUInt32LE(at + 4);
	if (at + HEADER_SIZE + jsonLength > bytes.length) return undefined;
	const record = JSON.parse(bytes.toString('utf8', at + HEADER_SIZE, at + HEADER_SIZE + jsonLength)) as JournalRecord;
	return { record, contentOffset: HEADER_SIZE + jsonLength, length };
}
