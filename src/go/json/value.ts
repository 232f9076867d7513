/** Types of JSON-like values, and their names in Go's messages. Pure. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether the value is an object, as opposed to null or a list. */
export function isJsonObject(value: unknown): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The type of a value as Go's encoding/json names it. */
export function jsonType(value: unknown): string {
	if (Array.isArray(value)) return 'array';
	if (value === null) return 'null';
	if (typeof value === 'boolean') return 'bool';
	return typeof value === 'bigint' ? 'number' : typeof value;
}
