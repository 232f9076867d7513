/**
 * A pod as the rules of `lint` look at it: every part with its field in the manifest. Pure.
 */

import type { PodObjects } from '../pod-objects.js';
import type { Container, Pod, PodVolume, VolumeMount } from '../pod-spec.js';
import { WORKLOAD_KINDS } from '../workload-kinds.js';
import { type ObjectKind, type ObjectReference, objectReferences } from './object-reference.js';
import { type Variables, variablesOf } from './variable.js';
import { type VolumeEntries, volumeEntries } from './volume-entry.js';

export interface SubjectContainer {
	readonly container: Container;
	/** `spec.template.spec.initContainers[0]`. */
	readonly field: string;
	readonly variables: Variables;
	readonly mounts: readonly ContainerMount[];
}

export interface ContainerMount {
	readonly mount: VolumeMount;
	/** In `volumeMounts`, from 0. */
	readonly index: number;
	/** `spec.template.spec.containers[0].volumeMounts[1]`. */
	readonly field: string;
	/** Undefined: the pod has no volume of that name. */
	readonly volume: SubjectVolume | undefined;
}

export interface SubjectVolume extends VolumeEntries {
	readonly volume: PodVolume;
	/** `spec.template.spec.volumes[0]`. */
	readonly field: string;
}

export interface LintSubject {
	readonly pod: Pod;
	readonly objects: PodObjects;
	/** Init containers first. */
	readonly containers: readonly SubjectContainer[];
	readonly volumes: readonly SubjectVolume[];
	readonly references: readonly ObjectReference[];
	/** Whether to look at what an application sees that walks a volume. */
	readonly walk: boolean;
	readonly absenceOf: AbsenceOf;
}

/**
 * Why an object is not there: nobody has it; it was refused, which is said elsewhere; it was not looked for; a controller
 * makes it in a cluster.
 */
export type Absence = 'missing' | 'invalid' | 'unread' | 'made';
export type AbsenceOf = (kind: ObjectKind, name: string) => Absence;

export interface LintScope {
	readonly walk: boolean;
	/** One container with the volumes that it uses; undefined: all of them. */
	readonly container: string | undefined;
	readonly absenceOf: AbsenceOf;
}

/** Where a workload has the spec of its pods: `spec.template.spec`. */
export function specField(kind: string): string {
	const steps = WORKLOAD_KINDS.find((one) => one.kind === kind)?.template ?? [];
	return [...steps.map(({ field }) => field), 'spec'].join('.');
}

export function lintSubject(
	pod: Pod,
	objects: PodObjects,
	{ walk, container: only, absenceOf }: LintScope,
): LintSubject {
	const root = specField(pod.workload.kind);
	const allVolumes = pod.spec.volumes.map((volume, index): SubjectVolume => {
		const field = `${root}.volumes[${index}]`;
		return { volume, field, ...volumeEntries(volume, field, objects) };
	});
	const byName = new Map(allVolumes.map((placed) => [placed.volume.name, placed]));
	const place = (list: 'initContainers' | 'containers') =>
		pod.spec[list].map((container, index): SubjectContainer => {
			const field = `${root}.${list}[${index}]`;
			return {
				container,
				field,
				variables: variablesOf(container, field, objects),
				mounts: container.volumeMounts.map((mount, at) => ({
					mount,
					index: at,
					field: `${field}.volumeMounts[${at}]`,
					volume: byName.get(mount.name),
				})),
			};
		});
	const allContainers = [...place('initContainers'), ...place('containers')];
	const containers = allContainers.filter(({ container }) => only === undefined || container.name === only);
	const used = usedVolumes(containers);
	const volumes = allVolumes.filter(({ volume }) => only === undefined || used.has(volume.name));
	return { pod, objects, containers, volumes, references: objectReferences(containers, volumes), walk, absenceOf };
}

/** Names of the volumes that are mounted, or are there as devices, or from whose files a variable comes. */
export function usedVolumes(containers: readonly SubjectContainer[]): ReadonlySet<string> {
	return new Set(
		containers.flatMap(({ container }) => [
			...container.volumeMounts.map(({ name }) => name),
			...container.volumeDevices,
			...container.env.flatMap(({ valueFrom }) => (valueFrom?.kind === 'fileKeyRef' ? [valueFrom.volumeName] : [])),
		]),
	);
}
