/**
 * Mount flags that a bind mount must keep. A user namespace may not clear them, and root should not.
 */

import { readFileSync } from 'node:fs';
import type { MountEntry } from '../../../mounts/mount-table.js';
import { MS } from '../../../native/libc.js';

/** Source of our mounts in the mount table. */
export const MOUNT_NAME = 'configmapfs';

/** The flags that a remount replaces. Source: mount(2); without a flag for access times a remount keeps them. */
const FLAGS: Readonly<Record<string, number>> = {
	ro: MS.RDONLY,
	nosuid: MS.NOSUID,
	nodev: MS.NODEV,
	noexec: MS.NOEXEC,
	nosymfollow: MS.NOSYMFOLLOW,
};

/** The flags of a mount that a remount has to repeat. */
export function keptFlags(entry: MountEntry | undefined): number {
	return (entry?.options ?? []).reduce((flags, option) => flags | (FLAGS[option] ?? 0), 0);
}

/** The mount that `path` is on; `path` is absolute and without links. */
export function mountAt(path: string, table: readonly MountEntry[]): MountEntry | undefined {
	let best: MountEntry | undefined;
	for (const entry of table) {
		const { mountPoint } = entry;
		const shows = mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`);
		if (shows && mountPoint.length >= (best?.mountPoint.length ?? 0)) best = entry;
	}
	return best;
}

/** The mount that an open descriptor is on. */
export function mountOf(fd: number, table: readonly MountEntry[]): MountEntry | undefined {
	const id = mountIdOf(fd);
	return table.find((entry) => entry.id === id);
}

/** The id of that mount in the mount table. Source: proc(5), /proc/PID/fdinfo, mnt_id. */
export function mountIdOf(fd: number): number {
	return Number(/^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1]);
}
