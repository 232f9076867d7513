import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { ERRNO, errnoName } from '../../../src/base/errno.js';

describe('ERRNO', () => {
	const known = constants.errno as Readonly<Record<string, number>>;

	test('has the numbers of this machine', () => {
		for (const [name, number] of Object.entries(ERRNO))
			if (name in known) expect([name, number]).toEqual([name, known[name]]);
		expect(Object.keys(ERRNO).filter((name) => name in known).length).toBeGreaterThan(20);
	});

	test.each([
		[2, 'ENOENT'],
		[30, 'EROFS'],
		[116, 'ESTALE'],
		[999, 'errno 999'],
	])('errnoName calls %i %s', (number, name) => {
		expect(errnoName(number)).toBe(name);
	});
});
