import { describe, expect, test } from 'vitest';
import { type Caller, presentExactly, presentUnwritable } from '../../../src/drivers/presentation.js';

const ALL_MODES = Array.from({ length: 0o1000 }, (_, mode) => mode);

/** What the kernel lets a caller do with a file that shows this owner and these bits. Source: path_resolution(7). */
function access(caller: Caller, shown: { readonly mode: number; readonly uid: number; readonly gid: number }) {
	const inGroup = shown.gid === caller.gid || caller.groups.includes(shown.gid);
	const shift = shown.uid === caller.uid ? 6 : inGroup ? 3 : 0;
	return { read: ((shown.mode >> shift) & 4) !== 0, write: ((shown.mode >> shift) & 2) !== 0 };
}

/** Whether some class may read; whether some class may read and not write. */
function classes(mode: number): { readonly anyReads: boolean; readonly anyOnlyReads: boolean } {
	const each = [6, 3, 0].map((shift) => (mode >> shift) & 6);
	return { anyReads: each.some((bits) => (bits & 4) !== 0), anyOnlyReads: each.includes(4) };
}

const CALLERS: readonly (readonly [string, Caller])[] = [
	['a person', { uid: 1000, gid: 1000, groups: [1000, 27] }],
	['a person without the own group in the list', { uid: 1000, gid: 1000, groups: [] }],
	['a person whose group is root', { uid: 1001, gid: 0, groups: [0] }],
	['a member of the group root', { uid: 1001, gid: 1001, groups: [0, 1001] }],
	['nobody', { uid: 65534, gid: 65534, groups: [65534] }],
];

describe('presentExactly', () => {
	test('shows every mode unchanged, and one owner', () => {
		const present = presentExactly({ uid: 5, gid: 6 });
		for (const kind of ['dir', 'file', 'link'] as const)
			for (const mode of ALL_MODES) expect(present(kind, mode)).toEqual({ mode, uid: 5, gid: 6 });
	});
});

describe.each(CALLERS)('presentUnwritable for %s', (_, caller) => {
	const shown = ALL_MODES.map((mode) => ({ kubelet: mode, ...presentUnwritable(caller, {})('file', mode) }));

	test('the caller may never write, with any mode', () => {
		expect(shown.filter((file) => access(caller, file).write)).toEqual([]);
	});

	test('the caller may read if any class may', () => {
		const wrong = shown.filter((file) => classes(file.kubelet).anyReads && !access(caller, file).read);
		expect(wrong).toEqual([]);
	});

	test('the bits are unchanged if some class may read and not write', () => {
		const wrong = shown.filter((file) => classes(file.kubelet).anyOnlyReads && file.mode !== file.kubelet);
		expect(wrong).toEqual([]);
	});

	test('at most the bits of kubelet are shown, and at most one bit less', () => {
		for (const { kubelet, mode } of shown) {
			expect(mode & ~kubelet).toBe(0);
			expect([0, 0o2, 0o20, 0o200]).toContain(kubelet & ~mode);
		}
	});

	test('directories and links belong to the caller, with their bits', () => {
		const present = presentUnwritable(caller, {});
		expect(present('dir', 0o755)).toEqual({ mode: 0o755, uid: caller.uid, gid: caller.gid });
		expect(present('link', 0o777)).toEqual({ mode: 0o777, uid: caller.uid, gid: caller.gid });
	});
});

describe('presentUnwritable', () => {
	const caller: Caller = { uid: 1000, gid: 1001, groups: [1001] };

	test.each([
		[0o644, { mode: 0o644, uid: 0, gid: 0 }],
		[0o440, { mode: 0o440, uid: 0, gid: 1001 }],
		[0o400, { mode: 0o400, uid: 1000, gid: 1001 }],
		[0o600, { mode: 0o400, uid: 1000, gid: 1001 }],
		[0o666, { mode: 0o664, uid: 0, gid: 0 }],
		[0o660, { mode: 0o640, uid: 0, gid: 1001 }],
		[0o646, { mode: 0o646, uid: 0, gid: 1001 }],
		[0o777, { mode: 0o775, uid: 0, gid: 0 }],
		[0o222, { mode: 0o220, uid: 0, gid: 0 }],
		[0o000, { mode: 0o000, uid: 0, gid: 0 }],
	])('mode %o', (mode, presentation) => {
		expect(presentUnwritable(caller, {})('file', mode)).toEqual(presentation);
	});

	test.each([
		[
			{ uid: 5, gid: 6 },
			{ uid: 5, gid: 6 },
		],
		[{ uid: 5 }, { uid: 5, gid: 0 }],
		[{ gid: 6 }, { uid: 0, gid: 6 }],
	])('a requested owner, %j, is shown, and then no class may write', (requested, owner) => {
		for (const mode of [0o644, 0o666, 0o777]) {
			const presentation = presentUnwritable(caller, requested)('file', mode);
			expect(presentation).toEqual({ mode: mode & ~0o222, ...owner });
		}
		expect(presentUnwritable(caller, requested)('dir', 0o755)).toEqual({
			mode: 0o755,
			uid: 1000,
			gid: 1001,
			...requested,
		});
	});

	test('a requested owner never makes a file writable for the caller', () => {
		const owners = [0, 1000, 5].flatMap((uid) => [{ uid }, { uid, gid: 1001 }, { gid: uid }]);
		for (const requested of owners)
			for (const mode of ALL_MODES) {
				const file = presentUnwritable(caller, requested)('file', mode);
				if (classes(mode).anyReads)
					expect([requested, mode, access(caller, file).write]).toEqual([requested, mode, false]);
			}
	});
});
