import { describe, expect, test } from 'vitest';
import type { Container, Pod } from '../../../../src/pod/pod-spec.js';
import { type RunCaller, readCaller, wantedCredentials } from '../../../../src/run/application/credentials.js';

const ROOT: RunCaller = { uid: 0, gid: 0, groups: [0], mayBeUser: () => true, mayBeGroup: () => true };
const USER: RunCaller = { uid: 1000, gid: 1000, groups: [1000, 27], mayBeUser: () => false, mayBeGroup: () => false };

interface Wanted {
	readonly runAsUser?: number;
	readonly runAsGroup?: number;
	readonly fsGroup?: number;
	readonly supplementalGroups?: readonly number[];
	readonly container?: { readonly runAsUser?: number; readonly runAsGroup?: number };
}

function wantedBy(caller: RunCaller, { container = {}, ...ofPod }: Wanted) {
	const securityContext = {
		runAsUser: undefined,
		runAsGroup: undefined,
		fsGroup: undefined,
		supplementalGroups: [],
		...ofPod,
	};
	const pod = { spec: { securityContext } } as unknown as Pod;
	const own = { runAsUser: undefined, runAsGroup: undefined, ...container } as unknown as Container;
	const { credentials, fileGroup, warnings } = wantedCredentials(pod, own, caller);
	return { credentials, fileGroup, warnings: warnings.map(({ text }) => text) };
}

const NONE = { credentials: undefined, fileGroup: undefined, warnings: [] };

describe('wantedCredentials of root', () => {
	test('no request, or one for the present ids: as the caller', () => {
		expect(wantedBy(ROOT, {})).toEqual(NONE);
		expect(wantedBy(ROOT, { runAsUser: 0, runAsGroup: 0 })).toEqual(NONE);
	});

	test('a user: with group 0, as in a container', () => {
		expect(wantedBy(ROOT, { runAsUser: 1000 }).credentials).toEqual({ uid: 1000, gid: 0, groups: [] });
	});

	test('a user and a group', () => {
		expect(wantedBy(ROOT, { runAsUser: 1000, runAsGroup: 3000 }).credentials).toEqual({
			uid: 1000,
			gid: 3000,
			groups: [],
		});
	});

	test('those of the container override those of the pod', () => {
		const both = { runAsUser: 1, runAsGroup: 2, container: { runAsUser: 3, runAsGroup: 4 } };
		expect(wantedBy(ROOT, both).credentials).toMatchObject({ uid: 3, gid: 4 });
		expect(wantedBy(ROOT, { runAsUser: 1, container: { runAsUser: 0 } }).credentials).toBeUndefined();
	});

	test('fsGroup is the group of the files, and one of the process besides the supplementary groups', () => {
		expect(wantedBy(ROOT, { runAsUser: 5, fsGroup: 7, supplementalGroups: [8, 7] })).toEqual({
			credentials: { uid: 5, gid: 0, groups: [7, 8] },
			fileGroup: 7,
			warnings: [],
		});
		expect(wantedBy(ROOT, { fsGroup: 7 }).credentials).toEqual({ uid: 0, gid: 0, groups: [0, 7] });
	});
});

describe('wantedCredentials of an ordinary user', () => {
	test('a request for the present ids causes no warning', () => {
		const asks = { runAsUser: 1000, runAsGroup: 1000, fsGroup: 27, supplementalGroups: [1000] };
		expect(wantedBy(USER, asks)).toEqual(NONE);
	});

	test('another user, another group, other groups: a warning each, and the ids of the caller stay', () => {
		expect(wantedBy(USER, { runAsUser: 0, runAsGroup: 3000, fsGroup: 2000, supplementalGroups: [27, 4000] })).toEqual({
			credentials: undefined,
			fileGroup: undefined,
			warnings: [
				'runAsUser 0: only root can become another user; the application runs as you (uid 1000, gid 1000)',
				'runAsGroup 3000: only root can join any group; the application runs as you (uid 1000, gid 1000)',
				'groups 2000, 4000: you are not a member, and only root can join them',
			],
		});
	});
});

test('in a user namespace with few ids, only those are available', () => {
	const caller = { ...ROOT, mayBeUser: (uid: number) => uid < 10, mayBeGroup: (gid: number) => gid < 10 };
	expect(wantedBy(caller, { runAsUser: 5, runAsGroup: 6, fsGroup: 70 })).toMatchObject({
		credentials: { uid: 5, gid: 6, groups: [] },
		fileGroup: undefined,
		warnings: ['groups 70: you are not a member, and only root can join them'],
	});
});

test('readCaller: the ids of this process and those that it may assume', () => {
	const isRoot = process.getuid?.() === 0;
	const caller = readCaller();
	expect([caller.uid, caller.gid, caller.groups]).toEqual([
		process.getuid?.(),
		process.getgid?.(),
		process.getgroups?.(),
	]);
	expect(caller.mayBeUser(1)).toBe(isRoot);
	expect(caller.mayBeGroup(65534)).toBe(isRoot);
	// The number that means "no user". Source: setreuid(2).
	expect(caller.mayBeUser(2 ** 32 - 1)).toBe(false);
});
