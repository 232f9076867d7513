/**
 * The rules that an API server applies to the content of a Secret, with its own texts, none of which holds a value.
 * Pure. Source: kubernetes v1.32 core/validation, ValidateSecret and ValidateSecretUpdate.
 */

import { sameValues } from './config-map.js';
import type { Secret } from './secret.js';
import { configKeyFaults, invalidText, MAX_VALUE_BYTES, type Violation } from './validation.js';

/** What is asked about a Secret besides itself. */
export interface SecretContext {
	readonly annotations: ReadonlyMap<string, string>;
	/** Keys that the manifest has in `stringData`: where a person finds them. */
	readonly stringDataKeys: ReadonlySet<string>;
}

/** What the types of Secrets ask of their keys: all of them, or at least one. Other types ask nothing. */
const REQUIRED_KEYS: ReadonlyMap<string, { readonly all: boolean; readonly keys: readonly string[] }> = new Map([
	['kubernetes.io/dockercfg', { all: true, keys: ['.dockercfg'] }],
	['kubernetes.io/dockerconfigjson', { all: true, keys: ['.dockerconfigjson'] }],
	['kubernetes.io/basic-auth', { all: false, keys: ['username', 'password'] }],
	['kubernetes.io/ssh-auth', { all: true, keys: ['ssh-privatekey'] }],
	['kubernetes.io/tls', { all: true, keys: ['tls.crt', 'tls.key'] }],
]);
/** Keys whose values must be JSON objects, by type. */
const JSON_KEYS: ReadonlyMap<string, string> = new Map([
	['kubernetes.io/dockercfg', '.dockercfg'],
	['kubernetes.io/dockerconfigjson', '.dockerconfigjson'],
]);
const SERVICE_ACCOUNT_TYPE = 'kubernetes.io/service-account-token';
const SERVICE_ACCOUNT_NAME = 'kubernetes.io/service-account.name';

/** What is wrong with keys, sizes, and what the type asks for. */
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
		const reason = 'Invalid value: "<secret contents redacted>": it is no JSON object';
		report(pathOf(jsonKey), `data[${jsonKey}]`, reason);
	}
	if (type === SERVICE_ACCOUNT_TYPE && (context.annotations.get(SERVICE_ACCOUNT_NAME) ?? '') === '') {
		report(['metadata', 'annotations'], `metadata.annotations[${SERVICE_ACCOUNT_NAME}]`, 'Required value');
	}
	return violations;
}

/** Whether the values together are too large. */
export function secretSizeViolations({ key, data }: Pick<Secret, 'key' | 'data'>): readonly Violation[] {
	let bytes = 0;
	for (const value of data.values()) bytes += value.length;
	if (bytes <= MAX_VALUE_BYTES) return [];
	const reason = `Too long: must have at most ${MAX_VALUE_BYTES} bytes`;
	return [{ path: [], text: invalidText(key.name, 'data', reason, 'Secret') }];
}

/**
 * Why `next` may not replace `previous`; empty: it may. A type never changes, whatever `immutable` says.
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
	const missing = required.keys.filter((key) => !isThere(data.get(key), type));
	return required.all || missing.length === required.keys.length ? missing : [];
}

/** An SSH key must not even be empty. */
function isThere(value: Buffer | undefined, type: string): boolean {
	return value !== undefined && (type !== 'kubernetes.io/ssh-auth' || value.length > 0);
}

/** As Go reads it into a map: null is an empty one. */
function isJsonObject(bytes: Buffer): boolean {
	try {
		const value: unknown = JSON.parse(bytes.toString('utf8'));
		return typeof value === 'object' && !Array.isArray(value);
	} catch {
		return false;
	}
}
