/** Text for a POSIX shell. Pure. */

/** In single quotes, whatever it holds. */
export function shellQuoted(text: string): string {
	return `'${text.replaceAll("'", "'\\''")}'`;
}

/** In quotes only where a shell needs them. */
export function shellWord(text: string): string {
	return /^[\w@%+=:,./-]+$/.test(text) ? text : shellQuoted(text);
}
