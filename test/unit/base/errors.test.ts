import { readFileSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ConfigMapFsError, EXIT_STATUS, errorText, invariant, systemCode } from '../../../src/base/errors.js';

describe('errors', () => {
	test('EXIT_STATUS is in the range of sysexits, except for codes with an established status', () => {
		for (const [code, status] of Object.entries(EXIT_STATUS)) {
			if (code === 'WAIT_TIMEOUT') {
				expect(status).toBe(124);
				continue;
			}
			if (code.startsWith('COMMAND_')) {
				expect([126, 127]).toContain(status);
				continue;
			}
			expect(status).toBeGreaterThanOrEqual(64);
			expect(status).toBeLessThanOrEqual(78);
		}
	});

	test('ConfigMapFsError has its code, message and cause', () => {
		const cause = new Error('why');
		const error = new ConfigMapFsError('USAGE', 'what', { cause });
		expect([error.code, error.message, error.cause, error.name]).toEqual(['USAGE', 'what', cause, 'ConfigMapFsError']);
	});

	test.each([
		['an error', new Error('text'), 'text'],
		['a string', 'text', 'text'],
		['undefined', undefined, 'undefined'],
	])('errorText accepts %s', (_, thrown, text) => {
		expect(errorText(thrown)).toBe(text);
	});

	test('systemCode returns the code of a failed system call, and undefined for other values', () => {
		let failure: unknown;
		try {
			statSync('/nowhere/at/all');
		} catch (error) {
			failure = error;
		}
		expect(systemCode(failure)).toBe('ENOENT');
		for (const thrown of [new Error('x'), { code: 5 }, null, undefined, 'ENOENT'])
			expect(systemCode(thrown)).toBeUndefined();
	});

	test('invariant throws INTERNAL with its message if the condition is false', () => {
		expect(() => invariant(1, 'fine')).not.toThrow();
		expect(() => invariant(undefined, 'water is wet')).toThrow(
			expect.objectContaining({ code: 'INTERNAL', message: 'Broken invariant: water is wet' }),
		);
	});
});

describe('EXIT_STATUS', () => {
	test('matches docs/exit-statuses.md', () => {
		const page = readFileSync(new URL('../../../docs/exit-statuses.md', import.meta.url), 'utf8');
		const listed: Record<string, number> = {};
		for (const [, status = '', codes = ''] of page.matchAll(/^\| (\d+) \| (`[A-Z_`, ]+`) \|$/gm)) {
			for (const [, code = ''] of codes.matchAll(/`([A-Z_]+)`/g)) listed[code] = Number(status);
		}
		expect(listed).toEqual(EXIT_STATUS);
	});
});
