/** Mount paths of a container: their order, their faults, and the directories that nested mounts need. Pure. */

import { posix } from 'node:path';
import { ConfigMapFsError } from '../../base/errors.js';
import { type Advice, adviceText, type PodWarning } from '../notices.js';
import type { Container, VolumeMount } from '../pod-spec.js';

export interface PlacedMount {
	readonly mount: VolumeMount;
	/** In `volumeMounts`, from 0. */
	readonly index: number;
	/** Absolute and clean, without `//`, `.`, `..` and a slash at the end. */
	readonly path: string;
}

export interface MountOrder {
	/** Parents before the mounts inside them. */
	readonly mounts: readonly PlacedMount[];
	readonly warnings: readonly PodWarning[];
}

/** Directories that every process needs unchanged. A mount below one of them hides only its own path. */
const KERNEL_DIRECTORIES: ReadonlyMap<string, string> = new Map([
	['/proc', 'processes need it to find themselves and their files'],
	['/sys', 'programs read the state of the machine from it'],
	['/dev', 'it holds /dev/null and the terminals'],
]);

/**
 * Makes a mount path absolute and clean: `etc/app/` is `/etc/app`.
 * Source: kubelet v1.32 pkg/kubelet, makeMounts; container runtimes clean the paths they get.
 */
export function cleanMountPath(mountPath: string): string {
	const clean = posix.normalize(`/${mountPath}`);
	return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean;
}

/** Why a volume cannot be mounted at a path; undefined if it can. */
export function mountPathFault(mountPath: string): Advice | undefined {
	if (mountPath === '') return { text: 'Required value', cure: 'set it to the path of the volume' };
	const invalid = (reason: string) => `Invalid value: ${JSON.stringify(mountPath)}: ${reason}`;
	if (mountPath.includes('\0')) return { text: invalid('must not contain a NUL character'), cure: 'remove it' };
	const path = cleanMountPath(mountPath);
	const cure = 'mount it in a subdirectory';
	if (path === '/') return { text: invalid('the root directory contains the program itself'), cure };
	const need = KERNEL_DIRECTORIES.get(path);
	return need === undefined ? undefined : { text: invalid(`${path} cannot be replaced: ${need}`), cure };
}

/**
 * Sorts the mounts so that parents come first. Mounts of equal depth keep the order of the list.
 * Errors: INPUT_INVALID for a faulty path, and for two equal paths.
 * Source: containerd v1.7 pkg/cri, orderedMounts; kubernetes v1.32 core/validation, ValidateVolumeMounts.
 */
export function mountOrder(container: Pick<Container, 'name' | 'volumeMounts'>): MountOrder {
	const warnings: PodWarning[] = [];
	const byPath = new Map<string, PlacedMount>();
	const mounts = container.volumeMounts.map((mount, index): PlacedMount => {
		const field = `container "${container.name}": volumeMounts[${index}].mountPath`;
		const refuse = (fault: Advice) => new ConfigMapFsError('INPUT_INVALID', `${field}: ${adviceText(fault)}`);
		const fault = mountPathFault(mount.mountPath);
		if (fault !== undefined) throw refuse(fault);
		const placed = { mount, index, path: cleanMountPath(mount.mountPath) };
		const other = byPath.get(placed.path);
		if (other !== undefined) {
			const same = samePathFault(placed, other);
			if (other.mount.mountPath === mount.mountPath) throw refuse(same);
			warnings.push({ field, text: adviceText(same) });
		}
		byPath.set(placed.path, placed);
		return placed;
	});
	return { mounts: mounts.toSorted((a, b) => depth(a.path) - depth(b.path)), warnings };
}

/** Two mounts at one path. The API server compares the text, so two spellings of one path are mounted twice. */
export function samePathFault(later: PlacedMount, earlier: PlacedMount): Advice {
	const { mountPath, name } = later.mount;
	const path = JSON.stringify(mountPath);
	const other = `volumeMounts[${earlier.index}] ("${earlier.mount.name}")`;
	const text =
		mountPath === earlier.mount.mountPath
			? `Invalid value: ${path}: must be unique: ${other} has it`
			: `"${name}" at ${path} hides ${other}, which has the same path`;
	return { text, cure: 'change one of the paths, or combine both in one projected volume' };
}

function depth(path: string): number {
	return path.split('/').length;
}

/**
 * The directories that kubelet creates in the root of each volume for mounts of the same container inside it: `/etc/app`
 * and `/etc/app/tls` require `tls`. A mount inside such a mount requires none. By name of the volume; relative, sorted.
 * Kubelet creates them before it first writes the volume, so a key of that name gets no link.
 * Requires: paths that `mountPathFault` accepts.
 * Source: kubelet v1.32 pkg/volume/util, MakeNestedMountpoints: for every container of the pod, also for volumes mounted
 * by subPath.
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

/** The sorted paths below `root` that are not below each other, relative to `root`. */
function outermostInside(root: string, paths: readonly string[]): readonly string[] {
	const found: string[] = [];
	for (const path of paths) {
		if (!path.startsWith(`${root}/`)) continue;
		if (found.some((outer) => path === outer || path.startsWith(`${outer}/`))) continue;
		found.push(path);
	}
	return found.map((path) => path.slice(root.length + 1));
}
