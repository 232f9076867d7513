/**
 * Selects the lines of a mount table that concern a test. Other programs mount and unmount at any time, and a mount
 * disappears from every namespace when its directory is removed; lines of such mounts are omitted.
 */

import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** Directories in which other programs mount, and the top-level directory of this checkout. */
const OF_OTHERS = [
	escaped(realpathSync(tmpdir())),
	...['/tmp', '/var', '/run', '/dev', '/proc', '/sys', '/home', '/root', '/mnt', '/media', '/snap', '/boot'],
	...topLevelDirectory(realpathSync(process.cwd())),
];

function topLevelDirectory(path: string): readonly string[] {
	const [, name = ''] = path.split('/');
	// Tests mount in these directories.
	return ['', 'etc', 'srv', 'opt'].includes(name) ? [] : [`/${name}`];
}

/**
 * The first line of a shell script in a new mount namespace. Its copies of other tests' volumes would keep their servers
 * from ending, and would disappear with their directories.
 */
export const FORGET_VOLUMES = 'umount --all --lazy --no-canonicalize --types fuse.configmapfs 2>/dev/null || :';

/** Returns a path in the notation of mountinfo. */
export function escaped(path: string): string {
	return path.replace(/[ \t\n\\]/g, (letter) => `\\${letter.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

/** Returns the lines of `table` without those of other programs. A line that contains `own` belongs to the test. */
export function linesWithoutOthers(table: string, own?: string): readonly string[] {
	return table.split('\n').filter((line) => {
		const mountPoint = line.split(' ')[4] ?? '';
		const isOfOthers = OF_OTHERS.some((directory) => mountPoint.startsWith(`${directory}/`));
		return (own !== undefined && line.includes(own)) || !isOfOthers;
	});
}
