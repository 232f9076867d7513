/**
 * The variables of a container, as far as they are known before it starts: their names, and the values of the manifest and
 * the objects. Values are not expanded. Pure.
 */

import type { PodObjects } from '../pod-objects.js';
import type { Container, EnvFromSource, EnvVar } from '../pod-spec.js';
import { findObject, objectName } from './object-reference.js';

/** An entry that sets a variable. The last one of a name counts. */
export interface Variable {
	readonly name: string;
	readonly list: 'envFrom' | 'env';
	/** Index in its list. */
	readonly index: number;
	/** `spec.containers[0].envFrom[1]`. */
	readonly field: string;
	/** `configMap "app"`, `env`. */
	readonly origin: string;
	/** A literal value as written. Undefined if the value is from the pod or the machine, or missing. */
	readonly bytes: Buffer | undefined;
	/** Whether the value is a key of an object, which is never expanded. */
	readonly isKey: boolean;
}

export interface Variables {
	/** In the order in which kubelet sets them: `envFrom`, then `env`. */
	readonly all: readonly Variable[];
	/** Whether every object of `envFrom` is present, including optional ones. Then every other name is unset. */
	readonly isComplete: boolean;
}

export function variablesOf(container: Container, field: string, objects: PodObjects): Variables {
	const sources = container.envFrom.map((source) => ({ source, object: findEnvObject(source, objects) }));
	const fromObjects = sources.flatMap(({ source, object }, index) =>
		[...(object?.data ?? [])].map(
			([key, bytes]): Variable => ({
				name: source.prefix + key,
				list: 'envFrom',
				index,
				field: `${field}.envFrom[${index}]`,
				origin: object === undefined ? source.name : objectName(object),
				bytes,
				isKey: true,
			}),
		),
	);
	const own = container.env.flatMap((entry, index): readonly Variable[] => {
		const value = knownValue(entry, objects);
		if (value === undefined) return [];
		return [{ name: entry.name, list: 'env', index, field: `${field}.env[${index}]`, origin: 'env', ...value }];
	});
	return {
		all: [...fromObjects, ...own],
		isComplete: sources.every(({ object }) => object !== undefined),
	};
}

export function findEnvObject({ kind, name }: Pick<EnvFromSource, 'kind' | 'name'>, objects: PodObjects) {
	return findObject(objects, kind === 'configMapRef' ? 'configMap' : 'secret', name);
}

/** Undefined if the variable is not set, because its optional object or key is absent. */
function knownValue({ value, valueFrom }: EnvVar, objects: PodObjects): Pick<Variable, 'bytes' | 'isKey'> | undefined {
	if (valueFrom === undefined) return { bytes: Buffer.from(value, 'utf8'), isKey: false };
	if (valueFrom.kind !== 'configMapKeyRef' && valueFrom.kind !== 'secretKeyRef')
		return { bytes: undefined, isKey: false };
	const { kind, name, key, optional } = valueFrom;
	const bytes = findObject(objects, kind === 'configMapKeyRef' ? 'configMap' : 'secret', name)?.data.get(key);
	return bytes === undefined && optional ? undefined : { bytes, isKey: true };
}
