/**
 * What one container is made of, found out at each start: its environment, its volumes and where they go, its command.
 * Keeps the volumes, which outlive a restart.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../base/log.js';
import type { Driver } from '../../drivers/driver.js';
import type { SelectedPod } from '../../inputs/pod-reader.js';
import { mountedVolumes } from '../../inputs/pod-references.js';
import type { Flip, RetentionPolicy } from '../../mount/volume-session.js';
import { buildEnvironment } from '../../pod/environment/builder.js';
import { commandLine } from '../../pod/environment/command-line.js';
import { downwardValue } from '../../pod/environment/downward-value.js';
import type { Environment } from '../../pod/environment/environment.js';
import type { Missing, PodObjects, PodSurroundings } from '../../pod/pod-objects.js';
import { mountOrder, nestedMountPoints } from '../../pod/volumes/mount-order.js';
import { resolveSubPath } from '../../pod/volumes/sub-path.js';
import { isPayloadVolume } from '../../pod/volumes/volume-files.js';
import { volumePayload } from '../../pod/volumes/volume-payload.js';
import { type RunCaller, type WantedCredentials, wantedCredentials } from '../application/credentials.js';
import type { OnceLogger } from '../once-logger.js';
import type { PlannedMount } from '../placement/namespace/planned-mount.js';
import type { Placement } from '../placement/placement.js';
import { type VolumePlace, VolumePlaces } from './backing-paths.js';
import { type EnvInherit, inheritedEnvironment } from './inherited-environment.js';
import { PodVolumes } from './pod-volumes.js';
import { emptyDirectoryOf } from './stage.js';
import { existingSubPath, subPathSource } from './sub-path-source.js';
import { makePlaceInside } from './writable-directory.js';

/** How a container is made, besides what its pod says: the flags of `run`, and this machine. */
export interface ContainerSetupOptions {
	/** After `--`; undefined: the container's own. */
	readonly command: readonly string[] | undefined;
	readonly keepArgs: boolean;
	readonly envInherit: EnvInherit;
	readonly strictEnvNames: boolean;
	readonly allowHostPath: boolean;
	readonly localVolumes: ReadonlyMap<string, string>;
	/** subPath mounts follow their objects. */
	readonly liveSubPaths: boolean;
	readonly retention: RetentionPolicy;
	readonly caller: RunCaller;
	readonly callerEnvironment: Readonly<Record<string, string | undefined>>;
	/** Working directory of the caller. */
	readonly cwd: string;
	readonly surroundings: PodSurroundings;
	readonly placement: Placement;
	/** Gives what shows volumes, in `volumes` of the stage. `group` is that of an fsGroup. */
	readonly makeDriver: (group: number | undefined) => Driver;
	readonly now: () => Date;
	readonly log: Logger;
	readonly said: OnceLogger;
	readonly onFlip: (volume: string, flip: Flip) => void;
}

/** What is known before anything is mounted. */
export interface PreparedContainer {
	readonly environment: Environment;
	/** Why it cannot start yet; empty: it can. */
	readonly missing: readonly Missing[];
}

/** A subPath that shall follow its object. */
export interface LiveSubPath {
	readonly volume: string;
	readonly target: string;
	/** Where it leads to now; undefined: nothing is there. */
	readonly source: () => string | undefined;
}

export interface MountPlan {
	readonly mounts: readonly PlannedMount[];
	readonly liveSubPaths: readonly LiveSubPath[];
	/** Why it cannot start yet: a subPathExpr without its variable. */
	readonly missing: readonly Missing[];
}

export interface ContainerProcess {
	readonly command: readonly string[];
	readonly env: Readonly<Record<string, string>>;
	/** Absolute. */
	readonly cwd: string;
	readonly credentials: WantedCredentials['credentials'];
}

export class ContainerSetup {
	readonly #options: ContainerSetupOptions;
	#driver: Driver | undefined;
	#volumes: PodVolumes | undefined;
	#isOpen = false;

	constructor(options: ContainerSetupOptions) {
		this.#options = options;
	}

	get driver(): Driver | undefined {
		return this.#driver;
	}

	/**
	 * Builds the environment and shows the volumes, as far as their objects are there.
	 * Errors: INPUT_INVALID.
	 */
	prepare(selected: SelectedPod, objects: PodObjects): PreparedContainer {
		const environment = this.environment(selected, objects);
		this.#options.said.warn(environment.warnings);
		const missing = [...this.show(selected, objects), ...environment.missing];
		return { environment, missing };
	}

	/** As it would be now. Errors: INPUT_INVALID. */
	environment({ pod, container }: SelectedPod, objects: PodObjects): Environment {
		const { surroundings, strictEnvNames, placement } = this.#options;
		return buildEnvironment(pod, container, objects, surroundings, {
			strictNames: strictEnvNames,
			readFile: (volume, path) => readIfThere(join(emptyDirectoryOf(placement.stage, volume), path)),
		});
	}

