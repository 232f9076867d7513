/**
 * From a JSON-like value to a ConfigMap, as strict as an API server: no value is converted to a string, no unknown
 * field is passed over. Pure; knows nothing of YAML. All violations are found, not only the first.
 */

import { decodeBase64 } from './base64.js';
import type { ConfigMap } from './config-map.js';
import type { ObjectKey } from './object-key.js';
import {
	contentViolations,
	invalidText,
	labelViolations,
	MAX_ANNOTATION_BYTES,
	objectKeyViolations,
	type Violation,
} from './validation.js';

/** Outcome of decoding. There is an object exactly if there is no violation. */
export interface DecodedConfigMap {
	readonly object: ConfigMap | undefined;
	/** Which object the value is, if that much can be read of it. */
	readonly key: ObjectKey | undefined;
	readonly violations: readonly Violation[];
}

type JsonObject = Readonly<Record<string, unknown>>;
type Path = Violation['path'];

const OBJECT_FIELDS = new Set(['apiVersion', 'kind', 'metadata', 'data', 'binaryData', 'immutable']);
/** Source: kubernetes v1.32 apimachinery meta/v1, ObjectMeta; clusterName was one until v1.24. */
const METADATA_FIELDS = new Set([
	'name',
	'generateName',
	'namespace',
	'selfLink',
	'uid',
	'resourceVersion',
	'generation',
	'creationTimestamp',
	'deletionTimestamp',
	'deletionGracePeriodSeconds',
	'labels',
	'annotations',
	'ownerReferences',
	'finalizers',
	'managedFields',
	'clusterName',
]);

/** Decodes one ConfigMap; `defaultNamespace` is for a manifest that names none. Errors: none, see violations. */
export function decodeConfigMap(value: unknown, defaultNamespace: string): DecodedConfigMap {
	return new Decoder().decode(value, defaultNamespace);
}

class Decoder {
	readonly #violations: Violation[] = [];

	decode(value: unknown, defaultNamespace: string): DecodedConfigMap {
		const root = isJsonObject(value) ? value : {};
		if (root !== value) this.#mistyped([], value, 'v1.ConfigMap', undefined);
		this.#refuseUnknown(root, OBJECT_FIELDS, []);
		const metadata = this.#mapping(root, 'metadata', 'v1.ObjectMeta');
		this.#refuseUnknown(metadata, METADATA_FIELDS, ['metadata']);
		const name = this.#name(metadata);
		const namespace = this.#string(metadata, 'namespace') || defaultNamespace;
		const key = { namespace, name };
		const keyViolations = name === '' ? [] : objectKeyViolations(key);
		this.#violations.push(...keyViolations);
		const labels = this.#strings(metadata, 'labels');
		this.#violations.push(...labelViolations(name, labels));
		this.#checkAnnotations(metadata, name);
		const data = this.#data(root);
		const binaryData = this.#binaryData(root);
		const immutable = this.#immutable(root);
		const object: ConfigMap = { key, labels, immutable, data, binaryData };
		this.#violations.push(...contentViolations(object));
		return {
			object: this.#violations.length === 0 ? object : undefined,
			key: name === '' || keyViolations.length > 0 ? undefined : key,
			violations: this.#violations,
		};
	}

	#name(metadata: JsonObject): string {
		const before = this.#violations.length;
		const name = this.#string(metadata, 'name');
		if (name !== '' || this.#violations.length > before) return name;
		const prefix = this.#string(metadata, 'generateName');
		if (prefix === '') this.#report(['metadata'], 'resource name may not be empty');
		else this.#report(['metadata', 'generateName'], `from ${prefix}: cannot use generate name with apply`);
		return '';
	}

