/**
 * Checks a JSON-like value against a Go type, as Go's encoding/json does when it decodes into a struct: field names are
 * case-sensitive, unknown fields are ignored, null leaves the zero value, and the first mismatch is the error. Pure.
 * Source: sigs.k8s.io/json and go1.23 encoding/json, decode.go. Difference: `[]uint8` does not accept a list of numbers.
 */

import { decodeBase64 } from '../base64.js';
import { isJsonObject, jsonType } from './value.js';

export type GoType =
	| 'string'
	| 'bool'
	/** `[]byte`: a string in base64. */
	| 'bytes'
	/** Any value, such as `runtime.RawExtension`. */
	| 'any'
	| { readonly list: GoType }
	| { readonly map: GoType }
	| GoStruct;

export interface GoStruct {
	/** With its package, such as `v1.Context`. */
	readonly struct: string;
	readonly fields: Readonly<Record<string, GoType>>;
}

export interface UnmarshalFault {
	/** Of the mismatched value, from the root. */
	readonly path: readonly (string | number)[];
	/** Go's message. */
	readonly reason: string;
	/** Type that the value must have, where the value has another. */
	readonly wanted?: GoType;
}

/** The fault that Go reports; undefined if the value fits. Requires: `value` contains no infinite or NaN numbers. */
export function unmarshalFault(value: unknown, type: GoType): UnmarshalFault | undefined {
	return findFault(value, type, { path: [], goPath: [], struct: undefined });
}

/** Path of a number that JSON cannot represent (`.inf`, `.nan`), and Go's message for it. */
export function unsupportedNumber(value: unknown): UnmarshalFault | undefined {
	return findUnsupported(value, []);
}

interface Position {
	readonly path: UnmarshalFault['path'];
	/** Field names only, as Go writes them. */
	readonly goPath: readonly string[];
	/** The innermost struct, without its package; undefined at the root. */
	readonly struct: string | undefined;
}

function findFault(value: unknown, type: GoType, position: Position): UnmarshalFault | undefined {
	if (value === null || value === undefined || type === 'any') return undefined;
	if (type === 'string') return typeof value === 'string' ? undefined : mismatch(value, type, position);
	if (type === 'bool') return typeof value === 'boolean' ? undefined : mismatch(value, type, position);
	if (type === 'bytes') {
		if (typeof value !== 'string') return mismatch(value, type, position);
		const bytes = decodeBase64(value);
		if (Buffer.isBuffer(bytes)) return undefined;
		return { path: position.path, reason: `illegal base64 data at input byte ${bytes.badOffset}` };
	}
	if ('list' in type) {
		if (!Array.isArray(value)) return mismatch(value, type, position);
		return firstOf(value.keys(), (index) => findFault(value[index], type.list, inside(position, index)));
	}
	if (!isJsonObject(value)) return mismatch(value, type, position);
	// Go converts YAML to JSON with sorted keys first, so the first fault is the first in this order.
	const keys = Object.keys(value).sort();
	if ('map' in type) return firstOf(keys, (key) => findFault(value[key], type.map, inside(position, key)));
	const struct = type.struct.slice(type.struct.indexOf('.') + 1);
	return firstOf(keys, (key) => {
		const field = Object.hasOwn(type.fields, key) ? type.fields[key] : undefined;
		const at = { ...inside(position, key), goPath: [...position.goPath, key], struct };
		return field === undefined ? undefined : findFault(value[key], field, at);
	});
}

function mismatch(value: unknown, wanted: GoType, { path, goPath, struct }: Position): UnmarshalFault {
	const target = struct === undefined ? 'value' : `struct field ${struct}.${goPath.join('.')}`;
	return {
		path,
		wanted,
		reason: `json: cannot unmarshal ${jsonType(value)} into Go ${target} of type ${goName(wanted)}`,
	};
}

function goName(type: GoType): string {
	if (type === 'bytes') return '[]uint8';
	if (typeof type === 'string') return type;
	if ('list' in type) return `[]${goName(type.list)}`;
	return 'map' in type ? `map[string]${goName(type.map)}` : type.struct;
}

function inside(position: Position, step: string | number): Position {
	return { ...position, path: [...position.path, step] };
}

function firstOf<T>(items: Iterable<T>, find: (item: T) => UnmarshalFault | undefined): UnmarshalFault | undefined {
	for (const item of items) {
		const found = find(item);
		if (found !== undefined) return found;
	}
	return undefined;
}

function findUnsupported(value: unknown, path: UnmarshalFault['path']): UnmarshalFault | undefined {
	if (typeof value === 'number' && !Number.isFinite(value)) {
		const word = Number.isNaN(value) ? 'NaN' : value < 0 ? '-Inf' : '+Inf';
		return { path, reason: `json: unsupported value: ${word}` };
	}
	if (Array.isArray(value)) return firstOf(value.keys(), (index) => findUnsupported(value[index], [...path, index]));
	if (!isJsonObject(value)) return undefined;
	return firstOf(Object.keys(value).sort(), (key) => findUnsupported(value[key], [...path, key]));
}
