/**
 * The user and the groups of the application: those that the pod's security context requests and the caller may assume.
 * Source: kubernetes v1.32 core/v1, PodSecurityContext; CRI, LinuxContainerSecurityContext.
 */

import { CAP_SETGID, CAP_SETUID, hasCapability } from '../../native/capabilities.js';
import { rangeOf, readIdMap } from '../../native/id-map.js';
import type { PodWarning } from '../../pod/notices.js';
import type { Container, Pod } from '../../pod/pod-spec.js';

/** The user who started this program, and the ids that this user may assume. */
export interface RunCaller {
	readonly uid: number;
	readonly gid: number;
	readonly groups: readonly number[];
	/** Whether the caller may become this user, or give it a file. */
	mayBeUser(uid: number): boolean;
	mayBeGroup(gid: number): boolean;
}

export interface Credentials {
	readonly uid: number;
	readonly gid: number;
	/** Supplementary groups. */
	readonly groups: readonly number[];
}

export interface WantedCredentials {
	/** Undefined: the application keeps those of the caller. */
	readonly credentials: Credentials | undefined;
	/** Group of the volumes' files; undefined: there is no fsGroup, or the caller may not assign it. */
	readonly fileGroup: number | undefined;
	readonly warnings: readonly PodWarning[];
}

/** The caller of this process. An id that the user namespace does not map cannot be assumed. */
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

export function wantedCredentials(pod: Pod, container: Container, caller: RunCaller): WantedCredentials {
	const { fsGroup, supplementalGroups, ...ofPod } = pod.spec.securityContext;
	const runAsUser = container.runAsUser ?? ofPod.runAsUser;
	const runAsGroup = container.runAsGroup ?? ofPod.runAsGroup;
	const warnings: PodWarning[] = [];
	const field = 'securityContext';
	const you = `you (uid ${caller.uid}, gid ${caller.gid})`;

	const isUser = runAsUser === undefined || runAsUser === caller.uid || caller.mayBeUser(runAsUser);
	if (!isUser)
		warnings.push({
			field,
			text: `runAsUser ${runAsUser}: only root can become another user; the application runs as ${you}`,
		});
	const isGroup = runAsGroup === undefined || runAsGroup === caller.gid || caller.mayBeGroup(runAsGroup);
	if (!isGroup) {
		warnings.push({
			field,
			text: `runAsGroup ${runAsGroup}: only root can join any group; the application runs as ${you}`,
		});
	}
	const extra = [...(fsGroup === undefined ? [] : [fsGroup]), ...supplementalGroups];
	const own = new Set([caller.gid, ...caller.groups]);
	const refused = extra.filter((gid) => !own.has(gid) && !caller.mayBeGroup(gid));
	if (refused.length > 0) {
		warnings.push({ field, text: `groups ${refused.join(', ')}: you are not a member, and only root can join them` });
	}
	const fileGroup = fsGroup !== undefined && caller.mayBeGroup(fsGroup) ? fsGroup : undefined;

	const uid = isUser ? (runAsUser ?? caller.uid) : caller.uid;
	// If only the user is given, the group of a container is 0.
	const gid = isGroup ? (runAsGroup ?? (runAsUser === undefined || !isUser ? caller.gid : 0)) : caller.gid;
	const joined = extra.filter((group) => caller.mayBeGroup(group));
	const changes = uid !== caller.uid || gid !== caller.gid || joined.some((group) => !own.has(group));
	if (!changes) return { credentials: undefined, fileGroup, warnings };
	const base = uid === caller.uid ? caller.groups : [];
	const mayAll = gid === caller.gid || caller.mayBeGroup(gid);
	const groups = [...new Set([...base, ...joined])];
	return { credentials: { uid, gid: mayAll ? gid : caller.gid, groups }, fileGroup, warnings };
}
