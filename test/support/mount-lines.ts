/**
 * Lines of a mount table that say something about a test: not what others mount on the same machine in the meantime, and
 * not what ends everywhere because others remove the directory under it.
 */

import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** Where programs and people mount things for a while. */
const OF_OTHERS = [
	escaped(realpathSync(tmpdir())),
	'/tmp',
	'/var/tmp',
	'/dev/shm',
	'/run',
	'/home',
	'/root',
	'/mnt',
	'/media',
];

/**
 * The first line of a new mount namespace. Its copies of others' volumes would keep their servers from ending, and
 * would end with their directories.
 */
export const FORGET_VOLUMES = 'umount --all --lazy --no-canonicalize --types fuse.configmapfs 2>/dev/null || :';

/** As mountinfo writes a path. */
export function escaped(path: string): string {
	return path.replace(/[ \t\n\\]/g, (letter) => `\\${letter.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

/** The lines of `table` without those of others; what is below `own` is the test's. */
export function linesWithoutOthers(table: string, own?: string): readonly string[] {
	return table.split('\n').filter((line) => {
		const point = line.split(' ')[4] ?? '';
		return (own !== undefined && line.includes(own)) || !OF_OTHERS.some((place) => point.startsWith(`${place}/`));
	});
}
