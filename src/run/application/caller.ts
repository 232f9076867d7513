/** Who called, and which other users and groups that one may be. */

import { CAP_SETGID, CAP_SETUID, hasCapability } from '../../native/capabilities.js';
import { rangeOf, readIdMap } from '../../native/id-map.js';
import type { RunCaller } from './credentials.js';

/** Of this process. An id that the user namespace does not have cannot be taken on. */
export function readCaller(): RunCaller {
	const may = (capability: number, kind: 'uid' | 'gid') => {
		const ranges = hasCapability(capability) ? readIdMap(kind) : [];
		return (id: number) => rangeOf(id, ranges) !== undefined;
	};
	return {
		uid: process.getuid?.() ?? 0,
		gid: process.getgid?.() ?? 0,
		groups: process.getgroups?.() ?? [],
		mayBeUser: may(CAP_SETUID, 'uid'),
		mayBeGroup: may(CAP_SETGID, 'gid'),
	};
}