	/** Brings the volumes up to date. Returns what those lack that have no content yet. */
	show({ pod, container }: SelectedPod, objects: PodObjects): readonly Missing[] {
		const { localVolumes, surroundings } = this.#options;
		const volumes = mountedVolumes(pod, container).filter(isPayloadVolume);
		const shown = volumes.filter(({ name }) => !localVolumes.has(name));
		if (shown.length === 0) return [];
		const byName = new Map([...pod.spec.initContainers, ...pod.spec.containers].map((one) => [one.name, one]));
		this.#volumes ??= this.#makeVolumes({ pod, container });
		return this.#volumes.update(
			shown,
			(volume) =>
				volumePayload(volume, objects, (ref, name) =>
					downwardValue(ref, pod, name === undefined ? container : byName.get(name), surroundings),
				),
			nestedMountPoints([...byName.values()]),
		);
	}

	#makeVolumes({ pod, container }: SelectedPod): PodVolumes {
		const { retention, now, log, said, onFlip, caller } = this.#options;
		const { fsGroup } = pod.spec.securityContext;
		const { fileGroup = caller.gid } = wantedCredentials(pod, container, caller);
		const group = fsGroup === undefined ? undefined : fileGroup;
		this.#driver = this.#options.makeDriver(group);
		return new PodVolumes({ driver: this.#driver, retention, now, log, said, onFlip });
	}

	/** Makes the mount of the volumes, the first time. Errors: those of the driver. */
	async open(): Promise<void> {
		if (this.#driver === undefined || this.#isOpen) return;
		this.#isOpen = true;
		await this.#driver.mount();
		this.#volumes?.opened();
	}

	/**
	 * Where everything goes, in order of depth.
	 * Errors: INPUT_INVALID, INPUT_MISSING. Requires: open.
	 */
	plan({ pod, container }: SelectedPod, environment: Environment): MountPlan {
		const { said, caller, localVolumes, allowHostPath, placement, liveSubPaths } = this.#options;
		const { fileGroup } = wantedCredentials(pod, container, caller);
		const places = new VolumePlaces({
			stage: placement.stage,
			localVolumes,
			allowHostPath,
			fileGroup,
		});
		const found = new Map<string, VolumePlace>();
		for (const volume of mountedVolumes(pod, container)) {
			const { place, warnings } = places.of(volume);
			said.warn(warnings);
			if (place !== undefined) found.set(volume.name, place);
		}
		const order = mountOrder(container);
		said.warn(order.warnings);
		const mounts: PlannedMount[] = [];
		const add = (planned: PlannedMount) => {
			said.warn(makePlaceInside(mounts, planned));
			mounts.push(planned);
		};
		const live: LiveSubPath[] = [];
		const missing: Missing[] = [];
		for (const { mount, path: target } of order.mounts) {
			const place = found.get(mount.name);
			if (place === undefined) continue;
			const readOnly = mount.readOnly || !place.isWritable;
			const subPath = resolveSubPath(mount, environment);
			if (subPath.missing !== undefined) missing.push(subPath.missing);
			if (subPath.path === undefined) {
				add({ source: place.path, target, readOnly, recursive: place.isHost });
				continue;
			}
			const request = {
				container: container.name,
				volume: mount.name,
				root: place.path,
				subPath: subPath.path,
				...(place.isWritable
					? {}
					: { makeDirectory: (path: string) => this.#volumes?.makeDirectory(mount.name, path) }),
			};
			const source = subPathSource(request);
			said.warn(source.warnings);
			if (!place.isWritable && liveSubPaths) {
				live.push({ volume: mount.name, target, source: () => existingSubPath(request) });
				add({ source: join(place.path, subPath.path), target, readOnly });
				continue;
			}
			if (!place.isWritable) said.warn([frozen(mount.name, subPath.path, target)]);
			add({ source: source.path, target, readOnly, recursive: place.isHost, isFrozen: !place.isWritable });
		}
		return { mounts, liveSubPaths: live, missing };
	}

	/** What is started. `variables` say where volumes are. Errors: USAGE when there is no command. */
	process(
		{ pod, container }: SelectedPod,
		environment: Environment,
		variables: Readonly<Record<string, string>>,
	): ContainerProcess {
		const { command, keepArgs, envInherit, callerEnvironment, caller, said, cwd } = this.#options;
		const { credentials, warnings } = wantedCredentials(pod, container, caller);
		said.warn(warnings);
		const hostname = pod.spec.hostname ?? pod.metadata.name;
		const own = [...environment.variables].map(([name, { value }]) => [name, value] as const);
		return {
			command: commandLine(container, environment, command, keepArgs),
			env: {
				...inheritedEnvironment(callerEnvironment, envInherit, hostname),
				...variables,
				...Object.fromEntries(own),
			},
			// A program of the caller's is where the caller is; the container's own is where the container says.
			cwd: command === undefined ? (container.workingDir ?? cwd) : cwd,
			credentials,
		};
	}

	/** Ends the mount. Idempotent. */
	async close(): Promise<void> {
		this.#volumes?.close();
		await this.#driver?.unmount();
	}
}

/** Kubelet binds what the path leads to once; a flip leads the path elsewhere and the mount not. */
function frozen(volume: string, subPath: string, target: string) {
	const text =
		`subPath "${subPath}" at ${target} stays as it is now whatever happens to its object, as in a pod; ` +
		'mount the whole volume, restart, or use --subpath=live';
	return { place: `volume "${volume}"`, text };
}

function readIfThere(path: string): Buffer | undefined {
	try {
		return readFileSync(path);
	} catch {
		return undefined;
	}
}
