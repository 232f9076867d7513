/**
 * Starts the process of a container: mounts its volumes where the application finds them, and starts the command there.
 * Each start gets a placement of its own; the previous one is closed then.
 */

import type { Logger } from '../base/log.js';
import type { SelectedPod } from '../inputs/pod-reader.js';
import type { Environment } from '../pod/environment/environment.js';
import { ApplicationProcess } from './application/application-process.js';
import type { Inheritance } from './application/inheritance.js';
import type { ProcessSurroundings } from './application/spawn.js';
import type { ContainerSetup } from './container/container-setup.js';
import type { MountPlan } from './container/mount-plan.js';
import type { VolumeView } from './on-change/visible-change.js';
import type { OnceLogger } from './once-logger.js';
import { copyWarnings } from './placement/copy-warnings.js';
import type { PlacedApplication, Placement } from './placement/placement.js';
import { explainStartFailure } from './start-failure.js';
import { SubPathFollower } from './sub-path-follower.js';

export interface ContainerStarterOptions {
	readonly placement: Placement;
	readonly setup: Pick<ContainerSetup, 'process' | 'cleanUpAfterKill'>;
	/** The command after `--`; undefined: the container's own. */
	readonly command: readonly string[] | undefined;
	readonly localVolumes: ReadonlyMap<string, string>;
	readonly stdin: 'inherit' | 'ignore';
	readonly inheritance: Inheritance;
	/** Working directory of the caller. */
	readonly cwd: string;
	readonly callerEnvironment: Readonly<Record<string, string | undefined>>;
	readonly log: Logger;
	readonly warnings: OnceLogger;
	/** Default is `ApplicationProcess.start`. */
	readonly startProcess?: typeof ApplicationProcess.start;
}

/** A container that misses nothing. */
export interface ReadyContainer {
	readonly selected: SelectedPod;
	readonly environment: Environment;
	readonly plan: MountPlan;
}

export interface StartedContainer {
	readonly process: ApplicationProcess;
	/** What the process was started with; a command of `--on-change` gets the same. */
	readonly surroundings: ProcessSurroundings;
}

export class ContainerStarter {
	readonly #options: ContainerStarterOptions;
	readonly #subPaths: SubPathFollower;
	#placed: PlacedApplication | undefined;
	#views: readonly VolumeView[] = [];

	constructor(options: ContainerStarterOptions) {
		this.#options = options;
		this.#subPaths = new SubPathFollower(options.log);
	}

	/** Errors: those of the placement, COMMAND_NOT_FOUND, COMMAND_REFUSED, USAGE if there is no command. */
	async start({ selected, environment, plan }: ReadyContainer): Promise<StartedContainer> {
		const { setup, stdin, inheritance, placement, startProcess = ApplicationProcess.start } = this.#options;
		this.#subPaths.stop();
		const placed = this.#place(plan);
		this.#views = plan.views;
		const { command, ...made } = setup.process(selected, environment, placed.variables ?? {});
		const { mountNamespace } = placed;
		if (mountNamespace !== undefined) setup.cleanUpAfterKill(mountNamespace, placement.machineDirectory);
		const surroundings = { ...made, stdin, inheritance, within: <T>(act: () => T): T => placed.within(act) };
		const process = await startProcess({ ...surroundings, command }).catch((error) => {
			const { command: given, localVolumes } = this.#options;
			throw explainStartFailure(error, {
				...made,
				selected,
				command,
				isContainersOwn: given === undefined,
				isInNamespace: mountNamespace !== undefined,
				localVolumes,
			});
		});
		this.#subPaths.follow(plan.liveSubPaths, placed);
		return { process, surroundings };
	}

	#place({ mounts }: MountPlan): PlacedApplication {
		const { placement, cwd, callerEnvironment, log, warnings } = this.#options;
		this.#placed?.close();
		const placed = placement.build(mounts);
		this.#placed = placed;
		const { HOME = '' } = callerEnvironment;
		warnings.warn(copyWarnings(placed, HOME === '' ? [cwd] : [cwd, HOME]));
		log.debug({ copyOnWrite: placed.copyOnWrite }, 'directories whose own files are copies');
		return placed;
	}

	/** Where the application sees the volumes whose files come from objects. */
	get views(): readonly VolumeView[] {
		return this.#views;
	}

	/** Process ids of everything that runs where the application runs. */
	members(): readonly number[] {
		return this.#placed?.members() ?? [];
	}

	/** A volume shows a new generation: its `--subpath=live` mounts follow. */
	flipped(volume: string): void {
		this.#subPaths.flipped(volume);
	}

	/** Nothing more can be started. Idempotent. */
	close(): void {
		this.#subPaths.stop();
		this.#placed?.close();
	}
}
