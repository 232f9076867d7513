/** What execve(2) takes as one argument or one `NAME=VALUE`. A container would not start with more either. */

/** Bytes of one string without its NUL. Source: linux 6.18 binfmts.h, MAX_ARG_STRLEN on pages of 4 KiB. */
export const MAX_STRING_BYTES = 131_071;

/** Why no process can be given the text, or undefined. */
export function stringFault(text: string): string | undefined {
	if (text.includes('\0')) return 'holds a NUL byte, which nothing that a process is started with can';
	const bytes = Buffer.byteLength(text);
	if (bytes <= MAX_STRING_BYTES) return undefined;
	return `takes ${bytes} bytes, and a process can be started with ${MAX_STRING_BYTES} in one string at most`;
}
