/**
 * What is mounted into a container, and where: each volumeMount with its backing path, in order of depth.
 */

import { join } from 'node:path';
import type { SelectedPod } from '../../inputs/pod-reader.js';
import { mountedVolumes } from '../../inputs/pod-references.js';
import type { Environment } from '../../pod/environment/environment.js';
import type { Missing, PodWarning } from '../../pod/notices.js';
import type { Pod, VolumeMount } from '../../pod/pod-spec.js';
import { mountOrder } from '../../pod/volumes/mount-order.js';
import { resolveSubPath } from '../../pod/volumes/sub-path.js';
import type { VolumeView } from '../on-change/visible-change.js';
import type { OnceLogger } from '../once-logger.js';
import type { PlannedMount } from '../placement/namespace/planned-mount.js';
import { type BackingPath, BackingPaths, type BackingPathsOptions } from './backing-paths.js';
import { existingSubPath, subPathSource } from './sub-path-source.js';
import { makeMountPointWithin } from './writable-directory.js';

/** A subPath mount that follows its object. */
export interface LiveSubPath {
	readonly volume: string;
	/** The mountPath. */
	readonly target: string;
	/** The file or directory that the subPath leads to now; undefined if there is none. */
	readonly source: () => string | undefined;
}

export interface MountPlan {
	/** In order of depth: a mount comes before those inside it. */
	readonly mounts: readonly PlannedMount[];
	readonly liveSubPaths: readonly LiveSubPath[];
	/** The mounts of volumes whose files come from objects. */
	readonly views: readonly VolumeView[];
	/** Why the container cannot start yet: a variable of a subPathExpr is missing. */
	readonly missing: readonly Missing[];
}

export const EMPTY_PLAN: MountPlan = { mounts: [], liveSubPaths: [], views: [], missing: [] };

export interface MountPlannerOptions extends BackingPathsOptions {
	/** `--subpath=live`. */
	readonly liveSubPaths: boolean;
	/** Creates a directory, with its parents, in a volume whose files come from objects. */
	readonly makeDirectory: (volume: string, path: string) => void;
	readonly warnings: OnceLogger;
}

/**
 * Plans the mounts of a container, and creates the mount points that a writable volume lacks.
 * Errors: INPUT_INVALID, INPUT_MISSING, MOUNT_POINT_INVALID. Requires: the volumes are mounted on their backing paths.
 */
export function planMounts(selected: SelectedPod, environment: Environment, options: MountPlannerOptions): MountPlan {
	return new MountPlanner(selected, environment, options).plan();
}

class MountPlanner {
	readonly #selected: SelectedPod;
	readonly #environment: Environment;
	readonly #options: MountPlannerOptions;
	readonly #mounts: PlannedMount[] = [];
	readonly #liveSubPaths: LiveSubPath[] = [];
	readonly #views: VolumeView[] = [];
	readonly #missing: Missing[] = [];

	constructor(selected: SelectedPod, environment: Environment, options: MountPlannerOptions) {
		this.#selected = selected;
		this.#environment = environment;
		this.#options = options;
	}

	plan(): MountPlan {
		const { pod, container } = this.#selected;
		const backings = this.#backings(pod);
		const order = mountOrder(container);
		this.#options.warnings.warn(order.warnings);
		for (const { mount, path } of order.mounts) {
			const backing = backings.get(mount.name);
			if (backing !== undefined) this.#addMount(mount, path, backing);
		}
		return { mounts: this.#mounts, liveSubPaths: this.#liveSubPaths, views: this.#views, missing: this.#missing };
	}

	#backings(pod: Pod): ReadonlyMap<string, BackingPath> {
		const { warnings } = this.#options;
		const paths = new BackingPaths(this.#options);
		const backings = new Map<string, BackingPath>();
		for (const volume of mountedVolumes(pod, this.#selected.container)) {
			const found = paths.of(volume);
			warnings.warn(found.warnings);
			if (found.backing !== undefined) backings.set(volume.name, found.backing);
		}
		return backings;
	}

	#addMount(mount: VolumeMount, target: string, backing: BackingPath): void {
		const subPath = resolveSubPath(mount, this.#environment);
		if (subPath.missing !== undefined) this.#missing.push(subPath.missing);
		const readOnly = mount.readOnly || !backing.isWritable;
		if (!backing.isWritable) {
			const isFrozen = subPath.path !== undefined && !this.#options.liveSubPaths;
			this.#views.push({ volume: mount.name, target, subPath: subPath.path, isFrozen });
		}
		if (subPath.path === undefined) {
			this.#add({ source: backing.path, target, readOnly, recursive: backing.isHost });
		} else {
			this.#addSubPath(mount.name, subPath.path, { backing, target, readOnly });
		}
	}

	#addSubPath(
		volume: string,
		subPath: string,
		to: { readonly backing: BackingPath; readonly target: string; readonly readOnly: boolean },
	): void {
		const { backing, target, readOnly } = to;
		const { liveSubPaths, makeDirectory, warnings } = this.#options;
		const isFromObjects = !backing.isWritable;
		const request = {
			container: this.#selected.container.name,
			volume,
			root: backing.path,
			subPath,
			...(isFromObjects ? { makeDirectory: (path: string) => makeDirectory(volume, path) } : {}),
		};
		const found = subPathSource(request);
		warnings.warn(found.warnings);
		if (isFromObjects && liveSubPaths) {
			this.#liveSubPaths.push({ volume, target, source: () => existingSubPath(request) });
			this.#add({ source: join(backing.path, subPath), target, readOnly });
			return;
		}
		if (isFromObjects) warnings.warn([frozenSubPath(volume, subPath, target)]);
		this.#add({ source: found.path, target, readOnly, recursive: backing.isHost, isFrozen: isFromObjects });
	}

	#add(planned: PlannedMount): void {
		this.#options.warnings.warn(makeMountPointWithin(this.#mounts, planned));
		this.#mounts.push(planned);
	}
}

/** Kubelet binds the file of the current generation; a flip does not move the mount to the next one. */
function frozenSubPath(volume: string, subPath: string, target: string): PodWarning {
	const text =
		`subPath "${subPath}" at ${target} keeps its present content when its object changes, as in a pod; ` +
		'mount the complete volume, restart, or use --subpath=live';
	return { field: `volume "${volume}"`, text };
}
