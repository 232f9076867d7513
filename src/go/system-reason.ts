/** Go's texts for system errors, which kubectl's messages contain. */

import { getSystemErrorMap } from 'node:util';
import { errorText, systemCode } from '../base/errors.js';

/** Errors for which libuv's text differs from Go's. Source: go1.23 syscall, zerrors_linux_amd64.go. */
const REASONS: Readonly<Record<string, string>> = {
	ELOOP: 'too many levels of symbolic links',
	ENAMETOOLONG: 'file name too long',
	EISDIR: 'is a directory',
	EIO: 'input/output error',
	EMFILE: 'too many open files',
	ENFILE: 'too many open files in system',
};

/** The reason why a system call failed, such as `no such file or directory`. For any other error, its message. */
export function systemReason(error: unknown): string {
	const code = systemCode(error);
	if (code === undefined) return errorText(error);
	const known = REASONS[code];
	if (known !== undefined) return known;
	for (const [name, reason] of getSystemErrorMap().values()) if (name === code) return reason;
	return errorText(error);
}
