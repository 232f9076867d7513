/** Who called, and which other users and groups that one may be. */

import { readFileSync } from 'node:fs';
import type { RunCaller } from './credentials.js';

/** Source: capabilities(7). */
const CAP_SETGID = 6n;
const CAP_SETUID = 7n;

/** Of this process. An id that the user namespace does not have cannot be taken on. Source: user_namespaces(7). */
export function readCaller(): RunCaller {
	const effective = BigInt(
		`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0'}`,
	);
	const may = (capability: bigint, map: string) => {
		const ranges = ((effective >> capability) & 1n) === 1n ? readMap(map) : [];
		return (id: number) => ranges.some(({ first, count }) => id >= first && id < first + count);
	};
	return {
		uid: process.getuid?.() ?? 0,
		gid: process.getgid?.() ?? 0,
		groups: process.getgroups?.() ?? [],
		mayBeUser: may(CAP_SETUID, '/proc/self/uid_map'),
		mayBeGroup: may(CAP_SETGID, '/proc/self/gid_map'),
	};
}

interface IdRange {
	readonly first: number;
	readonly count: number;
}

function readMap(path: string): readonly IdRange[] {
	return readFileSync(path, 'latin1')
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => {
			const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
			return { first, count };
		});
}
