/**
 * What a pod's `fsGroup` makes of the owners and modes of a volume. Pure; knows of no driver: the shapes here are those
 * that any driver's presentation has.
 */

import type { ContentNode } from '../../volume/content.js';

type Kind = ContentNode['kind'];

/** Mode with setgid, owner and group to show. */
interface Shown {
	readonly mode: number;
	readonly uid: number;
	readonly gid: number;
}

type Show = (kind: Kind, mode: number) => Shown;

const READ = 0o440;
const SEARCH = 0o110;
const SETGID = 0o2000;

/**
 * Mode bits that are added. Links keep theirs: chmod would follow them.
 * Source: kubelet v1.32 pkg/volume/volume_linux.go, changeFilePermission, for a read-only volume.
 */
const ADDED_BITS: Readonly<Record<Kind, number>> = {
	file: READ,
	dir: READ | SEARCH | SETGID,
	link: 0,
};

/** The mode that kubelet gives to a node of a volume of a pod with an fsGroup. */
export function fsGroupMode(kind: Kind, mode: number): number {
	return mode | ADDED_BITS[kind];
}

/**
 * Lays an fsGroup over a presentation: everything belongs to the group, which may read it; the user stays. Without an
 * fsGroup nothing changes. For the 0777 root of an emptyDir the result is kubelet's too.
 */
export function withFsGroup(fsGroup: number | undefined): (show: Show) => Show {
	if (fsGroup === undefined) return (show) => show;
	return (show) => (kind, mode) => ({ ...show(kind, fsGroupMode(kind, mode)), gid: fsGroup });
}
