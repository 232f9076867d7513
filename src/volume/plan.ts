/**
 * The ordered VFS steps that take a volume from one state to the next. Pure: the same plan is performed on a plain
 * directory and through a mount, and watchers see its order.
 *
 * Order (kubelet since about v1.23, AtomicWriter.Write; link repair since v1.30):
 *   (1) mkdir the timestamped directory   (2) chmod it   (3) write its files   (4) symlink ..data_tmp
 *   (5) rename ..data_tmp over ..data     (6) create missing user-visible links
 *   (7) unlink obsolete user-visible links
 * and as a separate plan, because it may be delayed, the retirement of the old generation:
 *   (8) unlink its files and rmdir its directories, then rmdir the timestamped directory
 * For a payload with the same bytes, only step (6) is performed, for missing links.
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
	/** Names that are not the volume's, such as that of a mount inside it; they get no link. Default: no names. */
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

/** `name` is that of the timestamped directory if the plan flips. */
export function planWrite(state: VolumeState, payload: Payload, name: string): Plan {
	const change = comparePayloads(state.payload, payload);
	const flips = state.snapshot === undefined || !isUnchanged(change);
	const { reserved } = state;
	const wanted = userVisibleNames(payload).filter((name) => reserved?.has(name) !== true);
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
	for (const link of [...state.links].sort()) {
		if (!keep.has(link)) steps.push({ op: 'unlink', path: link });
	}
	const next = flips ? { ...state, snapshot: name, payload, links: keep } : { ...state, links: keep };
	return { steps, flips, change, next };
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
