/**
 * The rules of an API server for ConfigMaps, some of which apply to Secrets too, with its texts. Pure; knows nothing of
 * files or YAML: a violation has the path of a field, and the reader of the file finds its line.
 */

import { type ConfigMap, totalBytes } from './config-map.js';
import type { ObjectKey } from './object-key.js';

/** One rule that an object breaks. */
export interface Violation {
	/** Path of the field, such as `['data', 'key']`; empty for the object itself. */
	readonly path: readonly (string | number)[];
	/** The text of kubectl or of the API server. */
	readonly text: string;
}

/** Largest size of all values together. Source: kubernetes v1.32 core/types.go, MaxSecretSize. Unit: bytes. */
export const MAX_VALUE_BYTES = 1_048_576;
/** Largest size of all annotations. Source: kubernetes v1.32 validation/objectmeta.go. Unit: bytes. */
export const MAX_ANNOTATION_BYTES = 262_144;
/** Longest key and longest name of an object. Unit: bytes. */
export const MAX_NAME_BYTES = 253;
const MAX_LABEL_BYTES = 63;

const CONFIG_KEY = /^[-._a-zA-Z0-9]+$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

const CONFIG_KEY_TEXT =
	"a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  " +
	"or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const SUBDOMAIN_TEXT =
	"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
	"end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
	"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_TEXT =
	"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with " +
	"an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is " +
	"'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED_RULE =
	"must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
	"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is " +
	"'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE_TEXT =
	"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and " +
	"end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
	"'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/** Faults of a key of `data` or `binaryData`. Source: kubernetes v1.32 util/validation, IsConfigMapKey. */
export function configKeyFaults(key: string): readonly string[] {
	const faults = tooLong(key, MAX_NAME_BYTES);
	if (!CONFIG_KEY.test(key)) faults.push(CONFIG_KEY_TEXT);
	if (key === '.') faults.push("must not be '.'");
	else if (key === '..') faults.push("must not be '..'");
	else if (key.startsWith('..')) faults.push("must not start with '..'");
	return faults;
}

/** Faults of the name of a ConfigMap. Source: kubernetes v1.32 util/validation, IsDNS1123Subdomain. */
export function subdomainFaults(name: string): readonly string[] {
	const faults = tooLong(name, MAX_NAME_BYTES);
	if (!SUBDOMAIN.test(name)) faults.push(SUBDOMAIN_TEXT);
	return faults;
}

/** Faults of a namespace. Source: kubernetes v1.32 util/validation, IsDNS1123Label. */
export function namespaceFaults(namespace: string): readonly string[] {
	const faults = tooLong(namespace, MAX_LABEL_BYTES);
	if (!LABEL.test(namespace)) faults.push(LABEL_TEXT);
	return faults;
}

/** Faults of the key of a label. Source: kubernetes v1.32 util/validation, IsQualifiedName. */
export function labelKeyFaults(key: string): readonly string[] {
	const parts = key.split('/');
	const [prefix, name] = parts.length === 1 ? [undefined, parts[0] ?? ''] : [parts[0] ?? '', parts[1] ?? ''];
	if (parts.length > 2) {
		const rule = `a qualified name ${QUALIFIED_RULE}`;
		return [`${rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
	}
	const faults: string[] = [];
	if (prefix === '') faults.push('prefix part must be non-empty');
	else if (prefix !== undefined) faults.push(...subdomainFaults(prefix).map((fault) => `prefix part ${fault}`));
	if (name === '') faults.push('name part must be non-empty');
	else faults.push(...tooLong(name, MAX_LABEL_BYTES).map((fault) => `name part ${fault}`));
	if (!QUALIFIED_NAME.test(name)) faults.push(`name part ${QUALIFIED_RULE}`);
	return faults;
}

/** Faults of the value of a label. Source: kubernetes v1.32 util/validation, IsValidLabelValue. */
export function labelValueFaults(value: string): readonly string[] {
	const faults = tooLong(value, MAX_LABEL_BYTES);
	if (value !== '' && !QUALIFIED_NAME.test(value)) faults.push(LABEL_VALUE_TEXT);
	return faults;
}

/** Kinds whose objects are validated here. */
export type ValidatedKind = 'ConfigMap' | 'Secret';

/** `ConfigMap "name" is invalid: field: reason`: the text of the API server's status 422. */
export function invalidText(name: string, field: string, reason: string, kind: ValidatedKind = 'ConfigMap'): string {
	return `${kind} "${name}" is invalid: ${field}: ${reason}`;
}

/** Violations of the rules for namespace and name. */
export function objectKeyViolations(key: ObjectKey, kind: ValidatedKind = 'ConfigMap'): readonly Violation[] {
	const violations: Violation[] = [];
	const report = (field: 'name' | 'namespace', faults: readonly string[]) => {
		for (const fault of faults) {
			const reason = `Invalid value: ${JSON.stringify(key[field])}: ${fault}`;
			violations.push({ path: ['metadata', field], text: invalidText(key.name, `metadata.${field}`, reason, kind) });
		}
	};
	report('name', subdomainFaults(key.name));
	report('namespace', namespaceFaults(key.namespace));
	return violations;
}

/** Violations of the rules for labels. */
export function labelViolations(
	name: string,
	labels: ReadonlyMap<string, string>,
	kind: ValidatedKind = 'ConfigMap',
): readonly Violation[] {
	const violations: Violation[] = [];
	for (const [key, value] of labels) {
		const report = (wrong: string, fault: string) =>
			violations.push({
				path: ['metadata', 'labels', key],
				text: invalidText(name, 'metadata.labels', `Invalid value: ${JSON.stringify(wrong)}: ${fault}`, kind),
			});
		for (const fault of labelKeyFaults(key)) report(key, fault);
		for (const fault of labelValueFaults(value)) report(value, fault);
	}
	return violations;
}

/** Violations of the rules for keys, for a key in both maps, and for the size. */
export function contentViolations(object: Pick<ConfigMap, 'key' | 'data' | 'binaryData'>): readonly Violation[] {
	const { name } = object.key;
	const violations: Violation[] = [];
	const report = (field: 'data' | 'binaryData', key: string, fault: string) => {
		const reason = `Invalid value: ${JSON.stringify(key)}: ${fault}`;
		violations.push({ path: [field, key], text: invalidText(name, `${field}[${key}]`, reason) });
	};
	for (const key of object.data.keys()) {
		for (const fault of configKeyFaults(key)) report('data', key, fault);
		if (object.binaryData.has(key)) report('data', key, 'duplicate of key present in binaryData');
	}
	for (const key of object.binaryData.keys()) {
		for (const fault of configKeyFaults(key)) report('binaryData', key, fault);
	}
	return [...violations, ...configMapSizeViolations(object)];
}

/** A violation if all values together are too large. */
export function configMapSizeViolations(object: Pick<ConfigMap, 'key' | 'data' | 'binaryData'>): readonly Violation[] {
	if (totalBytes(object) <= MAX_VALUE_BYTES) return [];
	const text = invalidText(object.key.name, '[]', `Too long: must have at most ${MAX_VALUE_BYTES} bytes`);
	return [{ path: [], text }];
}

function tooLong(value: string, maxBytes: number): string[] {
	return Buffer.byteLength(value) > maxBytes ? [`must be no more than ${maxBytes} characters`] : [];
}
