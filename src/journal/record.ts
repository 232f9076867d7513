/**
 * What the daemon tells the server, as records of an append-only file: announced operations, the content that comes
 * with them, and how they ended. Types and their bytes; no I/O.
 *
 * The journal is the only way from daemon to server. It is enough to rebuild the whole tree, so a server that starts
 * again on the same connection knows every node id that the kernel holds.
 */

/** A node that comes into being whole, with everything below it. Ids are minted by the daemon and never reused. */
export type StagedNode = StagedDirectory | StagedFile | StagedSymlink;

interface StagedBase {
	readonly id: number;
	/** Permission bits, without type. */
	readonly mode: number;
	readonly uid: number;
	readonly gid: number;
	/** Unit: microseconds since the epoch. */
	readonly mtimeUs: number;
}

export interface StagedDirectory extends StagedBase {
	readonly kind: 'dir';
	readonly entries: readonly (readonly [name: string, node: StagedNode])[];
}

export interface StagedFile extends StagedBase {
	readonly kind: 'file';
	/** Where the bytes begin, counted from the start of the record's content. */
	readonly offset: number;
	/** Unit: bytes. */
	readonly size: number;
}

export interface StagedSymlink extends StagedBase {
	readonly kind: 'link';
	readonly target: string;
}

/**
 * One VFS operation that the daemon is about to make through its own mount. The file system lets a mutation happen
 * only when it equals the announced one. `seq` rises by one and names the operation in `settled`.
 */
export type Intent =
	| {
			readonly op: 'mkdir';
			readonly seq: number;
			readonly parent: number;
			readonly name: string;
			readonly node: StagedDirectory;
	  }
	| {
			readonly op: 'symlink';
			readonly seq: number;
			readonly parent: number;
			readonly name: string;
			readonly node: StagedSymlink;
	  }
	| { readonly op: 'setattr'; readonly seq: number; readonly id: number; readonly mode: number }
	| {
			readonly op: 'rename';
			readonly seq: number;
			readonly parent: number;
			readonly name: string;
			readonly newName: string;
			/** An entry of the same directory that leaves listings in the same instant, while its name still resolves. */
			readonly unlist?: string;
	  }
	| {
			readonly op: 'unlink' | 'rmdir';
			readonly seq: number;
			readonly parent: number;
			readonly name: string;
			/** Unit: milliseconds that the name still resolves for walks that are under way. */
			readonly graceMs: number;
	  };

export type JournalRecord =
	/** The first record of a segment. */
	| { readonly t: 'segment'; readonly version: 1; readonly index: number }
	/**
	 * A subtree that is there already: attributes of the root for id 1, or an entry of a directory. For nodes that the
	 * reader knows it says where their bytes stand from now on.
	 */
	| { readonly t: 'tree'; readonly parent: number; readonly name: string; readonly node: StagedNode }
	| { readonly t: 'intent'; readonly intent: Intent }
	/** The announced operation ended; not ok means that it must not happen any more. */
	| { readonly t: 'settled'; readonly seq: number; readonly ok: boolean }
	/** The last record of a segment: reading goes on in the next. */
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

/** Where the content of an encoded record begins, counted from the record's first byte. */
export function contentOffset(encoded: Buffer): number {
	return HEADER_SIZE + encoded.readUInt32LE(4);
}

export interface DecodedRecord {
	readonly record: JournalRecord;
	/** Unit: bytes from the start of the record to its content, and to the next record. */
	readonly contentOffset: number;
	readonly length: number;
}

/** The record at `at`, or undefined when it is not there completely yet. */
export function decodeRecord(bytes: Buffer, at: number): DecodedRecord | undefined {
	if (at + HEADER_SIZE > bytes.length) return undefined;
	const length = bytes.readUInt32LE(at);
	const jsonLength = bytes.readUInt32LE(at + 4);
	if (at + HEADER_SIZE + jsonLength > bytes.length) return undefined;
	const record = JSON.parse(bytes.toString('utf8', at + HEADER_SIZE, at + HEADER_SIZE + jsonLength)) as JournalRecord;
	return { record, contentOffset: HEADER_SIZE + jsonLength, length };
}
