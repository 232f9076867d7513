/**
 * The common part of the decoders of ConfigMaps and Secrets: metadata and typed fields of a JSON-like value, as strict as
 * an API server. Pure; knows nothing of YAML. Finds all violations, not only the first; their texts contain no values.
 */

import { decodeBase64 } from '../go/base64.js';
import { isJsonObject, type JsonObject, jsonType } from '../go/json/value.js';
import type { ObjectKey } from './object-key.js';
import {
	invalidText,
	labelViolations,
	MAX_ANNOTATION_BYTES,
	objectKeyViolations,
	type ValidatedKind,
	type Violation,
} from './validation.js';

type Path = Violation['path'];

/** The decoded `metadata`. A missing or invalid name is a violation. */
export interface DecodedMetadata {
	readonly key: ObjectKey;
	/** Whether the key has a valid name. */
	readonly isNamed: boolean;
	readonly labels: ReadonlyMap<string, string>;
	readonly annotations: ReadonlyMap<string, string>;
}

/** Decodes the fields of one object and collects the violations. */
export class ObjectDecoder {
	readonly violations: Violation[] = [];
	readonly #kind: ValidatedKind;

	constructor(kind: ValidatedKind) {
		this.#kind = kind;
	}

	/** The value if it is an object, otherwise an empty object. */
	root(value: unknown): JsonObject {
		const root = isJsonObject(value) ? value : {};
		if (root !== value) this.#mistyped([], value, `v1.${this.#kind}`, undefined);
		return root;
	}

	metadata(root: JsonObject, defaultNamespace: string): DecodedMetadata {
		const metadata = this.#mapping(root, 'metadata', 'v1.ObjectMeta');
		const name = this.#name(metadata);
		const namespace = this.#metadataText(metadata, 'namespace') || defaultNamespace;
		const key = { namespace, name };
		const keyViolations = name === '' ? [] : objectKeyViolations(key, this.#kind);
		this.violations.push(...keyViolations);
		const labels = this.#strings(metadata, 'labels');
		this.violations.push(...labelViolations(name, labels, this.#kind));
		const annotations = this.#strings(metadata, 'annotations');
		this.#checkAnnotations(name, annotations);
		return { key, isNamed: name !== '' && keyViolations.length === 0, labels, annotations };
	}

	/** A map of strings, as UTF-8 bytes. */
	texts(root: JsonObject, field: string): ReadonlyMap<string, Buffer> {
		const values = new Map<string, Buffer>();
		for (const [key, value] of Object.entries(this.#mapping(root, field, 'map[string]string'))) {
			// Go's decoder leaves the zero value for a JSON null.
			if (typeof value === 'string' || value === null) values.set(key, Buffer.from(value ?? '', 'utf8'));
			else this.#mistyped([field, key], value, 'string', `${this.#kind}.${field}`);
		}
		return values;
	}

	/** A map of base64 strings, decoded. */
	bytes(root: JsonObject, field: string): ReadonlyMap<string, Buffer> {
		const values = new Map<string, Buffer>();
		for (const [key, value] of Object.entries(this.#mapping(root, field, 'map[string][]uint8'))) {
			const path = [field, key];
			if (value === null) {
				values.set(key, Buffer.alloc(0));
			} else if (typeof value !== 'string') {
				this.#mistyped(path, value, '[]uint8', `${this.#kind}.${field}`);
			} else {
				const bytes = decodeBase64(value);
				if (Buffer.isBuffer(bytes)) values.set(key, bytes);
				else this.report(path, `${field}[${key}]: illegal base64 data at input byte ${bytes.badOffset}`);
			}
		}
		return values;
	}

	/** A boolean; false if the field is absent. */
	flag(root: JsonObject, field: string): boolean {
		const value = root[field] ?? false;
		if (typeof value === 'boolean') return value;
		this.#mistyped([field], value, 'bool', `${this.#kind}.${field}`);
		return false;
	}

	/** A string; empty if the field is absent. */
	text(root: JsonObject, field: string, goType: string): string {
		const value = root[field] ?? '';
		if (typeof value === 'string') return value;
		this.#mistyped([field], value, goType, `${this.#kind}.${field}`);
		return '';
	}

	report(path: Path, text: string): void {
		this.violations.push({ path, text });
	}

	#name(metadata: JsonObject): string {
		const before = this.violations.length;
		const name = this.#metadataText(metadata, 'name');
		if (name !== '' || this.violations.length > before) return name;
		const prefix = this.#metadataText(metadata, 'generateName');
		if (prefix === '') this.report(['metadata'], 'resource name may not be empty');
		else this.report(['metadata', 'generateName'], `from ${prefix}: cannot use generate name with apply`);
		return '';
	}

	#checkAnnotations(name: string, annotations: ReadonlyMap<string, string>): void {
		let bytes = 0;
		for (const [key, value] of annotations) bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
		if (bytes <= MAX_ANNOTATION_BYTES) return;
		const reason = `Too long: must have at most ${MAX_ANNOTATION_BYTES} bytes`;
		this.report(['metadata', 'annotations'], invalidText(name, 'metadata.annotations', reason, this.#kind));
	}

	#mapping(parent: JsonObject, field: string, goType: string): JsonObject {
		const value = parent[field] ?? {};
		if (isJsonObject(value)) return value;
		this.#mistyped([field], value, goType, `${this.#kind}.${field}`);
		return {};
	}

	#metadataText(metadata: JsonObject, field: string): string {
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

	#mistyped(path: Path, value: unknown, goType: string, goField: string | undefined): void {
		const where = goField === undefined ? 'value' : `struct field ${goField}`;
		this.report(path, `json: cannot unmarshal ${jsonType(value)} into Go ${where} of type ${goType}`);
	}
}
