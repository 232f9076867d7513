import { describe, expect, it } from 'vitest';
import { systemReason } from '../../../src/go/system-reason.js';

describe('systemReason', () => {
	it.each([
		['ENOENT', 'no such file or directory'],
		['ENOTDIR', 'not a directory'],
		['EACCES', 'permission denied'],
		['ELOOP', 'too many levels of symbolic links'],
		['ENAMETOOLONG', 'file name too long'],
		['EISDIR', 'is a directory'],
	])('has the text of Go for %s', (code, reason) => {
		expect(systemReason(Object.assign(new Error('x'), { code }))).toBe(reason);
	});

	it('keeps the message of other errors', () => {
		expect(systemReason(new Error('odd'))).toBe('odd');
		expect(systemReason(Object.assign(new Error('odd'), { code: 'ERR_ODD' }))).toBe('odd');
	});
});
