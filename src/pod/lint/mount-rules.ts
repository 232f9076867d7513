/** Rules of `lint` for mount paths. Pure. */

import { topName } from '../../volume/payload.js';
import { cleanMountPath, mountPathFault, nestedMountPoints, samePathFault } from '../volumes/mount-order.js';
import { isPayloadVolume } from '../volumes/volume-files.js';
import type { RuleFinding } from './finding.js';
import { subPathMount } from './sub-path-mount.js';
import type { ContainerMount, LintSubject } from './subject.js';

/** Directories of the image that nearly every program needs. */
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
		const text = `Not found: ${JSON.stringify(mount.name)}: the pod has no volume of this name`;
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
		const byPath = new Map<string, ContainerMount>();
		for (const one of mounts) {
			const path = cleanMountPath(one.mount.mountPath);
			const other = byPath.get(path);
			byPath.set(path, one);
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
			text: `volume "${mount.name}" hides everything in ${path}, including files that programs need`,
			cure: `mount it at its own directory, such as ${path}/${mount.name}, or mount single files with subPath`,
		};
	}
}

/** Kubelet creates a directory for each mount inside a volume; a file cannot be mounted on a directory. */
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
					`the container does not start: kubelet creates a directory at ${path}, inside volume "${outer.mount.name}", ` +
					'and a file cannot be mounted on it',
				cure: 'combine both in one projected volume',
			};
		}
	}
}

/** Whether the mount shows all of a volume that kubelet writes. */
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
				text: `"${path}" (${origin}) is not visible: the directory "${name}" of another mount inside this volume replaces it`,
				cure: 'change one of the paths',
			};
		}
	}
}

/** Only with `walk`, because most applications open files by name. */
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
			cure: 'let the application skip names that begin with "..", or list its files by name',
		};
	}
}
