/**
 * Decodes `containers` and `initContainers` of a pod: the fields that matter to a local process. Pure. An image is not
 * required, because nothing runs it. Source: kubernetes v1.32 validateContainers, ValidateVolumeMounts.
 */

import type { Container, PodVolume, VolumeMount } from '../pod-spec.js';
import { decodeEnv, decodeEnvFrom, type EnvironmentRules } from './environment.js';
import { fieldText, type ObjectReader } from './object-reader.js';
import { decodeResources } from './resources.js';
import { descendingPathFaults, ID_TEXT, labelFaults, MAX_ID } from './validation.js';

export interface DecodedContainers {
	readonly initContainers: readonly Container[];
	readonly containers: readonly Container[];
}

export function decodeContainers(spec: ObjectReader, rules: EnvironmentRules): DecodedContainers {
	const names = new Set<string>();
	const read = (reader: ObjectReader) => decodeContainer(reader, names, rules);
	const containers = spec.objects('containers', 'Container').map(read);
	if (containers.length === 0) spec.required('containers');
	return { containers, initContainers: spec.objects('initContainers', 'Container').map(read) };
}

function decodeContainer(reader: ObjectReader, names: Set<string>, rules: EnvironmentRules): Container {
	const name = reader.text('name');
	if (name === '') reader.required('name');
	else reader.check('name', name, labelFaults);
	if (name !== '' && names.has(name)) reader.duplicate('name', name);
	names.add(name);
	const command = reader.texts('command');
	const args = reader.texts('args');
	const security = reader.member('securityContext', 'SecurityContext');
	return {
		name,
		image: reader.optionalText('image'),
		command: command.length === 0 ? undefined : command,
		args: args.length === 0 ? undefined : args,
		workingDir: reader.optionalText('workingDir'),
		env: decodeEnv(reader, rules),
		envFrom: decodeEnvFrom(reader, rules),
		volumeMounts: decodeVolumeMounts(reader, rules.volumes),
		volumeDevices: reader.objects('volumeDevices', 'VolumeDevice').map((device) => device.text('name')),
		resources: decodeResources(reader),
		runAsUser: decodeId(security, 'runAsUser'),
		runAsGroup: decodeId(security, 'runAsGroup'),
	};
}

function decodeVolumeMounts(container: ObjectReader, volumes: ReadonlyMap<string, PodVolume>): readonly VolumeMount[] {
	const mountPaths = new Set<string>();
	// For a wrong subPath the server reports the list, not the entry.
	const list = fieldText([...container.path, 'volumeMounts']);
	return container.objects('volumeMounts', 'VolumeMount').map((reader) => {
		const name = reader.text('name');
		if (name === '') reader.required('name');
		else if (!volumes.has(name)) reader.notFound('name', name);
		const mountPath = reader.text('mountPath');
		if (mountPath === '') reader.required('mountPath');
		else if (mountPaths.has(mountPath)) reader.invalid('mountPath', mountPath, 'must be unique');
		mountPaths.add(mountPath);
		const subPath = decodeSubPath(reader, 'subPath', list);
		const subPathExpr = decodeSubPath(reader, 'subPathExpr', list);
		if (subPath !== undefined && subPathExpr !== undefined) {
			reader.invalid('subPathExpr', subPathExpr, 'subPathExpr and subPath are mutually exclusive');
		}
		const readOnly = reader.flag('readOnly') || isReadOnly(volumes.get(name));
		return { name, mountPath, subPath, subPathExpr, readOnly };
	});
}

/** A read-only volume overrides `readOnly: false` of a mount. Source: kubelet v1.32 kubelet_pods.go, makeMounts. */
function isReadOnly(volume: PodVolume | undefined): boolean {
	return volume?.source.kind === 'other' && volume.source.readOnly === true;
}

function decodeSubPath(reader: ObjectReader, field: 'subPath' | 'subPathExpr', list: string): string | undefined {
	const path = reader.optionalText(field);
	if (path === undefined) return undefined;
	reader.checkAs(field, `${list}.${field}`, path, descendingPathFaults);
	return path;
}

/** Id of a user or a group. */
export function decodeId(reader: ObjectReader, field: string): number | undefined {
	const id = reader.integer(field, 'int64');
	if (id !== undefined && (id < 0 || id > MAX_ID)) reader.invalid(field, id, ID_TEXT);
	return id;
}
