/** Finds the known word that a misspelled one probably means. Pure. */

/** Returns the closest of `words`, or undefined if none is similar enough. */
export function closest(word: string, words: readonly string[]): string | undefined {
	if (word.length > 2) {
		const longer = words.filter((one) => one.startsWith(word));
		if (longer.length === 1) return longer[0];
	}
	const ranked = words
		.map((one) => ({ one, distance: editDistance(word, one) }))
		.sort((left, right) => left.distance - right.distance);
	const [best] = ranked;
	return best !== undefined && best.distance <= Math.max(1, Math.floor(best.one.length / 3)) ? best.one : undefined;
}

/** The number of letters to insert, remove, replace, or swap with their neighbour. */
function editDistance(left: string, right: string): number {
	const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, index) => index)];
	const at = (row: number, column: number) => rows[row]?.[column] ?? 0;
	for (let row = 1; row <= left.length; row++) {
		const distances = [row];
		rows.push(distances);
		for (let column = 1; column <= right.length; column++) {
			const isSame = left[row - 1] === right[column - 1];
			const swaps = row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
			distances.push(
				Math.min(
					at(row - 1, column) + 1,
					at(row, column - 1) + 1,
					at(row - 1, column - 1) + (isSame ? 0 : 1),
					swaps ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
				),
			);
		}
	}
	return at(left.length, right.length);
}
