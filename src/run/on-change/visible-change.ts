/** The part of a change that the running application can see through its mounts. Pure. */

import type { PayloadChange } from '../../volume/payload.js';

/** A mount of a volume whose files come from objects. */
export interface VolumeView {
	readonly volume: string;
	/** Where it is mounted. */
	readonly target: string;
	/** Undefined for the complete volume. */
	readonly subPath: string | undefined;
	/** Whether it keeps the content that it had at the start. */
	readonly isFrozen: boolean;
}

export interface FrozenChange {
	readonly target: string;
	/** Changed paths in the volume, which the mount shows as they were. */
	readonly paths: readonly string[];
}

export interface VisibleChange {
	readonly seen: PayloadChange;
	readonly frozen: readonly FrozenChange[];
}

/** `views` are the mounts of the volume; without any, the complete change counts as seen. */
export function visibleChange(change: PayloadChange, views: readonly VolumeView[]): VisibleChange {
	if (views.length === 0) return { seen: change, frozen: [] };
	const isSeen = (path: string) => views.some((view) => !view.isFrozen && shows(view, path));
	const seen = {
		added: change.added.filter(isSeen),
		removed: change.removed.filter(isSeen),
		changed: change.changed.filter(isSeen),
	};
	const all = [...change.added, ...change.removed, ...change.changed].sort();
	const frozen = views
		.filter(({ isFrozen }) => isFrozen)
		.map((view) => ({ target: view.target, paths: all.filter((path) => shows(view, path)) }))
		.filter(({ paths }) => paths.length > 0);
	return { seen, frozen };
}

function shows({ subPath }: VolumeView, path: string): boolean {
	if (subPath === undefined || subPath === '..data') return true;
	const file = subPath.replace(/^\.\.data\//, '');
	return path === file || path.startsWith(`${file}/`);
}
