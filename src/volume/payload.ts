/** The content of a volume: bytes and mode by path. Pure. Independent of ConfigMaps and of how directories are written. */

import { ConfigMapFsError } from '../base/errors.js';

export interface FileProjection {
	readonly bytes: Buffer;
	/** Permission bits. */
	readonly mode: number;
}

/** Invariant: every path is clean (`payloadPath`), and no path is a directory of another. */
export type Payload = ReadonlyMap<string, FileProjection>;

export const EMPTY_PAYLOAD: Payload = new Map();

const MAX_PATH_LENGTH = 4096;
const MAX_FILE_NAME_LENGTH = 255;

/**
 * The clean form of a path inside a volume: `foo////bar` is `foo/bar`, `./bar` is `bar`.
 * Errors: INPUT_INVALID with kubelet's text for a path that it refuses, and for two paths that its check overlooks: those
 * that are "." or begin with ".." once they are clean.
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
 * Errors: INPUT_INVALID if a path is a file and a directory (`a` beside `a/b`). Kubelet detects this while it writes, in
 * random order; here nothing is written.
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

/** The difference between two payloads, as sorted paths. */
export interface PayloadChange {
	readonly added: readonly string[];
	readonly removed: readonly string[];
	readonly changed: readonly string[];
}

/**
 * Compares only bytes, as kubelet does. Equal bytes with another mode are not a change.
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
