/** The input of the rules of `lint`: each part of a pod with its field in the manifest. Pure. */

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
	/** Index in `volumeMounts`. */
	readonly index: number;
	/** `spec.template.spec.containers[0].volumeMounts[1]`. */
	readonly field: string;
	/** Undefined if the pod has no volume of this name. */
	readonly volume: SubjectVolume | undefined;
}

export interface SubjectVolume extends VolumeEntries {
	readonly volume: PodVolume;
	/** `spec.template.spec.volumes[0]`. */
	readonly field: string;
}

export interface LintSubject extends ObjectSubject {
	readonly pod: Pod;
	readonly objects: PodObjects;
	/** Init containers first. */
	readonly containers: readonly SubjectContainer[];
	readonly volumes: readonly SubjectVolume[];
	readonly references: readonly ObjectReference[];
	/** Whether to report what matters to applications that walk their volumes. */
	readonly walk: boolean;
	readonly absenceOf: AbsenceOf;
}

/**
 * Why an object is absent: `missing`, no source has it; `invalid`, it was refused and reported; `unread`, the cluster was
 * not read; `made`, a controller in the cluster makes it.
 */
export type Absence = 'missing' | 'invalid' | 'unread' | 'made';
export type AbsenceOf = (kind: ObjectKind, name: string) => Absence;

/**
 * Bytes of the annotations of an object after `kubectl apply`. Undefined if no manifest contains the object, so that it is
 * not applied.
 */
export type AppliedBytesOf = (kind: ObjectKind, name: string) => number | undefined;

/** The input of the rules for single objects. */
export interface ObjectSubject {
	readonly objects: PodObjects;
	readonly references: readonly Pick<ObjectReference, 'kind' | 'name'>[];
	readonly appliedBytesOf: AppliedBytesOf;
}

export interface LintScope {
	readonly walk: boolean;
	/** Name of the only container to check, with its volumes. Undefined: all containers. */
	readonly container: string | undefined;
	readonly absenceOf: AbsenceOf;
	readonly appliedBytesOf: AppliedBytesOf;
}

/** The field with the spec of the pod: `spec.template.spec`, also for custom resources. */
export function specField(kind: string): string {
	const steps = WORKLOAD_KINDS.find((one) => one.kind === kind)?.template.map(({ field }) => field);
	return [...(steps ?? ['spec', 'template']), 'spec'].join('.');
}

export function lintSubject(pod: Pod, objects: PodObjects, { container: only, ...scope }: LintScope): LintSubject {
	const root = specField(pod.workload.kind);
	const allVolumes = pod.spec.volumes.map((volume, index): SubjectVolume => {
		const field = `${root}.volumes[${index}]`;
		return { volume, field, ...volumeEntries(volume, field, objects) };
	});
	const byName = new Map(allVolumes.map((placed) => [placed.volume.name, placed]));
	const containersOf = (list: 'initContainers' | 'containers') =>
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
	const allContainers = [...containersOf('initContainers'), ...containersOf('containers')];
	const containers = allContainers.filter(({ container }) => only === undefined || container.name === only);
	const used = usedVolumes(containers);
	const volumes = allVolumes.filter(({ volume }) => only === undefined || used.has(volume.name));
	return { pod, objects, containers, volumes, references: objectReferences(containers, volumes), ...scope };
}

/** Names of the volumes that are mounted, attached as devices, or read by a variable. */
export function usedVolumes(containers: readonly SubjectContainer[]): ReadonlySet<string> {
	return new Set(
		containers.flatMap(({ container }) => [
			...container.volumeMounts.map(({ name }) => name),
			...container.volumeDevices,
			...container.env.flatMap(({ valueFrom }) => (valueFrom?.kind === 'fileKeyRef' ? [valueFrom.volumeName] : [])),
		]),
	);
}
