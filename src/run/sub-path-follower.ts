/**
 * Keeps the subPath mounts of a running application current (`--subpath=live`). A bind mount stays on the file that it
 * was made for, so after each flip the new generation's file is mounted in place of the old one.
 */

import type { Logger } from '../base/log.js';
import type { LiveSubPath } from './container/mount-plan.js';
import type { PlacedApplication } from './placement/placement.js';

export class SubPathFollower {
	readonly #log: Logger;
	#subPaths: readonly LiveSubPath[] = [];
	#placed: Pick<PlacedApplication, 'replace'> | undefined;

	constructor(log: Logger) {
		this.#log = log;
	}

	/** Follows the subPaths of this application from now on, and no longer those of an earlier one. */
	follow(subPaths: readonly LiveSubPath[], placed: Pick<PlacedApplication, 'replace'>): void {
		this.#subPaths = subPaths;
		this.#placed = placed;
	}

	/** Follows nothing. Idempotent. */
	stop(): void {
		this.#subPaths = [];
		this.#placed = undefined;
	}

	/** The volume shows a new generation. A subPath that cannot follow keeps its last content. */
	flipped(volume: string): void {
		for (const { target, source } of this.#subPaths.filter((one) => one.volume === volume)) {
			const fields = { volume, path: target };
			try {
				const path = source();
				if (path === undefined)
					this.#log.warn(fields, `the subPath at ${target} no longer exists; the mount keeps its last content`);
				else this.#placed?.replace(path, target);
			} catch (error) {
				this.#log.warn(
					{ ...fields, err: error },
					`cannot update the subPath at ${target}; the mount keeps its last content`,
				);
			}
		}
	}
}
