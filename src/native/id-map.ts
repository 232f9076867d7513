/**
 * The users and groups of this process's user namespace, and their ids outside of it.
 * Source: user_namespaces(7), /proc/PID/uid_map and gid_map.
 */

import { readFileSync } from 'node:fs';

export interface IdRange {
	/** The first id of the range, inside and outside. */
	readonly inside: number;
	readonly outside: number;
	readonly count: number;
}

/** The map of a kernel without user namespaces: all ids are the same inside and outside. */
const ALL_IDS: readonly IdRange[] = [{ inside: 0, outside: 0, count: 2 ** 32 }];

export function readIdMap(kind: 'uid' | 'gid'): readonly IdRange[] {
	let text: string;
	try {
		text = readFileSync(`/proc/self/${kind}_map`, 'latin1');
	} catch {
		return ALL_IDS;
	}
	return text
		.trim()
		.split('\n')
		.map((line) => {
			const [inside = 0, outside = 0, count = 0] = line.trim().split(/\s+/).map(Number);
			return { inside, outside, count };
		});
}

/** The range that contains an inside id. */
export function rangeOf(id: number, ranges: readonly IdRange[]): IdRange | undefined {
	return ranges.find(({ inside, count }) => id >= inside && id < inside + count);
}
