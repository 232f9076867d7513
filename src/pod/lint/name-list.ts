/** Lists of names in texts. */

const MAX_SHOWN = 8;

/** `a, b, c`, sorted and without duplicates; after eight names `… and 3 more`. */
export function nameList(names: Iterable<string>): string {
	const sorted = [...new Set(names)].sort();
	const shown = sorted.slice(0, MAX_SHOWN).join(', ');
	return sorted.length <= MAX_SHOWN ? shown : `${shown} and ${sorted.length - MAX_SHOWN} more`;
}
