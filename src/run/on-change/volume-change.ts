/** What changed in a volume, and several changes as one. Pure. */

import type { PayloadChange } from '../../volume/payload.js';

export interface VolumeChange {
	/** Name of the volume in the pod. */
	readonly volume: string;
	/** Name of the snapshot directory that is shown now. */
	readonly generation: string;
	/** Paths in the volume. */
	readonly change: PayloadChange;
}

/** Two changes of the same volume, one after the other, as one: what came and went again is no change. */
export function mergeChanges(first: VolumeChange, second: VolumeChange): VolumeChange {
	const kinds = new Map<string, Kind>();
	for (const { change } of [first, second]) {
		for (const kind of KINDS) {
			for (const path of change[kind]) {
				const merged = MERGED[kinds.get(path) ?? 'none'][kind];
				if (merged === 'none') kinds.delete(path);
				else kinds.set(path, merged);
			}
		}
	}
	const of = (kind: Kind) => [...kinds].filter(([, one]) => one === kind).map(([path]) => path);
	const change = { added: of('added'), removed: of('removed'), changed: of('changed') };
	return { volume: second.volume, generation: second.generation, change };
}

type Kind = keyof PayloadChange;

const KINDS: readonly Kind[] = ['added', 'removed', 'changed'];

/** What a path is after the second change, by what it was after the first. */
const MERGED: Readonly<Record<Kind | 'none', Readonly<Record<Kind, Kind | 'none'>>>> = {
	none: { added: 'added', removed: 'removed', changed: 'changed' },
	added: { added: 'added', removed: 'none', changed: 'added' },
	// It may be the same as it was.
	removed: { added: 'changed', removed: 'removed', changed: 'changed' },
	changed: { added: 'changed', removed: 'removed', changed: 'changed' },
};

/** Changes by volume, with another one. */
export function withChange(
	changes: ReadonlyMap<string, VolumeChange>,
	next: VolumeChange,
): ReadonlyMap<string, VolumeChange> {
	const before = changes.get(next.volume);
	return new Map(changes).set(next.volume, before === undefined ? next : mergeChanges(before, next));
}
