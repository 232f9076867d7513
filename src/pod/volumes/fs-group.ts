/**
 * Applies a pod's `fsGroup` to owners and modes of a volume. Pure, and independent of the driver: the types are those of
 * any driver's presentation.
 */

import type { ContentNode } from '../../volume/content.js';

type Kind = ContentNode['kind'];

/** Mode including setgid, owner and group. */
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
 * Added mode bits. Links keep theirs, because chmod would follow them.
 * Source: kubelet v1.32 pkg/volume/volume_linux.go, changeFilePermission, for a read-only volume.
 */
const ADDED_BITS: Readonly<Record<Kind, number>> = {
	file: READ,
	dir: READ | SEARCH | SETGID,
	link: 0,
};

/** The mode that kubelet sets on a node of a volume if the pod has an fsGroup. */
export function fsGroupMode(kind: Kind, mode: number): number {
	return mode | ADDED_BITS[kind];
}

/**
 * Wraps a presentation: every node belongs to the fsGroup, which may read it; the owner stays. Without an fsGroup nothing
 * changes. The result also matches kubelet's for the 0777 root of an emptyDir.
 */
export function withFsGroup(fsGroup: number | undefined): (show: Show) => Show {
	if (fsGroup === undefined) return (show) => show;
	return (show) => (kind, mode) => ({ ...show(kind, fsGroupMode(kind, mode)), gid: fsGroup });
}
