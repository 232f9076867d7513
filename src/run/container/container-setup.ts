/**
 * Sets one container up: its environment, its volumes, its mounts and its command, determined again at each start. The
 * volumes and their driver stay across restarts.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../base/log.js';
import type { EventListener } from '../../control/events.js';
import type { Driver } from '../../drivers/driver.js';
import type { SelectedPod } from '../../inputs/pod-reader.js';
import { mountedVolumes } from '../../inputs/pod-references.js';
import type { RetentionPolicy } from '../../mount/retention.js';
import type { Flip } from '../../mount/volume-session.js';
import { buildEnvironment } from '../../pod/environment/builder.js';
import { commandLine } from '../../pod/environment/command-line.js';
import { downwardValue } from '../../pod/environment/downward-value.js';
import type { Environment, GivenVariable } from '../../pod/environment/environment.js';
import { podHostname } from '../../pod/environment/hostname.js';
import type { Missing } from '../../pod/notices.js';
import type { PodObjects, PodSurroundings } from '../../pod/pod-objects.js';
import { nestedMountPoints } from '../../pod/volumes/mount-order.js';
import { isPayloadVolume } from '../../pod/volumes/volume-files.js';
import { volumePayload } from '../../pod/volumes/volume-payload.js';
import { type RunCaller, type WantedCredentials, wantedCredentials } from '../application/credentials.js';
import type { OnceLogger } from '../once-logger.js';
import type { Placement } from '../placement/placement.js';
import { emptyDirPath } from './backing-paths.js';
import { type EnvInherit, inheritedEnvironment } from './inherited-environment.js';
import { type MountPlan, planMounts } from './mount-plan.js';
import { PodVolumes } from './pod-volumes.js';

/** What decides how a container is set up besides its pod: the flags of `run` and this machine. */
export interface ContainerSetupOptions {
	/** The command after `--`; undefined: the container's own. */
	readonly command: readonly string[] | undefined;
	readonly keepArgs: boolean;
	readonly envInherit: EnvInherit;
	/** Variables that replace those of the pod. */
	readonly given?: ReadonlyMap<string, GivenVariable>;
	readonly strictEnvNames: boolean;
	readonly allowHostPath: boolean;
	readonly localVolumes: ReadonlyMap<string, string>;
	/** `--subpath=live`. */
	readonly liveSubPaths: boolean;
	readonly retention: RetentionPolicy;
	readonly caller: RunCaller;
	readonly callerEnvironment: Readonly<Record<string, string | undefined>>;
	/** Working directory of the caller. */
	readonly cwd: string;
	readonly surroundings: PodSurroundings;
	readonly stage: Placement['stage'];
	/** Returns the driver that shows the volumes; `group` is the group of their files. Called once. */
	readonly takeDriver: (group: number | undefined) => Driver;
	readonly now: () => Date;
	readonly log: Logger;
	readonly warnings: OnceLogger;
	readonly onEvent: EventListener;
	readonly onFlip: (volume: string, flip: Flip) => void;
	/** The server process of the driver ended unexpectedly, so no file can be read; `detail` says how. */
	readonly onDriverDeath: (detail: string) => void;
}

/** The parts that are known before anything is mounted. */
export interface PreparedContainer {
	readonly environment: Environment;
	/** Why the container cannot start yet; empty if it can. */
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

	/** Builds the environment and writes the volumes whose objects exist. Errors: INPUT_INVALID. */
	prepare(selected: SelectedPod, objects: PodObjects): PreparedContainer {
		const environment = this.environment(selected, objects);
		this.#options.warnings.warn(environment.warnings);
		const missing = [...this.update(selected, objects), ...environment.missing];
		return { environment, missing };
	}

	/** The environment of a process that would start now. Errors: INPUT_INVALID. */
	environment({ pod, container }: SelectedPod, objects: PodObjects): Environment {
		const { surroundings, strictEnvNames, given = new Map(), stage } = this.#options;
		return buildEnvironment(pod, container, objects, surroundings, {
			strictNames: strictEnvNames,
			given,
			readFile: (volume, path) => readIfThere(join(emptyDirPath(stage, volume), path)),
		});
	}

