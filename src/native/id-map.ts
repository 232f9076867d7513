/**
 * Which users and groups exist in this process's user namespace, and who they are outside.
 * Source: user_namespaces(7), /proc/PID/uid_map and gid_map.
 */

import { readFileSync } from 'node:fs';

export interface IdRange {
	/** The first id of the range, inside and outside. */
	readonly inside: number;
	readonly outside: number;
	readonly count: number;
}

/** A kernel without user namespaces has one, and everybody in it. */
const EVERYBODY: readonly IdRange[] = [{ inside: 0, outside: 0, count: 2 ** 32 }];

export function readIdMap(kind: 'uid' | 'gid'): readonly IdRange[] {
	let text: string;
	try {
		text = readFileSync(`/proc/self/${kind}_map`, 'latin1');
	} catch {
		return EVERYBODY;
	}
	return text
		.trim()
		.split('\n')
		.map((line) => {
			const [inside = 0, outside = 0, count = 0] = line.trim().split(/\s+/).map(Number);
			return { inside, outside, count };
		});
}

/** The range that an id of the inside is in. */
export function rangeOf(id: number, ranges: readonly IdRange[]): IdRange | undefined {
	return ranges.find(({ inside, count }) => id >= inside && id < inside + count);
}
