/**
 * No FUSE at all: the volumes are written onto a plain directory, best on tmpfs. For CI jobs and containers without
 * /dev/fuse; layout and events are the same. What it cannot do: refuse writes, and keep names of removed files.
 */

import { join } from 'node:path';
import type { VolumeState } from '../../volume/plan.js';
import type { Driver, MountEnd, UnmountReport } from '../driver.js';
import type { Owner } from '../presentation.js';
import { presentExactly } from '../presentation.js';
import { readExistingVolume } from './existing-volume.js';
import { PlainTree } from './plain-tree.js';

export interface DirectoryDriverOptions {
	/** Absolute; exists. */
	readonly directory: string;
	/** Owner of what is written; `chowns` when it is not the caller. */
	readonly owner: Owner;
	readonly chowns: boolean;
}

export class DirectoryDriver implements Driver {
	readonly name = 'directory';
	readonly tree: PlainTree;
	readonly persists = true;
	readonly ended: Promise<MountEnd>;
	readonly #directory: string;
	#end: (end: MountEnd) => void = () => {};

	constructor(options: DirectoryDriverOptions) {
		this.#directory = options.directory;
		this.tree = new PlainTree({
			root: options.directory,
			present: presentExactly(options.owner),
			chowns: options.chowns,
		});
		this.ended = new Promise((resolve) => {
			this.#end = resolve;
		});
	}

	walkGraceMs(): number {
		return 0;
	}

	existing(path: string): VolumeState | undefined {
		return readExistingVolume(join(this.#directory, path));
	}

	async mount(): Promise<void> {}

	async upcalls(): Promise<Readonly<Record<string, number>>> {
		return {};
	}

	async unmount(): Promise<UnmountReport> {
		this.#end({ reason: 'unmounted' });
		return { wasBusy: false };
	}
}
