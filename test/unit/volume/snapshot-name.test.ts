import { describe, expect, test } from 'vitest';
import { isSnapshotName, snapshotName } from '../../../src/volume/snapshot-name.js';

describe('snapshotName', () => {
	test.each([
		['2026-11-21T04:03:39.999Z', 2702205451, '..2026_11_21_04_03_39.2702205451'],
		['2026-01-02T03:04:05Z', 0, '..2026_01_02_03_04_05.0'],
		['2026-01-02T03:04:05Z', 7, '..2026_01_02_03_04_05.7'],
		['2026-12-31T23:59:59Z', 2 ** 32 - 1, '..2026_12_31_23_59_59.4294967295'],
		['2027-01-01T00:30:00+01:00', 2 ** 31, '..2026_12_31_23_30_00.2147483648'],
	])('at %s with %i', (time, random, name) => {
		expect(snapshotName(new Date(time), random)).toBe(name);
		expect(isSnapshotName(name)).toBe(true);
	});
});

describe('isSnapshotName', () => {
	test.each([
		'..data',
		'..data_tmp',
		'2026_11_21_04_03_39.1',
		'..2026_11_21_04_03_39',
		'..2026_11_21_04_03_39.',
		'..2026_11_21_04_03_39.12345678901',
		'..2026_1_21_04_03_39.1',
		'..2026_11_21_04_03_39.1x',
		'x..2026_11_21_04_03_39.1',
	])('is not %s', (name) => {
		expect(isSnapshotName(name)).toBe(false);
	});
});
