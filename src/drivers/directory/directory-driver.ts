/**
 * The driver without FUSE: it writes the volumes to a plain directory, preferably on tmpfs. For CI jobs and containers
 * without /dev/fuse; layout and events are the same. It cannot refuse writes or keep names of removed files.
 */

import { rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { VolumeState } from '../../volume/plan.js';
import type { Driver, MountEnd, UnmountReport } from '../driver.js';
import type { Owner, Present } from '../presentation.js';
import { existingVolumes, readExistingVolume, refuseForeignContent } from './existing-volume.js';
import { PlainTree } from './plain-tree.js';

export interface DirectoryDriverOptions {
	/** Absolute; exists. */
	readonly directory: string;
	/** Owners and modes of the entries. It may change until the first of them is made. */
	readonly present: Present;
	readonly caller: Owner;
	/** Ends the claim on the directory; called once, at the end. */
	readonly release: () => void;
}

export class DirectoryDriver implements Driver {
	readonly name = 'directory';
	readonly tree: PlainTree;
	readonly persists = true;
	readonly ended: Promise<MountEnd>;
	readonly #directory: string;
	readonly #release: () => void;
	/** Paths of the volumes that are shown. */
	readonly #shown = new Set<string>();
	#end: (end: MountEnd) => void = () => {};
	#isReleased = false;

	/** Errors: MOUNT_POINT_INVALID if the directory contains anything except volumes. */
	constructor(options: DirectoryDriverOptions) {
		refuseForeignContent(options.directory);
		this.#directory = options.directory;
		this.#release = options.release;
		this.tree = new PlainTree({
			root: options.directory,
			present: options.present,
			creator: options.caller,
		});
		this.ended = new Promise((resolve) => {
			this.#end = resolve;
		});
	}

	walkGraceMs(): number {
		return 0;
	}

	existing(path: string): VolumeState | undefined {
		this.#shown.add(path);
		return readExistingVolume(join(this.#directory, path));
	}

	/** Removes volumes of an earlier daemon that no source contains any more. */
	async mount(): Promise<void> {
		if (this.#shown.has('')) return;
		for (const path of existingVolumes(this.#directory)) {
			if (!this.#shown.has(path)) rmSync(join(this.#directory, path), { recursive: true, force: true });
			removeEmptyNamespace(this.#directory, path);
		}
	}

	cleanUpAfterDaemon(): void {}

	reportFaultsTo(): void {}

	async upcalls(): Promise<Readonly<Record<string, number>>> {
		return {};
	}

	async unmount(): Promise<UnmountReport> {
		if (!this.#isReleased) this.#release();
		this.#isReleased = true;
		this.#end({ reason: 'unmounted' });
		return { wasBusy: false };
	}
}

function removeEmptyNamespace(root: string, path: string): void {
	const namespace = dirname(path);
	if (namespace === '.') return;
	try {
		rmdirSync(join(root, namespace));
	} catch {
		// It contains other volumes.
	}
}
