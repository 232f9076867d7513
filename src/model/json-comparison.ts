/** Comparisons of JSON-like values. Pure. */

/** Whether two values are equal; the order of fields does not matter. */
export function sameJson(a: unknown, b: unknown): boolean {
	if (Object.is(a, b)) return true;
	if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
	if (Array.isArray(a) !== Array.isArray(b)) return false;
	const fields = b as Readonly<Record<string, unknown>>;
	const entries = Object.entries(a);
	if (entries.length !== Object.keys(b).length) return false;
	return entries.every(([field, value]) => Object.hasOwn(fields, field) && sameJson(value, fields[field]));
}

/** Whether a field, or an element of a list, of `before` is missing in `after`. */
export function losesField(before: unknown, after: unknown): boolean {
	if (before === after || typeof before !== 'object' || before === null) return false;
	if (typeof after !== 'object' || after === null) return true;
	const fields = after as Readonly<Record<string, unknown>>;
	return Object.entries(before).some(
		([field, value]) => !Object.hasOwn(fields, field) || losesField(value, fields[field]),
	);
}
