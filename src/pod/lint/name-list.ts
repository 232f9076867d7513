/** Lists of names in sentences. */

const MOST = 8;

/** `a, b, c`, sorted, each once; beyond eight `… and 3 more`. */
export function nameList(words: Iterable<string>): string {
	const sorted = [...new Set(words)].sort();
	const shown = sorted.slice(0, MOST).join(', ');
	return sorted.length <= MOST ? shown : `${shown} and ${sorted.length - MOST} more`;
}
