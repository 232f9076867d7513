import { describe, expect, it } from 'vitest';
import { runnablePerCpu } from '../../../src/base/load.js';

describe('runnablePerCpu', () => {
	it('returns a finite number that is not negative', () => {
		const load = runnablePerCpu();
		expect(Number.isFinite(load)).toBe(true);
		expect(load).toBeGreaterThanOrEqual(0);
	});
});
