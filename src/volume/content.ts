/** A directory tree as values, to create directories together with their content. Pure. */

import { type Payload, topName } from './payload.js';

export type ContentNode = DirectoryContent | FileContent | LinkContent;

export interface DirectoryContent {
	readonly kind: 'dir';
	/** Permission bits. */
	readonly mode: number;
	readonly entries: ReadonlyMap<string, ContentNode>;
}

export interface FileContent {
	readonly kind: 'file';
	/** Permission bits. */
	readonly mode: number;
	readonly bytes: Buffer;
}

export interface LinkContent {
	readonly kind: 'link';
	readonly target: string;
}

/** Mode of the timestamped directory and of directories inside it. Source: kubelet v1.32 AtomicWriter. */
export const SNAPSHOT_MODE = 0o755;
/** Mode of the root of a configMap volume. Source: kubelet v1.32 pkg/volume/emptydir, setupDir. */
export const VOLUME_MODE = 0o777;
/** The link that is renamed at a flip, and its name before that. Source: kubelet v1.32 AtomicWriter. */
export const DATA_LINK = '..data';
export const DATA_LINK_TMP = '..data_tmp';

export function emptyDirectory(mode: number): DirectoryContent {
	return { kind: 'dir', mode, entries: new Map() };
}

/** The tree of one generation. */
export function snapshotContent(payload: Payload): DirectoryContent {
	const root = new Map<string, ContentNode>();
	for (const path of [...payload.keys()].sort()) {
		const file = payload.get(path);
		if (file === undefined) continue;
		const parts = path.split('/');
		const name = parts.pop() ?? path;
		let entries = root;
		for (const part of parts) {
			const known = entries.get(part);
			if (known?.kind === 'dir') {
				entries = known.entries as Map<string, ContentNode>;
				continue;
			}
			const below = new Map<string, ContentNode>();
			entries.set(part, { kind: 'dir', mode: SNAPSHOT_MODE, entries: below });
			entries = below;
		}
		entries.set(name, { kind: 'file', mode: file.mode, bytes: file.bytes });
	}
	return { kind: 'dir', mode: SNAPSHOT_MODE, entries: root };
}

/** The user-visible links of a payload, sorted: one for each distinct first path component. */
export function userVisibleNames(payload: Payload): readonly string[] {
	return [...new Set([...payload.keys()].map(topName))].sort();
}

/** The directory of a volume with `payload` as its first generation. */
export function volumeContent(payload: Payload, snapshot: string, mode = VOLUME_MODE): DirectoryContent {
	const entries = new Map<string, ContentNode>();
	entries.set(snapshot, snapshotContent(payload));
	entries.set(DATA_LINK, { kind: 'link', target: snapshot });
	for (const name of userVisibleNames(payload)) entries.set(name, { kind: 'link', target: `${DATA_LINK}/${name}` });
	return { kind: 'dir', mode, entries };
}
