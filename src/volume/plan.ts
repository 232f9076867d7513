/**
 * The ordered VFS steps that take a volume from one state to the next. Pure: the same plan is performed on a plain
 * directory and through a mount, and watchers see its order.
 *
 * Order (kubelet since about v1.23, AtomicWriter.Write; link repair since v1.30):
 *   (1) mkdir the timestamped directory   (2) chmod it   (3) write its files   (4) symlink ..data_tmp
 *   (5) rename ..data_tmp over ..data     (6) create missing user-visible links
 *   (7) remove obsolete user-visible names
 * and as a separate plan, because it may be delayed, the retirement of the old generation:
 *   (8) unlink its files and rmdir its directories, then rmdir the timestamped directory
 * For a payload with the same bytes, only step (6) is performed, for missing links.
 *
 * A directory for a missing subPath, or the mount point of another volume, can have the name of a key. Kubelet makes a
 * link only where nothing is, and removes the name of a dropped key with remove(3), whatever has that name.
 * Source: kubelet v1.32 AtomicWriter, createUserVisibleFiles and removeUserVisiblePaths.
 */

import {
	DATA_LINK,
	DATA_LINK_TMP,
	type DirectoryContent,
	SNAPSHOT_MODE,
	snapshotContent,
	userVisibleNames,
} from './content.js';
import { comparePayloads, EMPTY_PAYLOAD, isUnchanged, type Payload, type PayloadChange } from './payload.js';
import type { Occupant } from './tree-operations.js';

export type Step =
	| { readonly op: 'mkdir'; readonly path: string; readonly mode: number; readonly content: DirectoryContent }
	| { readonly op: 'chmod'; readonly path: string; readonly mode: number }
	| { readonly op: 'fill'; readonly path: string; readonly content: DirectoryContent }
	| { readonly op: 'symlink'; readonly path: string; readonly target: string }
	| { readonly op: 'rename'; readonly path: string; readonly newPath: string; readonly replaces: string | undefined }
	| { readonly op: 'unlink'; readonly path: string }
	| { readonly op: 'rmdir'; readonly path: string };

/** The present content of a volume. `snapshot` is undefined before the first write. */
export interface VolumeState {
	readonly snapshot: string | undefined;
	readonly payload: Payload;
	readonly links: ReadonlySet<string>;
	/**
	 * Names of mount points inside the volume. They get no link, and they stay when a key of that name is dropped: kubelet
	 * removes the directory, which unmounts the other volume in the container. May grow. Default: no names.
	 */
	readonly reserved?: ReadonlySet<string>;
}

export const NEW_VOLUME: VolumeState = { snapshot: undefined, payload: EMPTY_PAYLOAD, links: new Set() };

export interface Plan {
	readonly steps: readonly Step[];
	/** Whether a new generation is published; false if only links are repaired, or nothing changes. */
	readonly flips: boolean;
	readonly change: PayloadChange;
	readonly next: VolumeState;
}

/** The names in a volume's root that something other than one of its links has. */
export type OccupiedNames = ReadonlyMap<string, Occupant>;

/**
 * `name` is that of the timestamped directory if the plan flips. `occupied` needs to contain only names of keys, old and
 * new.
 */
export function planWrite(
	state: VolumeState,
	payload: Payload,
	name: string,
	occupied: OccupiedNames = new Map(),
): Plan {
	const change = comparePayloads(state.payload, payload);
	const flips = state.snapshot === undefined || !isUnchanged(change);
	const { links, reserved } = state;
	const names = userVisibleNames(payload);
	const isFree = (one: string) => reserved?.has(one) !== true && !occupied.has(one);
	const wanted = names.filter((one) => links.has(one) || isFree(one));
	const steps: Step[] = [];
	if (flips) {
		const content = snapshotContent(payload);
		steps.push(
			{ op: 'mkdir', path: name, mode: 0o700, content },
			{ op: 'chmod', path: name, mode: SNAPSHOT_MODE },
			{ op: 'fill', path: name, content },
			{ op: 'symlink', path: DATA_LINK_TMP, target: name },
			{ op: 'rename', path: DATA_LINK_TMP, newPath: DATA_LINK, replaces: state.snapshot },
		);
	}
	for (const link of wanted) {
		if (!state.links.has(link)) steps.push({ op: 'symlink', path: link, target: `${DATA_LINK}/${link}` });
	}
	const keep = new Set(wanted);
	const obsolete: Step[] = [...links].filter((link) => !keep.has(link)).map((path) => ({ op: 'unlink', path }));
	if (flips) obsolete.push(...planRemovalOfOccupied(state, new Set(names), occupied));
	steps.push(...obsolete.sort((a, b) => (a.path < b.path ? -1 : 1)));
	const next = flips ? { ...state, snapshot: name, payload, links: keep } : { ...state, links: keep };
	return { steps, flips, change, next };
}

/** Removes what is not a link and has the name of a dropped key. A directory with entries stays, as with remove(3). */
function planRemovalOfOccupied(
	{ payload, reserved }: VolumeState,
	names: ReadonlySet<string>,
	occupied: OccupiedNames,
): readonly Step[] {
	const steps: Step[] = [];
	for (const path of userVisibleNames(payload)) {
		const occupant = occupied.get(path);
		if (occupant === undefined || occupant === 'directory' || names.has(path) || reserved?.has(path)) continue;
		steps.push({ op: occupant === 'empty-directory' ? 'rmdir' : 'unlink', path });
	}
	return steps;
}

/** Step (8) for one old generation: contents before their directory, in the order of names. */
export function planRetirement(snapshot: string, payload: Payload): readonly Step[] {
	const steps: Step[] = [];
	removeDirectory(snapshot, snapshotContent(payload), steps);
	return steps;
}

/** The removal of a volume: links first, so that no name leads into a partly removed generation. */
export function planRemoval(
	state: VolumeState,
	retained: readonly { readonly name: string; readonly payload: Payload }[],
): readonly Step[] {
	const steps: Step[] = [...state.links].sort().map((link) => ({ op: 'unlink', path: link }));
	if (state.snapshot !== undefined) {
		steps.push({ op: 'unlink', path: DATA_LINK });
		steps.push(...planRetirement(state.snapshot, state.payload));
	}
	for (const { name, payload } of retained) steps.push(...planRetirement(name, payload));
	return steps;
}

function removeDirectory(path: string, content: DirectoryContent, steps: Step[]): void {
	for (const [name, node] of content.entries) {
		const below = `${path}/${name}`;
		if (node.kind === 'dir') removeDirectory(below, node, steps);
		else steps.push({ op: 'unlink', path: below });
	}
	steps.push({ op: 'rmdir', path });
}
