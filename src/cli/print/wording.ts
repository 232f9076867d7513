/** Parts of sentences. Pure. */

/** `1 key`, `2 keys`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
	return `${count} ${count === 1 ? noun : plural}`;
}

/** `A`, `A and B`, `A, B and C`. */
export function listed(names: readonly string[]): string {
	const last = names.at(-1) ?? '';
	return names.length <= 1 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}
