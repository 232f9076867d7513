/**
 * The suffix that `kubectl create configmap --append-hash` appends to a name. Knows nothing of files or flags. It hashes
 * the JSON text that kubectl hashes, which has the escapes of Go's encoder and not those of JSON.stringify.
 */

import { createHash } from 'node:crypto';
import { encodeGoJsonString, sortGoJsonKeys } from '../go/json/encode.js';

/** The fields that are hashed. Namespace, labels and annotations are not. */
export interface HashedContent {
	/** The name without the suffix. */
	readonly name: string;
	/** `null` and an empty map have different hashes; `kubectl create` always has a map. */
	readonly data: ReadonlyMap<string, Buffer> | null;
	/** An absent and an empty map have the same hash. */
	readonly binaryData?: ReadonlyMap<string, Buffer>;
	/** Part of the hash only if it is present, even if it is false. */
	readonly immutable?: boolean;
}

const HASH_LENGTH = 10;

/** Digits that could spell a word are replaced. Source: kubectl v1.20 pkg/util/hash, encodeHash. */
const SUBSTITUTES: Readonly<Record<string, string>> = { '0': 'g', '1': 'h', '3': 'k', a: 'm', e: 't' };

function encodeMap(map: ReadonlyMap<string, Buffer>, encoding: 'utf8' | 'base64'): string {
	const entries = sortGoJsonKeys(map.keys()).map((key) => {
		const value = map.get(key) ?? Buffer.alloc(0);
		return `${encodeGoJsonString(key)}:${encodeGoJsonString(value.toString(encoding))}`;
	});
	return `{${entries.join(',')}}`;
}

/**
 * The ten characters after the dash.
 * Source: kubectl v1.20 pkg/util/hash, ConfigMapHash; the JSON text is checked against kubectl v1.32.
 */
export function computeNameHash(content: HashedContent): string {
	const fields: string[] = [];
	if (content.binaryData !== undefined && content.binaryData.size > 0) {
		fields.push(`"binaryData":${encodeMap(content.binaryData, 'base64')}`);
	}
	fields.push(`"data":${content.data === null ? 'null' : encodeMap(content.data, 'utf8')}`);
	if (content.immutable !== undefined) fields.push(`"immutable":${content.immutable}`);
	fields.push('"kind":"ConfigMap"', `"name":${encodeGoJsonString(content.name)}`);
	const digest = createHash('sha256')
		.update(`{${fields.join(',')}}`)
		.digest('hex');
	return digest.slice(0, HASH_LENGTH).replace(/[013ae]/g, (digit) => SUBSTITUTES[digit] ?? digit);
}

/** The name with its suffix, `NAME-hash`. */
export function appendNameHash(content: HashedContent): string {
	return `${content.name}-${computeNameHash(content)}`;
}
