/** Limits of execve(2) for one argument or one `NAME=VALUE`. They apply to containers too. */

/** Longest string. Unit: bytes, without the NUL. Source: linux 6.18 binfmts.h, MAX_ARG_STRLEN on pages of 4 KiB. */
export const MAX_STRING_BYTES = 131_071;

/** Why execve(2) would refuse the string; undefined if it accepts it. */
export function stringFault(text: string): string | undefined {
	if (text.includes('\0')) return 'contains a NUL byte, which no argument or variable can';
	const bytes = Buffer.byteLength(text);
	if (bytes <= MAX_STRING_BYTES) return undefined;
	return `takes ${bytes} bytes, more than the ${MAX_STRING_BYTES} that Linux allows in one argument or variable`;
}
