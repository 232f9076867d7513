/** References of a pod to ConfigMaps and Secrets. Pure. */

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
	/** Field of the name: `spec.volumes[0].secret.secretName`. */
	readonly nameField: string;
	/** Empty if the reference takes all keys. */
	readonly keys: readonly ListedKey[];
}

/** The common part of a ConfigMap and a Secret. */
export interface FoundObject {
	readonly kind: ObjectKind;
	readonly name: string;
	readonly immutable: boolean;
	readonly data: ReadonlyMap<string, Buffer>;
	/** Empty for a Secret. */
	readonly binaryData: ReadonlyMap<string, Buffer>;
	/** Keys that a cluster sets. */
	readonly clusterKeys: readonly string[];
}

const NO_VALUES: ReadonlyMap<string, Buffer> = new Map();
/** Keys that a cluster sets, by type of Secret. Source: kubernetes v1.32 pkg/controller/serviceaccount, generateTokenIfNeeded. */
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
	const envFrom = container.envFrom.map(({ kind, name, optional }, index): ObjectReference => {
		const object = kind === 'configMapRef' ? 'configMap' : 'secret';
		const sourceField = `${field}.envFrom[${index}].${kind}`;
		return {
			kind: object,
			name,
			optional,
			use: 'envFrom',
			field: sourceField,
			nameField: `${sourceField}.name`,
			keys: [],
		};
	});
	return [...envFrom, ...container.env.flatMap((entry, index) => variableReference(entry, `${field}.env[${index}]`))];
}

function variableReference({ valueFrom }: EnvVar, field: string): readonly ObjectReference[] {
	if (valueFrom?.kind !== 'configMapKeyRef' && valueFrom?.kind !== 'secretKeyRef') return [];
	const { kind, name, key, optional } = valueFrom;
	const sourceField = `${field}.valueFrom.${kind}`;
	const object = kind === 'configMapKeyRef' ? 'configMap' : 'secret';
	const keys = [{ key, field: `${sourceField}.key` }];
	return [{ kind: object, name, optional, use: 'env', field: sourceField, nameField: `${sourceField}.name`, keys }];
}

function volumeReferences({ volume, field }: FieldOfVolume): readonly ObjectReference[] {
	return objectSources(volume, field).map(({ kind, name, optional, items, field: sourceField, nameField }) => ({
		kind,
		name,
		optional,
		use: 'volume',
		field: sourceField,
		nameField,
		keys: items.map(({ key }, index) => ({ key, field: `${sourceField}.items[${index}].key` })),
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
		const sourceField = `${field}.projected.sources[${index}].${one.kind}`;
		return [{ ...one, field: sourceField, nameField: `${sourceField}.name` }];
	});
}

function objectSource({ kind, name, projection }: ObjectVolumeSource, field: string): ObjectSource {
	const { items = [], optional } = projection;
	const nameField = `${field}.${kind === 'secret' ? 'secretName' : 'name'}`;
	return { kind, name, items, optional, field, nameField };
}
