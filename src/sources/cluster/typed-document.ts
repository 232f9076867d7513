/**
 * Decodes an object as client-go's codecs decode a kubeconfig or the output of a credential plugin: its kind and version
 * first, then every field against a Go type. Pure.
 */

import { type GoStruct, type UnmarshalFault, unmarshalFault, unsupportedNumber } from '../../go/json/struct.js';
import { isJsonObject, type JsonObject, jsonType } from '../../go/json/value.js';
import { TYPE_META } from './kubeconfig-schema.js';

export interface ExpectedType {
	readonly kind: string;
	/** The first is that of an object without `apiVersion`. */
	readonly apiVersions: readonly string[];
	readonly type: GoStruct;
}

/** The fields of `object` have the types of the expected struct. */
export type TypedDocument = { readonly object: JsonObject } | { readonly fault: UnmarshalFault };

/** Go's name of the type behind TYPE_META. */
const TYPE_META_NAME =
	'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** Null, which is an empty document, is an empty object. */
export function decodeTyped(value: unknown, { kind, apiVersions, type }: ExpectedType): TypedDocument {
	const unsupported = unsupportedNumber(value);
	if (unsupported !== undefined) return { fault: unsupported };
	const root = value ?? {};
	if (!isJsonObject(root)) {
		return untyped({
			path: [],
			reason: `json: cannot unmarshal ${jsonType(root)} into Go value of type ${TYPE_META_NAME}`,
		});
	}
	const mistyped = unmarshalFault(root, TYPE_META);
	if (mistyped !== undefined) return untyped(mistyped);
	const found = { kind: textOf(root.kind) ?? kind, apiVersion: textOf(root.apiVersion) ?? apiVersions[0] ?? '' };
	if (found.kind !== kind || !apiVersions.includes(found.apiVersion)) {
		const reason = `no kind "${found.kind}" is registered for version "${found.apiVersion}"`;
		return { fault: { path: [found.kind === kind ? 'apiVersion' : 'kind'], reason } };
	}
	const fault = unmarshalFault(root, type);
	return fault === undefined ? { object: root } : { fault };
}

function untyped(fault: UnmarshalFault): TypedDocument {
	return { fault: { ...fault, reason: `couldn't get version/kind; json parse error: ${fault.reason}` } };
}

/** Undefined for a string that is absent or empty. */
export function textOf(value: unknown): string | undefined {
	return typeof value === 'string' && value !== '' ? value : undefined;
}
