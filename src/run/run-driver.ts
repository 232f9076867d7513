/**
 * The driver of a run, begun before it is known what it shows: the process that answers the kernel takes as long to
 * start as the rest of this program, and does so meanwhile.
 */

import { mkdirSync } from 'node:fs';
import { ConfigMapFsError } from '../base/errors.js';
import type { Driver } from '../drivers/driver.js';
import { type DriverChoice, makeDriver } from '../mount/driver-choice.js';
import { withFsGroup } from '../pod/volumes/fs-group.js';
import type { RunCaller } from './application/credentials.js';
import { volumeTree } from './container/stage.js';
import type { Placement } from './placement/placement.js';

export interface RunDriverOptions {
	readonly choice: DriverChoice;
	readonly placement: Placement;
	readonly caller: RunCaller;
	/** Whether the group of files decides who may read, and is chosen for that: so it is through fusermount3. */
	readonly groupDecides: boolean;
	readonly trace: boolean;
}

export class RunDriver {
	readonly #options: RunDriverOptions;
	readonly #mountPoint: string;
	readonly #early: Driver | undefined;
	/** Why there is no FUSE here. */
	readonly whyDirectory: string | undefined;
	#group: number | undefined;

	/** Errors: FUSE_DEVICE_MISSING, FUSE_DEVICE_DENIED, DRIVER_UNAVAILABLE for a driver that was asked for by name. */
	constructor(options: RunDriverOptions) {
		this.#options = options;
		this.#mountPoint = volumeTree(options.placement.stage);
		mkdirSync(this.#mountPoint);
		if (options.choice === 'directory') return;
		try {
			this.#early = this.#make(options.choice);
			// Before there is an application a killed daemon leaves this.
			this.#early.guard({ removeDirectory: options.placement.machineDirectory });
		} catch (error) {
			// A tmpfs of its own is as good to an application, but for readers in the instant of a change.
			if (options.choice !== 'auto' || !(error instanceof ConfigMapFsError)) throw error;
			this.whyDirectory = error.message;
		}
	}

	/** The driver; `group` is that of an fsGroup. */
	take(group: number | undefined): Driver {
		this.#group = this.#options.groupDecides ? undefined : group;
		return this.#early ?? this.#make('directory');
	}

	/** Ends what nobody took. Idempotent. */
	async close(): Promise<void> {
		await this.#early?.unmount();
	}

	#make(choice: DriverChoice): Driver {
		const { placement, caller, trace } = this.#options;
		return makeDriver({
			choice,
			mountPoint: this.#mountPoint,
			allowOther: false,
			owner: {},
			rootMode: 0o755,
			caller,
			runtime: placement.environment,
			// The group is known later than the driver is begun.
			adapt: (show) => (kind, mode) => withFsGroup(this.#group)(show)(kind, mode),
			now: () => new Date(),
			trace,
		});
	}
}
