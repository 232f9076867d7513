import { expect, test } from 'vitest';
import { readCaller } from '../../../../src/run/application/caller.js';

const isRoot = process.getuid?.() === 0;

test('who calls, and whom that one may be', () => {
	const caller = readCaller();
	expect([caller.uid, caller.gid, caller.groups]).toEqual([
		process.getuid?.(),
		process.getgid?.(),
		process.getgroups?.(),
	]);
	expect(caller.mayBeUser(1)).toBe(isRoot);
	expect(caller.mayBeGroup(65534)).toBe(isRoot);
	// The number that stands for nobody at all. Source: setreuid(2).
	expect(caller.mayBeUser(2 ** 32 - 1)).toBe(false);
});
