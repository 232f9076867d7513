/**
 * The port to a driver, which shows the tree (types only). Drivers differ in data; no caller branches on a driver's
 * name.
 */

import type { Leftovers, ServerFault } from '../journal/server-protocol.js';
import type { VolumeState } from '../volume/plan.js';
import type { TreeOperations } from '../volume/tree-operations.js';

/** Why a mount has ended. */
export type MountEnd =
	/** Another process unmounted it, or `unmount` was called. */
	| { readonly reason: 'unmounted' }
	/** The server process ended on its own; `detail` is its exit status or signal, and its reason if it gave one. */
	| { readonly reason: 'died'; readonly detail: string };

export interface UnmountReport {
	/** Whether processes still used the mount: it was detached, and their open files now fail. */
	readonly wasBusy: boolean;
}

export interface Driver {
	readonly name: 'kernel' | 'fuse-native' | 'directory';
	/** Changes before `mount` form the initial state; watchers see the changes after it. */
	readonly tree: TreeOperations;
	/**
	 * How long the directories of an old generation should stay after the flip, so that path walks in them can finish.
	 * Unit: milliseconds; 0 if the driver cannot keep removed names anyway.
	 */
	walkGraceMs(): number;
	/** Whether the tree stays when `unmount` is called, unless its volumes are removed first. */
	readonly persists: boolean;
	/**
	 * The state of a volume that an earlier daemon has left at the path; undefined if there is none.
	 * Errors: MOUNT_POINT_INVALID if anything else is there.
	 */
	existing(path: string): VolumeState | undefined;
	/** Shows the tree. Errors: ConfigMapFsError; everything is then cleaned up. */
	mount(): Promise<void>;
	/** Resolves when the mount has ended for any reason. */
	readonly ended: Promise<MountEnd>;
	/**
	 * Names the processes and the directory to clean up if this process is killed; replaces earlier ones. No effect for
	 * a driver without a process that outlives this one.
	 */
	cleanUpAfterDaemon(leftovers: Leftovers): void;
	/** Each exception in the driver's server is passed to `listener`, including earlier ones. To be called once. */
	reportFaultsTo(listener: (fault: ServerFault) => void): void;
	/** Number of requests that reached user space, by opcode; empty for a driver that counts none. */
	upcalls(): Promise<Readonly<Record<string, number>>>;
	/** Unmounts, even if the mount is in use. Idempotent. */
	unmount(): Promise<UnmountReport>;
}
