/** What a JSON-like value is, and Go's words for that. Pure. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether it is an object, and neither null nor a list. */
export function isJsonObject(value: unknown): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The word of Go's encoding/json for a JSON value. */
export function jsonType(value: unknown): string {
	if (Array.isArray(value)) return 'array';
	if (value === null) return 'null';
	if (typeof value === 'boolean') return 'bool';
	return typeof value === 'bigint' ? 'number' : typeof value;
}