	#checkAnnotations(metadata: JsonObject, name: string): void {
		let bytes = 0;
		for (const [key, value] of this.#strings(metadata, 'annotations')) {
			bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
		}
		if (bytes <= MAX_ANNOTATION_BYTES) return;
		const reason = `Too long: must have at most ${MAX_ANNOTATION_BYTES} bytes`;
		this.#report(['metadata', 'annotations'], invalidText(name, 'metadata.annotations', reason));
	}

	#data(root: JsonObject): ReadonlyMap<string, Buffer> {
		const data = new Map<string, Buffer>();
		for (const [key, value] of Object.entries(this.#mapping(root, 'data', 'map[string]string'))) {
			// Go's decoder leaves the zero value where JSON has null.
			if (typeof value === 'string' || value === null) data.set(key, Buffer.from(value ?? '', 'utf8'));
			else this.#mistyped(['data', key], value, 'string', 'ConfigMap.data');
		}
		return data;
	}

	#binaryData(root: JsonObject): ReadonlyMap<string, Buffer> {
		const binaryData = new Map<string, Buffer>();
		for (const [key, value] of Object.entries(this.#mapping(root, 'binaryData', 'map[string][]uint8'))) {
			const path = ['binaryData', key];
			if (value === null) {
				binaryData.set(key, Buffer.alloc(0));
			} else if (typeof value !== 'string') {
				this.#mistyped(path, value, '[]uint8', 'ConfigMap.binaryData');
			} else {
				const bytes = decodeBase64(value);
				if (Buffer.isBuffer(bytes)) binaryData.set(key, bytes);
				else this.#report(path, `binaryData[${key}]: illegal base64 data at input byte ${bytes.badOffset}`);
			}
		}
		return binaryData;
	}

	#immutable(root: JsonObject): boolean {
		const value = root.immutable ?? false;
		if (typeof value === 'boolean') return value;
		this.#mistyped(['immutable'], value, 'bool', 'ConfigMap.immutable');
		return false;
	}

	#mapping(parent: JsonObject, field: string, goType: string): JsonObject {
		const value = parent[field] ?? {};
		if (isJsonObject(value)) return value;
		this.#mistyped([field], value, goType, `ConfigMap.${field}`);
		return {};
	}

	#string(metadata: JsonObject, field: string): string {
		const value = metadata[field] ?? '';
		if (typeof value === 'string') return value;
		this.#mistyped(['metadata', field], value, 'string', `ObjectMeta.metadata.${field}`);
		return '';
	}

	#strings(metadata: JsonObject, field: string): ReadonlyMap<string, string> {
		const strings = new Map<string, string>();
		const value = metadata[field] ?? {};
		if (!isJsonObject(value)) {
			this.#mistyped(['metadata', field], value, 'map[string]string', `ObjectMeta.metadata.${field}`);
			return strings;
		}
		for (const [key, item] of Object.entries(value)) {
			if (typeof item === 'string' || item === null) strings.set(key, item ?? '');
			else this.#mistyped(['metadata', field, key], item, 'string', `ObjectMeta.metadata.${field}`);
		}
		return strings;
	}

	#refuseUnknown(value: JsonObject, known: ReadonlySet<string>, path: Path): void {
		for (const field of Object.keys(value)) {
			if (known.has(field)) continue;
			const full = [...path, field];
			this.#report(full, `strict decoding error: unknown field "${full.join('.')}"`);
		}
	}

	#mistyped(path: Path, value: unknown, goType: string, goField: string | undefined): void {
		const where = goField === undefined ? 'value' : `struct field ${goField}`;
		this.#report(path, `json: cannot unmarshal ${jsonType(value)} into Go ${where} of type ${goType}`);
	}

	#report(path: Path, text: string): void {
		this.#violations.push({ path, text });
	}
}

function isJsonObject(value: unknown): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The word of Go's encoding/json for a JSON value. */
function jsonType(value: unknown): string {
	if (Array.isArray(value)) return 'array';
	if (value === null) return 'null';
	if (typeof value === 'boolean') return 'bool';
	return typeof value === 'bigint' ? 'number' : typeof value;
}
