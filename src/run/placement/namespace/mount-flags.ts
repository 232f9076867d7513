/**
 * Flags of mounts: which a bind keeps, because a user namespace may not take them away, and because nobody should.
 */

import { readFileSync } from 'node:fs';
import type { MountEntry } from '../../../mounts/mount-table.js';
import { MS } from '../../../native/libc.js';

/** What the mount table calls the mounts of a namespace. */
export const MOUNT_NAME = 'configmapfs';

/** Those that a remount sets anew. Source: mount(2); access times are kept where no flag says anything of them. */
const FLAGS: Readonly<Record<string, number>> = {
	ro: MS.RDONLY,
	nosuid: MS.NOSUID,
	nodev: MS.NODEV,
	noexec: MS.NOEXEC,
	nosymfollow: MS.NOSYMFOLLOW,
};

/** The flags that a mount has of those that a remount sets anew. */
export function keptFlags(entry: MountEntry | undefined): number {
	return (entry?.options ?? []).reduce((flags, option) => flags | (FLAGS[option] ?? 0), 0);
}

/** The mount that shows `path`, which is absolute and without links. */
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

/** Its number in the mount table. Source: proc(5), /proc/PID/fdinfo, mnt_id. */
export function mountIdOf(fd: number): number {
	return Number(/^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1]);
}
