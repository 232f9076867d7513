/** A change of a volume, and the merge of successive changes. Pure. */

import type { PayloadChange } from '../../volume/payload.js';

export interface VolumeChange {
	/** Name of the volume in the pod. */
	readonly volume: string;
	/** Name of the present snapshot directory. */
	readonly generation: string;
	/** Paths in the volume. */
	readonly change: PayloadChange;
}

/** Merges two successive changes of a volume. A path that was added and removed again drops out. */
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

/** The merged kind, by the kinds of the first and the second change. */
const MERGED: Readonly<Record<Kind | 'none', Readonly<Record<Kind, Kind | 'none'>>>> = {
	none: { added: 'added', removed: 'removed', changed: 'changed' },
	added: { added: 'added', removed: 'none', changed: 'added' },
	// Its content may be what it was before; that is not known here.
	removed: { added: 'changed', removed: 'removed', changed: 'changed' },
	changed: { added: 'changed', removed: 'removed', changed: 'changed' },
};

/** `changes`, by volume, with `next` merged in. */
export function withChange(
	changes: ReadonlyMap<string, VolumeChange>,
	next: VolumeChange,
): ReadonlyMap<string, VolumeChange> {
	const before = changes.get(next.volume);
	return new Map(changes).set(next.volume, before === undefined ? next : mergeChanges(before, next));
}
