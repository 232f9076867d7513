/**
 * The rules of an API server for the content of a Secret, with its texts. No text contains a value. Pure. Source: kubernetes v1.32 core/validation, ValidateSecret and ValidateSecretUpdate.
 */

import { sameValues } from './config-map.js';
import type { Secret } from './secret.js';
import { configKeyFaults, invalidText, MAX_VALUE_BYTES, type Violation } from './validation.js';

/** The parts of a manifest that the rules need besides the Secret. */
export interface SecretContext {
	readonly annotations: ReadonlyMap<string, string>;
	/** Keys that the manifest has in `stringData`; violations name this field. */
	readonly stringDataKeys: ReadonlySet<string>;
}

/** Keys that a type requires: all of them, or at least one. Other types require none. */
const REQUIRED_KEYS: ReadonlyMap<string, { readonly all: boolean; readonly keys: readonly string[] }> = new Map([
	['kubernetes.io/dockercfg', { all: true, keys: ['.dockercfg'] }],
	['kubernetes.io/dockerconfigjson', { all: true, keys: ['.dockerconfigjson'] }],
	['kubernetes.io/basic-auth', { all: false, keys: ['username', 'password'] }],
	['kubernetes.io/ssh-auth', { all: true, keys: ['ssh-privatekey'] }],
	['kubernetes.io/tls', { all: true, keys: ['tls.crt', 'tls.key'] }],
]);
/** By type: the key whose value must be a JSON object. */
const JSON_KEYS: ReadonlyMap<string, string> = new Map([
	['kubernetes.io/dockercfg', '.dockercfg'],
	['kubernetes.io/dockerconfigjson', '.dockerconfigjson'],
]);
const SERVICE_ACCOUNT_TYPE = 'kubernetes.io/service-account-token';
const SERVICE_ACCOUNT_NAME = 'kubernetes.io/service-account.name';

/** Violations of the rules for keys, for the size, and for the keys that the type requires. */
export function secretViolations(secret: Secret, context: SecretContext): readonly Violation[] {
	const { data, type } = secret;
	const violations: Violation[] = [];
	const report = (path: Violation['path'], field: string, reason: string) => {
		violations.push({ path, text: invalidText(secret.key.name, field, reason, 'Secret') });
	};
	const pathOf = (key: string) => [context.stringDataKeys.has(key) ? 'stringData' : 'data', key];
	for (const key of data.keys()) {
		for (const fault of configKeyFaults(key)) {
			report(pathOf(key), `data[${key}]`, `Invalid value: ${JSON.stringify(key)}: ${fault}`);
		}
	}
	violations.push(...secretSizeViolations(secret));
	for (const key of missingKeys(secret)) report(['data'], `data[${key}]`, 'Required value');
	const jsonKey = JSON_KEYS.get(type) ?? '';
	const json = data.get(jsonKey);
	if (json !== undefined && !isJsonObject(json)) {
		const reason = 'Invalid value: "<secret contents redacted>": it is not a JSON object';
		report(pathOf(jsonKey), `data[${jsonKey}]`, reason);
	}
	if (type === SERVICE_ACCOUNT_TYPE && (context.annotations.get(SERVICE_ACCOUNT_NAME) ?? '') === '') {
		report(['metadata', 'annotations'], `metadata.annotations[${SERVICE_ACCOUNT_NAME}]`, 'Required value');
	}
	return violations;
}

/** A violation if all values together are too large. */
export function secretSizeViolations({ key, data }: Pick<Secret, 'key' | 'data'>): readonly Violation[] {
	let bytes = 0;
	for (const value of data.values()) bytes += value.length;
	if (bytes <= MAX_VALUE_BYTES) return [];
	const reason = `Too long: must have at most ${MAX_VALUE_BYTES} bytes`;
	return [{ path: [], text: invalidText(key.name, 'data', reason, 'Secret') }];
}

/**
 * Why an API server would not replace `previous` with `next`; empty if it would. The type never changes, even if the
 * Secret is not immutable. Source: kubernetes v1.32 core/validation, ValidateSecretUpdate.
 */
export function secretUpdateViolations(previous: Secret, next: Secret): readonly Violation[] {
	const violations: Violation[] = [];
	const report = (field: string, reason: string) => {
		violations.push({ path: [field], text: invalidText(previous.key.name, field, reason, 'Secret') });
	};
	if (previous.type !== next.type) {
		report('type', `Invalid value: ${JSON.stringify(next.type)}: field is immutable`);
	}
	if (!previous.immutable) return violations;
	const forbidden = 'Forbidden: field is immutable when `immutable` is set';
	if (!next.immutable) report('immutable', forbidden);
	if (!sameValues(previous.data, next.data)) report('data', forbidden);
	return violations;
}

function missingKeys({ type, data }: Secret): readonly string[] {
	const required = REQUIRED_KEYS.get(type);
	if (required === undefined) return [];
	const missing = required.keys.filter((key) => !isPresent(data.get(key), type));
	return required.all || missing.length === required.keys.length ? missing : [];
}

/** Whether a required key is present. An SSH key must not be empty either. */
function isPresent(value: Buffer | undefined, type: string): boolean {
	return value !== undefined && (type !== 'kubernetes.io/ssh-auth' || value.length > 0);
}

/** As Go decodes JSON into a map, which accepts null. */
function isJsonObject(bytes: Buffer): boolean {
	try {
		const value: unknown = JSON.parse(bytes.toString('utf8'));
		return typeof value === 'object' && !Array.isArray(value);
	} catch {
		return false;
	}
}
