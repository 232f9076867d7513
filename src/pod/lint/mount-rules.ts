/** Rules of `lint` about where volumes are mounted. Pure. */

import { topName } from '../../volume/payload.js';
import { cleanMountPath, mountPathFault, nestedMountPoints, samePathFault } from '../volumes/mount-order.js';
import { isPayloadVolume } from '../volumes/volume-files.js';
import type { RuleFinding } from './finding.js';
import { subPathMount } from './sub-path-mount.js';
import type { ContainerMount, LintSubject } from './subject.js';

/** What the image has there is needed by nearly every program. */
const SYSTEM_DIRECTORIES = new Set([
	'/bin',
	'/boot',
	'/etc',
	'/lib',
	'/lib32',
	'/lib64',
	'/sbin',
	'/usr',
	'/usr/bin',
	'/usr/lib',
	'/usr/lib64',
	'/usr/local',
	'/usr/local/bin',
	'/usr/local/lib',
	'/usr/sbin',
	'/usr/share',
	'/var',
	'/var/lib',
]);

function* mountsOf({ containers }: LintSubject): Iterable<ContainerMount> {
	for (const { mounts } of containers) yield* mounts;
}

export function* unknownVolume(subject: LintSubject): Iterable<RuleFinding> {
	for (const { mount, field, volume } of mountsOf(subject)) {
		if (volume !== undefined) continue;
		const text = `Not found: ${JSON.stringify(mount.name)}: the pod has no volume of that name`;
		yield { severity: 'error', field: `${field}.name`, text, cure: 'correct the name, or add the volume' };
	}
}

export function* forbiddenMountPath(subject: LintSubject): Iterable<RuleFinding> {
	for (const { mount, field } of mountsOf(subject)) {
		const fault = mountPathFault(mount.mountPath);
		if (fault !== undefined) yield { severity: 'error', field: `${field}.mountPath`, ...fault };
	}
}

export function* sameMountPath({ containers }: LintSubject): Iterable<RuleFinding> {
	for (const { mounts } of containers) {
		const places = new Map<string, ContainerMount>();
		for (const one of mounts) {
			const path = cleanMountPath(one.mount.mountPath);
			const other = places.get(path);
			places.set(path, one);
			if (other === undefined) continue;
			yield {
				severity: other.mount.mountPath === one.mount.mountPath ? 'error' : 'warning',
				field: `${one.field}.mountPath`,
				...samePathFault({ ...one, path }, { ...other, path }),
			};
		}
	}
}

export function* hidesSystemDirectory(subject: LintSubject): Iterable<RuleFinding> {
	for (const { mount, field } of mountsOf(subject)) {
		const path = cleanMountPath(mount.mountPath);
		if (!SYSTEM_DIRECTORIES.has(path)) continue;
		yield {
			severity: 'warning',
			field: `${field}.mountPath`,
			text: `volume "${mount.name}" hides the whole of ${path}, with all that programs need there`,
			cure: `mount it at a directory of its own, such as ${path}/${mount.name}, or single files with subPath`,
		};
	}
}

/** Kubelet makes a directory for whatever is mounted inside a volume; a file cannot be bound to it. */
export function* nestedFileMount({ containers }: LintSubject): Iterable<RuleFinding> {
	for (const { mounts } of containers) {
		for (const one of mounts) {
			if (subPathMount(one)?.kind !== 'file') continue;
			const path = cleanMountPath(one.mount.mountPath);
			const outer = mounts.find(
				(other) => isEntireVolume(other) && path.startsWith(`${cleanMountPath(other.mount.mountPath)}/`),
			);
			if (outer === undefined) continue;
			yield {
				severity: 'error',
				field: `${one.field}.mountPath`,
				text:
					`kubelet makes a directory at ${path}, because it is inside volume "${outer.mount.name}"; ` +
					'a file cannot be mounted on it and the container does not start',
				cure: 'use one projected volume to have both in one directory',
			};
		}
	}
}

/** A whole volume whose content kubelet writes. */
function isEntireVolume({ mount, volume }: ContainerMount): boolean {
	const { subPath = '', subPathExpr = '' } = mount;
	return volume !== undefined && isPayloadVolume(volume.volume) && subPath === '' && subPathExpr === '';
}

export function* nestedMountHidesKey({ pod, volumes }: LintSubject): Iterable<RuleFinding> {
	const nested = nestedMountPoints([...pod.spec.initContainers, ...pod.spec.containers]);
	for (const { volume, entries } of volumes) {
		const directories = new Set((nested.get(volume.name) ?? []).map(topName));
		for (const { path, origin, field, fault } of entries) {
			const name = topName(path);
			if (fault !== undefined || !directories.has(name)) continue;
			yield {
				severity: 'warning',
				field,
				text: `"${path}" (${origin}) is not shown: another volume is mounted inside this one, and its directory "${name}" is in the way`,
				cure: 'give one of them another path',
			};
		}
	}
}

/** Only with `walk`: most applications open files by name. */
export function* doubleRead(subject: LintSubject): Iterable<RuleFinding> {
	if (!subject.walk) return;
	for (const one of mountsOf(subject)) {
		if (!isEntireVolume(one)) continue;
		yield {
			severity: 'info',
			field: `${one.field}.mountPath`,
			text:
				`an application that walks ${cleanMountPath(one.mount.mountPath)} finds every file more than once: by its name, ` +
				'below ..data, and below the timestamped directory',
			cure: 'pass over names that begin with ".." in the application, or name its files one by one',
		};
	}
}
