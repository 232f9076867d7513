/**
 * The order of keys in kubectl's YAML: letters after all other characters, digits by their numeric value (`a9` before
 * `a10`). Pure. kubectl sorts keys in JSON by bytes instead.
 */

function isDigit(character: string | undefined): boolean {
	return character !== undefined && /^\p{Nd}$/u.test(character);
}

function isLetter(character: string): boolean {
	return /^\p{L}$/u.test(character);
}

/** Reads the digits from `start` on as a number, after the digit `leading`. */
function readNumber(
	text: readonly string[],
	start: number,
	leading: bigint,
): { readonly value: bigint; readonly end: number } {
	let value = leading;
	let end = start;
	for (let digit = text[end]; digit !== undefined && isDigit(digit); digit = text[end]) {
		value = BigInt.asIntN(64, value * 10n + BigInt((digit.codePointAt(0) ?? 0) - 0x30));
		end += 1;
	}
	return { value, end };
}

/** Whether a nonzero digit of the same number precedes the index, so that a zero there counts: `10` is not `1`. */
function isInsideNumber(text: readonly string[], index: number): boolean {
	for (let before = index - 1; before >= 0 && isDigit(text[before]); before -= 1) {
		if (text[before] !== '0') return true;
	}
	return false;
}

/**
 * Compares two keys; negative if `a` comes first. The order is not transitive: `10`, `1e3` and `01` each precede the
 * next, in a circle. For such keys kubectl's output differs between runs.
 * Source: kubectl v1.32 (sigs.k8s.io/yaml v1.4, goyaml.v2), keyList.Less.
 */
export function compareGoYamlKeys(a: string, b: string): number {
	const left = [...a];
	const right = [...b];
	for (let index = 0; index < left.length && index < right.length; index += 1) {
		const l = left[index] ?? '';
		const r = right[index] ?? '';
		if (l === r) continue;
		const byCodePoint = (l.codePointAt(0) ?? 0) - (r.codePointAt(0) ?? 0);
		if (isLetter(l) && isLetter(r)) return byCodePoint;
		if (isLetter(l) || isLetter(r)) return isLetter(l) ? 1 : -1;
		const leading = (l === '0' || r === '0') && isInsideNumber(left, index) ? 1n : 0n;
		const leftNumber = readNumber(left, index, leading);
		const rightNumber = readNumber(right, index, leading);
		if (leftNumber.value !== rightNumber.value) return leftNumber.value < rightNumber.value ? -1 : 1;
		if (leftNumber.end !== rightNumber.end) return leftNumber.end - rightNumber.end;
		return byCodePoint;
	}
	return left.length - right.length;
}
