/**
 * What a volume shows: bytes and mode by path. Pure. Knows nothing of ConfigMaps or of how a directory is written.
 */

import { ConfigMapFsError } from '../base/errors.js';

export interface FileProjection {
	readonly bytes: Buffer;
	/** Permission bits. */
	readonly mode: number;
}

/** Invariant: every path is clean (`payloadPath`), and none is a directory of another. */
export type Payload = ReadonlyMap<string, FileProjection>;

export const EMPTY_PAYLOAD: Payload = new Map();

const MAX_PATH_LENGTH = 4096;
const MAX_FILE_NAME_LENGTH = 255;

/**
 * The clean form of a path inside a volume: `foo////bar` is `foo/bar`, `./bar` is `bar`.
 * Errors: INPUT_INVALID with kubelet's own text for a path that it refuses, and for what its check overlooks: a path
 * that is "." or that begins with ".." once it is clean.
 * Source: kubelet v1.32 AtomicWriter, validatePath.
 */
export function payloadPath(path: string): string {
	if (path === '') throw refused('must not be empty', path);
	if (path.startsWith('/')) throw refused('must be relative path', path);
	if (Buffer.byteLength(path) > MAX_PATH_LENGTH)
		throw refused(`must be less than or equal to ${MAX_PATH_LENGTH} characters`);
	const parts = path.split('/');
	if (parts.includes('..')) throw refused("must not contain '..'", path);
	if (parts.some((part) => Buffer.byteLength(part) > MAX_FILE_NAME_LENGTH)) {
		throw refused(`filenames must be less than or equal to ${MAX_FILE_NAME_LENGTH} characters`);
	}
	const clean = parts.filter((part) => part !== '' && part !== '.');
	if (clean[0]?.startsWith('..')) throw refused("must not start with '..'", path);
	if (clean.length === 0) throw refused('must name a file', path);
	if (path.includes('\0')) throw refused('must not contain a NUL character');
	return clean.join('/');
}

function refused(rule: string, path?: string): ConfigMapFsError {
	return new ConfigMapFsError(
		'INPUT_INVALID',
		`invalid path: ${rule}${path === undefined ? '' : `: ${path === '' ? '""' : path}`}`,
	);
}

/**
 * Errors: INPUT_INVALID when one path would have to be a file and a directory (`a` beside `a/b`). Kubelet finds out
 * while writing, in random order; here nothing is written.
 */
export function checkConflicts(payload: Payload): void {
	for (const path of payload.keys()) {
		for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
			const parent = path.slice(0, slash);
			if (payload.has(parent)) {
				throw new ConfigMapFsError('INPUT_INVALID', `invalid path: ${path}: ${parent} is a file in the same volume`);
			}
		}
	}
}

/** The first component of a path: the name of its user-visible link. */
export function topName(path: string): string {
	const slash = path.indexOf('/');
	return slash < 0 ? path : path.slice(0, slash);
}

/** What a new payload changes; names of paths only. */
export interface PayloadChange {
	readonly added: readonly string[];
	readonly removed: readonly string[];
	readonly changed: readonly string[];
}

/**
 * Compares as kubelet does: bytes only. Equal bytes with another mode are no change.
 * Source: kubelet v1.32 AtomicWriter, shouldWritePayload and pathsToRemove.
 */
export function comparePayloads(old: Payload, next: Payload): PayloadChange {
	const added: string[] = [];
	const changed: string[] = [];
	for (const [path, file] of next) {
		const before = old.get(path);
		if (before === undefined) added.push(path);
		else if (before.bytes !== file.bytes && !before.bytes.equals(file.bytes)) changed.push(path);
	}
	const removed = [...old.keys()].filter((path) => !next.has(path));
	return { added: added.sort(), removed: removed.sort(), changed: changed.sort() };
}

export function isUnchanged(change: PayloadChange): boolean {
	return change.added.length === 0 && change.removed.length === 0 && change.changed.length === 0;
}
