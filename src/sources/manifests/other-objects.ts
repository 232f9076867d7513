/**
 * Objects that are no ConfigMaps, compared: whether they are the same object, whether they say the same, and whether one
 * may be what is left of another while it is being written. Pure.
 */

import type { OtherObject } from './manifest-parser.js';

/** Which object it is, as text; objects without a name have no identity of their own. */
export function otherIdentity({ apiVersion, kind, namespace = '', name }: OtherObject): string {
	return `${apiVersion} ${kind} ${namespace}/${name}`;
}

/** Whether two lists say the same in the same order, wherever it stands in the files. */
export function sameOthers(a: readonly OtherObject[], b: readonly OtherObject[]): boolean {
	return a.length === b.length && a.every((one, index) => sameJson(one.value, b[index]?.value));
}

/** Whether a field, or an element of a list, of `before` is not in `after`. */
export function losesField(before: unknown, after: unknown): boolean {
	if (before === after || typeof before !== 'object' || before === null) return false;
	if (typeof after !== 'object' || after === null) return true;
	const fields = after as Readonly<Record<string, unknown>>;
	return Object.entries(before).some(
		([field, value]) => !Object.hasOwn(fields, field) || losesField(value, fields[field]),
	);
}

/** Whether two JSON-like values are equal; the order of fields does not matter. */
export function sameJson(a: unknown, b: unknown): boolean {
	if (Object.is(a, b)) return true;
	if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
	if (Array.isArray(a) !== Array.isArray(b)) return false;
	const fields = b as Readonly<Record<string, unknown>>;
	const entries = Object.entries(a);
	if (entries.length !== Object.keys(b).length) return false;
	return entries.every(([field, value]) => Object.hasOwn(fields, field) && sameJson(value, fields[field]));
}
