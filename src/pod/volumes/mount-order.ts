/**
 * Where the volumes of a container go, and in which order. Pure.
 */

import { posix } from 'node:path';
import { ConfigMapFsError } from '../../base/errors.js';
import { type Advice, adviceText, type PodWarning } from '../notices.js';
import type { Container, VolumeMount } from '../pod-spec.js';

export interface PlacedMount {
	readonly mount: VolumeMount;
	/** In `volumeMounts`, from 0. */
	readonly index: number;
	/** Absolute and clean: no `//`, no `.`, no `..`, no slash at the end. */
	readonly path: string;
}

export interface MountOrder {
	/** Parents before what lies inside them. */
	readonly mounts: readonly PlacedMount[];
	readonly warnings: readonly PodWarning[];
}

/** What every process needs as it is; a mount below them hides only what it names. */
const KERNEL_DIRECTORIES: ReadonlyMap<string, string> = new Map([
	['/proc', 'without it a process cannot find itself or its files'],
	['/sys', 'it is how programs see the machine'],
	['/dev', 'without it there is no /dev/null and no terminal'],
]);

/**
 * `etc/app/` is `/etc/app`: a relative path begins at the root.
 * Source: kubelet v1.32 pkg/kubelet, makeMounts; container runtimes clean what they are given.
 */
export function cleanMountPath(mountPath: string): string {
	const clean = posix.normalize(`/${mountPath}`);
	return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean;
}

/** Why nothing can be mounted at a path; undefined: something can. */
export function mountPathFault(mountPath: string): Advice | undefined {
	if (mountPath === '') return { text: 'Required value', cure: 'write where to mount the volume' };
	const invalid = (reason: string) => `Invalid value: ${JSON.stringify(mountPath)}: ${reason}`;
	if (mountPath.includes('\0')) return { text: invalid('must not contain a NUL character'), cure: 'remove it' };
	const path = cleanMountPath(mountPath);
	const cure = 'mount it at a directory below';
	if (path === '/') return { text: invalid('the root directory holds the program itself'), cure };
	const need = KERNEL_DIRECTORIES.get(path);
	return need === undefined ? undefined : { text: invalid(`${path} cannot be replaced: ${need}`), cure };
}

/**
 * Parents first, whatever the order of the list; at equal depth the order of the list.
 * Errors: INPUT_INVALID for a path that is refused, and for one that two mounts name alike.
 * Source: containerd v1.7 pkg/cri, orderedMounts; kubernetes v1.32 core/validation, ValidateVolumeMounts.
 */
export function mountOrder(container: Pick<Container, 'name' | 'volumeMounts'>): MountOrder {
	const warnings: PodWarning[] = [];
	const places = new Map<string, PlacedMount>();
	const mounts = container.volumeMounts.map((mount, index): PlacedMount => {
		const field = `container "${container.name}": volumeMounts[${index}].mountPath`;
		const refuse = (fault: Advice) => new ConfigMapFsError('INPUT_INVALID', `${field}: ${adviceText(fault)}`);
		const fault = mountPathFault(mount.mountPath);
		if (fault !== undefined) throw refuse(fault);
		const placed = { mount, index, path: cleanMountPath(mount.mountPath) };
		const other = places.get(placed.path);
		if (other !== undefined) {
			const same = samePathFault(placed, other);
			if (other.mount.mountPath === mount.mountPath) throw refuse(same);
			warnings.push({ field, text: adviceText(same) });
		}
		places.set(placed.path, placed);
		return placed;
	});
	return { mounts: mounts.toSorted((a, b) => depth(a.path) - depth(b.path)), warnings };
}

/** Two mounts at one place. The API server compares letter by letter; what differs in letters only is mounted twice. */
export function samePathFault(later: PlacedMount, earlier: PlacedMount): Advice {
	const { mountPath, name } = later.mount;
	const path = JSON.stringify(mountPath);
	const other = `volumeMounts[${earlier.index}] ("${earlier.mount.name}")`;
	const text =
		mountPath === earlier.mount.mountPath
			? `Invalid value: ${path}: must be unique: ${other} is there`
			: `"${name}" at ${path} hides ${other}, which is the same place`;
	return { text, cure: 'give one of them another path, or use one projected volume to have both in one directory' };
}

function depth(path: string): number {
	return path.split('/').length;
}

/**
 * The directories that kubelet makes in a volume's root, by the volume's name, because mounts of the same container lie
 * inside it: `/etc/app` and `/etc/app/tls` give `tls`. A mount inside such a mount needs none. Relative, sorted. They
 * are made before the volume is first written, so a key of that name gets no link.
 * Requires: paths that `mountPathFault` accepts.
 * Source: kubelet v1.32 pkg/volume/util, MakeNestedMountpoints: for every container of the pod, and where the volume is
 * mounted by subPath too.
 */
export function nestedMountPoints(
	containers: readonly Pick<Container, 'volumeMounts'>[],
): ReadonlyMap<string, readonly string[]> {
	const nested = new Map<string, Set<string>>();
	for (const { volumeMounts } of containers) {
		const paths = volumeMounts.map(({ mountPath }) => cleanMountPath(mountPath)).sort();
		for (const { name, mountPath } of volumeMounts) {
			const inside = outermostInside(cleanMountPath(mountPath), paths);
			if (inside.length > 0) nested.set(name, new Set([...(nested.get(name) ?? []), ...inside]));
		}
	}
	return new Map([...nested].map(([name, directories]) => [name, [...directories].sort()]));
}

/** Of sorted paths, those below `root` and not below another of them; relative to it. */
function outermostInside(root: string, paths: readonly string[]): readonly string[] {
	const found: string[] = [];
	for (const path of paths) {
		if (!path.startsWith(`${root}/`)) continue;
		if (found.some((outer) => path === outer || path.startsWith(`${outer}/`))) continue;
		found.push(path);
	}
	return found.map((path) => path.slice(root.length + 1));
}
