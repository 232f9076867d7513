import { describe, expect, it } from 'vitest';
import { compareResourceVersions } from '../../../../src/sources/cluster/cluster-object.js';

describe('compareResourceVersions', () => {
	it.each([
		['1', '2', -1],
		['10', '9', 1],
		['99999999999999999999', '100000000000000000000', -1],
		['5', '5', 0],
		['a', 'b', undefined],
		['05', '6', undefined],
		['', '6', undefined],
	])('compares %s and %s', (a, b, order) => {
		const result = compareResourceVersions(a, b);
		expect(result === undefined ? undefined : Math.sign(result)).toBe(order);
	});
});
