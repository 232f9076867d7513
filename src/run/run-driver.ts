/**
 * The driver of a run. It is created before the pod is known, because the server process takes as long to start as the
 * rest of this program.
 */

import { mkdirSync } from 'node:fs';
import { ConfigMapFsError, invariant } from '../base/errors.js';
import type { Driver } from '../drivers/driver.js';
import { type DriverChoice, type DriverOptions, makeDriver } from '../mount/driver-choice.js';
import { withFsGroup } from '../pod/volumes/fs-group.js';
import type { RunCaller } from './application/credentials.js';
import { driverMountPoint } from './container/backing-paths.js';
import type { Placement } from './placement/placement.js';

export interface RunDriverOptions {
	readonly choice: DriverChoice;
	readonly placement: Pick<Placement, 'stage' | 'machineDirectory' | 'environment'>;
	readonly caller: RunCaller;
	/**
	 * Whether the driver chooses the group of its files, as it does for a mount through fusermount3, where the group
	 * decides who may read. The pod's fsGroup has no effect then.
	 */
	readonly choosesGroup: boolean;
	readonly trace: boolean;
	/** Default is the real one. */
	readonly make?: (options: DriverOptions) => Driver;
}

type State =
	/** `driver` is undefined if the directory driver will be used; it has no process to start early. */
	| { readonly kind: 'begun'; readonly driver: Driver | undefined }
	| { readonly kind: 'taken'; readonly driver: Driver; readonly fileGroup: number | undefined }
	| { readonly kind: 'closed' };

export class RunDriver {
	/**
	 * Why FUSE is not used although it was not ruled out; undefined: it is used, or the user chose the directory driver.
	 */
	readonly fallbackReason: string | undefined;
	readonly #options: RunDriverOptions;
	readonly #mountPoint: string;
	#state: State;

	/** Errors: FUSE_DEVICE_MISSING, FUSE_DEVICE_DENIED or DRIVER_UNAVAILABLE if the user chose the driver by name. */
	constructor(options: RunDriverOptions) {
		this.#options = options;
		this.#mountPoint = driverMountPoint(options.placement.stage);
		mkdirSync(this.#mountPoint);
		this.#state = { kind: 'begun', driver: undefined };
		if (options.choice === 'directory') return;
		try {
			const driver = this.#make(options.choice);
			this.#state = { kind: 'begun', driver };
			// If this process is killed before the application starts, only this directory is left.
			driver.cleanUpAfterDaemon({ removeDirectory: options.placement.machineDirectory });
		} catch (error) {
			// To an application a tmpfs differs only for readers at the moment of a change.
			if (options.choice !== 'auto' || !(error instanceof ConfigMapFsError)) throw error;
			this.fallbackReason = error.message;
		}
	}

	/**
	 * Returns the driver; its files get the group `fsGroup`.
	 * Requires: the first call, before `close`. Errors: those of the directory driver.
	 */
	take(fsGroup: number | undefined): Driver {
		invariant(this.#state.kind === 'begun', 'the driver of a run is taken once');
		const fileGroup = this.#options.choosesGroup ? undefined : fsGroup;
		const driver = this.#state.driver ?? this.#make('directory');
		this.#state = { kind: 'taken', driver, fileGroup };
		return driver;
	}

	/** Unmounts the driver, taken or not. Idempotent. */
	async close(): Promise<void> {
		const state = this.#state;
		this.#state = { kind: 'closed' };
		if (state.kind !== 'closed') await state.driver?.unmount();
	}

	#make(choice: DriverChoice): Driver {
		const { placement, caller, trace, make = makeDriver } = this.#options;
		return make({
			choice,
			mountPoint: this.#mountPoint,
			allowOther: false,
			owner: {},
			rootMode: 0o755,
			caller,
			runtime: placement.environment,
			// The driver exists before the group is known. Until it is taken it shows only its root directory.
			adapt: (present) => (kind, mode) => withFsGroup(this.#fileGroup)(present)(kind, mode),
			now: () => new Date(),
			trace,
		});
	}

	get #fileGroup(): number | undefined {
		return this.#state.kind === 'taken' ? this.#state.fileGroup : undefined;
	}
}
