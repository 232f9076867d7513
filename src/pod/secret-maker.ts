/**
 * Objects from which a controller in a cluster makes a Secret. Pure. Sources: Sealed Secrets v0.27
 * (bitnami.com), External Secrets v0.10 (external-secrets.io), cert-manager v1.16 (cert-manager.io).
 */

import { isJsonObject } from '../go/json/value.js';
import type { ManifestObject } from '../model/manifest-object.js';

interface SecretMaker {
	readonly group: string;
	readonly kind: string;
	/** Path of the field with the name of the Secret. */
	readonly nameField: readonly string[];
	/** Whether the Secret has the name of the object if that field is absent. */
	readonly defaultsToOwnName: boolean;
}

const MAKERS: readonly SecretMaker[] = [
	{
		group: 'bitnami.com',
		kind: 'SealedSecret',
		nameField: ['spec', 'template', 'metadata', 'name'],
		defaultsToOwnName: true,
	},
	{
		group: 'external-secrets.io',
		kind: 'ExternalSecret',
		nameField: ['spec', 'target', 'name'],
		defaultsToOwnName: true,
	},
	{ group: 'cert-manager.io', kind: 'Certificate', nameField: ['spec', 'secretName'], defaultsToOwnName: false },
];

/** The name of the Secret that a controller makes from the object; undefined if it makes none. */
export function madeSecretName({ apiVersion, kind, name, value }: ManifestObject): string | undefined {
	const [group] = apiVersion.split('/');
	const maker = MAKERS.find((one) => one.group === group && one.kind === kind);
	if (maker === undefined) return undefined;
	const written = maker.nameField.reduce<unknown>((at, field) => (isJsonObject(at) ? at[field] : undefined), value);
	if (typeof written === 'string' && written !== '') return written;
	return maker.defaultsToOwnName && name !== '' ? name : undefined;
}
