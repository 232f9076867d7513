import { describe, expect, test } from 'vitest';
import { OPCODE, OPCODE_LIMIT, opcodeName } from '../../../src/wire/constants.js';

describe('opcodeName', () => {
	test.each([
		[1, 'LOOKUP'],
		[26, 'INIT'],
		[44, 'READDIRPLUS'],
		[53, 'COPY_FILE_RANGE_64'],
		[0, 'OPCODE_0'],
		[7, 'OPCODE_7'],
		[200, 'OPCODE_200'],
	])('calls %i %s', (opcode, name) => {
		expect(opcodeName(opcode)).toBe(name);
	});

	test('every opcode of the table is below OPCODE_LIMIT and unique', () => {
		const codes = Object.values(OPCODE);
		expect(Math.max(...codes)).toBeLessThan(OPCODE_LIMIT);
		expect(new Set(codes).size).toBe(codes.length);
	});
});
