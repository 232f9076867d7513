/**
 * Decodes `env` and `envFrom` of a container. Pure. Source: kubernetes v1.32 ValidateEnv, validateEnvVarValueFrom,
 * ValidateEnvFrom.
 */

import { configKeyFaults, subdomainFaults } from '../../model/validation.js';
import type { EnvFromSource, EnvVar, EnvVarSource, PodVolume } from '../pod-spec.js';
import { decodeFieldRef, decodeResourceFieldRef } from './field-refs.js';
import { fieldText, invalidText, type ObjectReader, type TextRule } from './object-reader.js';
import { descendingPathFaults, ENV_FIELD_PATHS, envNameFaults, prefixFaults } from './validation.js';

/** Rules for the environment of a container. */
export interface EnvironmentRules {
	readonly name: TextRule;
	/** The volumes of the pod, by name. */
	readonly volumes: ReadonlyMap<string, PodVolume>;
}

/** A source of one variable: its field, its Go type and its decoder. */
interface SourceReader {
	readonly field: EnvVarSource['kind'];
	readonly goType: string;
	readonly decode: (reader: ObjectReader, rules: EnvironmentRules) => EnvVarSource;
}

const SOURCES: readonly SourceReader[] = [
	{ field: 'fieldRef', goType: 'ObjectFieldSelector', decode: (reader) => decodeFieldRef(reader, ENV_FIELD_PATHS) },
	{
		field: 'resourceFieldRef',
		goType: 'ResourceFieldSelector',
		decode: (reader) => decodeResourceFieldRef(reader, 'env'),
	},
	{
		field: 'configMapKeyRef',
		goType: 'ConfigMapKeySelector',
		decode: (reader) => decodeKeyRef(reader, 'configMapKeyRef'),
	},
	{ field: 'secretKeyRef', goType: 'SecretKeySelector', decode: (reader) => decodeKeyRef(reader, 'secretKeyRef') },
	{ field: 'fileKeyRef', goType: 'FileKeySelector', decode: decodeFileKeyRef },
];

const ONE_OF_TEXT = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`';
const BESIDE_VALUE_TEXT = 'may not be specified when `value` is not empty';
const MORE_THAN_ONE_TEXT = 'may not have more than one field specified at a time';
const ONE_OF_REFS_TEXT = 'must specify one of: `configMapRef` or `secretRef`';

export function decodeEnv(container: ObjectReader, rules: EnvironmentRules): readonly EnvVar[] {
	return container.objects('env', 'EnvVar').map((reader) => {
		const name = reader.text('name');
		if (name !== '') reader.check('name', name, rules.name);
		else reader.required('name');
		const value = reader.text('value');
		const from = reader.object('valueFrom', 'EnvVarSource');
		return { name, value, valueFrom: from === undefined ? undefined : decodeValueFrom(from, value !== '', rules) };
	});
}

function decodeValueFrom(reader: ObjectReader, hasValue: boolean, rules: EnvironmentRules): EnvVarSource | undefined {
	const present = SOURCES.filter(({ field }) => reader.has(field));
	const sources = present.map(({ field, goType, decode }) => decode(reader.member(field, goType), rules));
	const fault = valueFromFault(present.length, hasValue);
	if (fault !== undefined) reader.invalid('', '', fault);
	return sources[0];
}

function valueFromFault(count: number, hasValue: boolean): string | undefined {
	if (count === 0) return ONE_OF_TEXT;
	if (hasValue) return BESIDE_VALUE_TEXT;
	return count > 1 ? MORE_THAN_ONE_TEXT : undefined;
}

function decodeKeyRef(reader: ObjectReader, kind: 'configMapKeyRef' | 'secretKeyRef'): EnvVarSource {
	const name = reader.text('name');
	reader.check('name', name, subdomainFaults);
	const key = reader.text('key');
	if (key === '') reader.required('key');
	else reader.check('key', key, configKeyFaults);
	return { kind, name, key, optional: reader.flag('optional') };
}

/** Clusters support it since v1.34. Its volume must be an emptyDir of the pod. */
function decodeFileKeyRef(reader: ObjectReader, { volumes }: EnvironmentRules): EnvVarSource {
	const volumeName = reader.text('volumeName');
	const volume = volumes.get(volumeName);
	if (volumeName === '') reader.required('volumeName');
	else if (volume === undefined) reader.notFound('volumeName', volumeName);
	else if (volume.source.kind !== 'emptyDir') reader.invalid('volumeName', volumeName, 'must be an emptyDir volume');
	const path = reader.text('path');
	if (path === '') reader.required('path');
	else reader.check('path', path, descendingPathFaults);
	const key = reader.text('key');
	if (key === '') reader.required('key');
	else reader.check('key', key, envNameFaults);
	return { kind: 'fileKeyRef', volumeName, path, key, optional: reader.flag('optional') };
}

export function decodeEnvFrom(container: ObjectReader, rules: EnvironmentRules): readonly EnvFromSource[] {
	return container.objects('envFrom', 'EnvFromSource').map((reader) => {
		const prefix = reader.text('prefix');
		if (prefix !== '') reader.check('prefix', prefix, rules.name);
		const kind = reader.has('configMapRef') || !reader.has('secretRef') ? 'configMapRef' : 'secretRef';
		const count = (reader.has('configMapRef') ? 1 : 0) + (reader.has('secretRef') ? 1 : 0);
		if (count !== 1) {
			// The server reports the list, not the entry.
			const list = fieldText([...container.path, 'envFrom']);
			reader.faultAs('', list, invalidText('', count === 0 ? ONE_OF_REFS_TEXT : MORE_THAN_ONE_TEXT));
		}
		const source = reader.object(kind, kind === 'configMapRef' ? 'ConfigMapEnvSource' : 'SecretEnvSource');
		return { kind, prefix, ...decodeEnvSource(source) };
	});
}

function decodeEnvSource(reader: ObjectReader | undefined): Pick<EnvFromSource, 'name' | 'optional'> {
	if (reader === undefined) return { name: '', optional: false };
	const name = reader.text('name');
	if (name === '') reader.required('name');
	else reader.check('name', name, prefixFaults);
	return { name, optional: reader.flag('optional') };
}
