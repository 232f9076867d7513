/**
 * Every place where a pod names a ConfigMap or a Secret. Pure.
 */

import type { PodObjects } from '../pod-objects.js';
import type { Container, EnvVar, ObjectVolumeSource, PodVolume, ProjectedSource } from '../pod-spec.js';

export type ObjectKind = 'configMap' | 'secret';

export interface ListedKey {
	readonly key: string;
	readonly field: string;
}

export interface ObjectReference {
	readonly kind: ObjectKind;
	readonly name: string;
	readonly optional: boolean;
	readonly use: 'volume' | 'envFrom' | 'env';
	readonly field: string;
	/** Where the name stands: `spec.volumes[0].secret.secretName`. */
	readonly nameField: string;
	/** Empty: all keys. */
	readonly keys: readonly ListedKey[];
}

/** A ConfigMap or a Secret, as far as both are alike. */
export interface FoundObject {
	readonly kind: ObjectKind;
	readonly name: string;
	readonly immutable: boolean;
	readonly data: ReadonlyMap<string, Buffer>;
	/** Empty for a Secret. */
	readonly binaryData: ReadonlyMap<string, Buffer>;
	/** Keys that a cluster fills in. */
	readonly clusterKeys: readonly string[];
}

const NO_VALUES: ReadonlyMap<string, Buffer> = new Map();
/** By type of Secret. Source: kubernetes v1.32 pkg/controller/serviceaccount, generateTokenIfNeeded. */
const CLUSTER_KEYS: ReadonlyMap<string, readonly string[]> = new Map([
	['kubernetes.io/service-account-token', ['token', 'ca.crt', 'namespace']],
]);

export function findObject(objects: PodObjects, kind: ObjectKind, name: string): FoundObject | undefined {
	if (kind === 'secret') {
		const secret = objects.secret(name);
		if (secret === undefined) return undefined;
		const { immutable, data, type } = secret;
		return { kind, name, immutable, data, binaryData: NO_VALUES, clusterKeys: CLUSTER_KEYS.get(type) ?? [] };
	}
	const configMap = objects.configMap(name);
	return configMap && { ...configMap, kind, name, clusterKeys: [] };
}

/** `configmap/app`. */
export function objectField({ kind, name }: Pick<FoundObject, 'kind' | 'name'>): string {
	return `${kind.toLowerCase()}/${name}`;
}

/** `configMap "app"`. */
export function objectName({ kind, name }: Pick<FoundObject, 'kind' | 'name'>): string {
	return `${kind} "${name}"`;
}

interface FieldOfContainer {
	readonly container: Container;
	readonly field: string;
}

interface FieldOfVolume {
	readonly volume: PodVolume;
	readonly field: string;
}

/** In the order of the spec: containers, then volumes. */
export function objectReferences(
	containers: readonly FieldOfContainer[],
	volumes: readonly FieldOfVolume[],
): readonly ObjectReference[] {
	return [...containers.flatMap(containerReferences), ...volumes.flatMap(volumeReferences)];
}

function containerReferences({ container, field }: FieldOfContainer): readonly ObjectReference[] {
	const whole = container.envFrom.map(({ kind, name, optional }, index): ObjectReference => {
		const object = kind === 'configMapRef' ? 'configMap' : 'secret';
		const place = `${field}.envFrom[${index}].${kind}`;
		return { kind: object, name, optional, use: 'envFrom', field: place, nameField: `${place}.name`, keys: [] };
	});
	return [...whole, ...container.env.flatMap((entry, index) => variableReference(entry, `${field}.env[${index}]`))];
}

function variableReference({ valueFrom }: EnvVar, field: string): readonly ObjectReference[] {
	if (valueFrom?.kind !== 'configMapKeyRef' && valueFrom?.kind !== 'secretKeyRef') return [];
	const { kind, name, key, optional } = valueFrom;
	const place = `${field}.valueFrom.${kind}`;
	const object = kind === 'configMapKeyRef' ? 'configMap' : 'secret';
	const keys = [{ key, field: `${place}.key` }];
	return [{ kind: object, name, optional, use: 'env', field: place, nameField: `${place}.name`, keys }];
}

function volumeReferences({ volume, field }: FieldOfVolume): readonly ObjectReference[] {
	return objectSources(volume, field).map(({ kind, name, optional, items, field: place, nameField }) => ({
		kind,
		name,
		optional,
		use: 'volume',
		field: place,
		nameField,
		keys: items.map(({ key }, index) => ({ key, field: `${place}.items[${index}].key` })),
	}));
}

type ObjectSource = Extract<ProjectedSource, { readonly kind: ObjectKind }> &
	Pick<ObjectReference, 'field' | 'nameField'>;

/** The ConfigMaps and Secrets of a volume, projected or not. */
function objectSources({ source }: PodVolume, field: string): readonly ObjectSource[] {
	if (source.kind === 'configMap' || source.kind === 'secret') return [objectSource(source, `${field}.${source.kind}`)];
	if (source.kind !== 'projected') return [];
	return source.sources.flatMap((one, index) => {
		if (one.kind !== 'configMap' && one.kind !== 'secret') return [];
		const place = `${field}.projected.sources[${index}].${one.kind}`;
		return [{ ...one, field: place, nameField: `${place}.name` }];
	});
}

function objectSource({ kind, name, projection }: ObjectVolumeSource, field: string): ObjectSource {
	const { items = [], optional } = projection;
	const nameField = `${field}.${kind === 'secret' ? 'secretName' : 'name'}`;
	return { kind, name, items, optional, field, nameField };
}