	/** Writes the current objects to the volumes. Returns what is missing for volumes that have no content yet. */
	update({ pod, container }: SelectedPod, objects: PodObjects): readonly Missing[] {
		const { localVolumes, surroundings } = this.#options;
		const volumes = mountedVolumes(pod, container)
			.filter(isPayloadVolume)
			.filter(({ name }) => !localVolumes.has(name));
		if (volumes.length === 0) return [];
		const byName = new Map([...pod.spec.initContainers, ...pod.spec.containers].map((one) => [one.name, one]));
		this.#volumes ??= this.#makeVolumes({ pod, container });
		return this.#volumes.update(
			volumes,
			(volume) =>
				volumePayload(volume, objects, (ref, name) =>
					downwardValue(ref, pod, name === undefined ? container : byName.get(name), surroundings),
				),
			nestedMountPoints([...byName.values()]),
		);
	}

	#makeVolumes({ pod, container }: SelectedPod): PodVolumes {
		const { retention, now, log, onEvent, warnings, onFlip, caller, takeDriver } = this.#options;
		const { fsGroup } = pod.spec.securityContext;
		const { fileGroup = caller.gid } = wantedCredentials(pod, container, caller);
		this.#driver = takeDriver(fsGroup === undefined ? undefined : fileGroup);
		return new PodVolumes({ driver: this.#driver, retention, now, log, onEvent, warnings, onFlip });
	}

	/** Mounts the volumes on their backing paths. Later calls do nothing. Errors: those of the driver. */
	async open(): Promise<void> {
		const driver = this.#driver;
		if (driver === undefined || this.#isOpen) return;
		this.#isOpen = true;
		await driver.mount();
		this.#volumes?.opened();
		void driver.ended.then((end) => {
			if (end.reason === 'died') this.#options.onDriverDeath(end.detail);
		});
	}

	/** Where everything is mounted. Requires: `open`. Errors: INPUT_INVALID, INPUT_MISSING, MOUNT_POINT_INVALID. */
	plan(selected: SelectedPod, environment: Environment): MountPlan {
		const { fileGroup } = wantedCredentials(selected.pod, selected.container, this.#options.caller);
		return planMounts(selected, environment, {
			...this.#options,
			fileGroup,
			makeDirectory: (volume, path) => this.#volumes?.makeSubPath(volume, path),
		});
	}

	/**
	 * The process to start; `variables` are those that name the location of the volumes.
	 * Errors: USAGE if there is no command.
	 */
	process(
		{ pod, container }: SelectedPod,
		environment: Environment,
		variables: Readonly<Record<string, string>>,
	): ContainerProcess {
		const { command, keepArgs, envInherit, callerEnvironment, caller, warnings, cwd } = this.#options;
		const wanted = wantedCredentials(pod, container, caller);
		warnings.warn(wanted.warnings);
		const hostname = podHostname(pod);
		const own = [...environment.variables].map(([name, { value }]) => [name, value] as const);
		return {
			command: commandLine(container, environment, command, keepArgs),
			env: {
				...inheritedEnvironment(callerEnvironment, envInherit, hostname),
				...variables,
				...Object.fromEntries(own),
			},
			// A command of the caller starts in the caller's directory, the container's own in its workingDir.
			cwd: command === undefined ? (container.workingDir ?? cwd) : cwd,
			credentials: wanted.credentials,
		};
	}

	/**
	 * If this process is killed, the server process kills what runs in that mount namespace and removes the directory.
	 */
	cleanUpAfterKill(mountNamespace: string, removeDirectory: string): void {
		this.#driver?.cleanUpAfterDaemon({ mountNamespace, removeDirectory });
	}

	/** Unmounts the volumes. Idempotent. */
	async close(): Promise<void> {
		this.#volumes?.close();
		await this.#driver?.unmount();
	}
}

function readIfThere(path: string): Buffer | undefined {
	try {
		return readFileSync(path);
	} catch {
		return undefined;
	}
}
