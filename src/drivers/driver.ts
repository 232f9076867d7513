/**
 * The port to what shows the tree (types only). What differs between drivers is data here; nothing above asks for a
 * driver's name.
 */

import type { Leftovers, ServerFault } from '../journal/server-protocol.js';
import type { VolumeState } from '../volume/plan.js';
import type { TreeOperations } from '../volume/tree-operations.js';

/** Why a mount is over. */
export type MountEnd =
	/** Somebody unmounted it, or `unmount` was called. */
	| { readonly reason: 'unmounted' }
	/** The process that answers the kernel ended by itself; `detail` says how. */
	| { readonly reason: 'died'; readonly detail: string };

export interface UnmountReport {
	/** Somebody still used the mount: it was detached, and what they had open is gone. */
	readonly wasBusy: boolean;
}

export interface Driver {
	readonly name: 'kernel' | 'fuse-native' | 'directory';
	/** Changes before `mount` shape the first state; changes after it are seen by watchers. */
	readonly tree: TreeOperations;
	/**
	 * How long the directories of an old generation should stay after the flip, so that path walks that stand in one
	 * can finish. Unit: milliseconds; 0 where removed names cannot be kept anyway.
	 */
	walkGraceMs(): number;
	/** Whether the tree stays when `unmount` is called, unless its volumes are removed first. */
	readonly persists: boolean;
	/**
	 * What is shown at a path from an earlier time; undefined when nothing is.
	 * Errors: MOUNT_POINT_INVALID when something else stands there.
	 */
	existing(path: string): VolumeState | undefined;
	/** Shows the tree. Errors: ConfigMapFsError; nothing is left behind. */
	mount(): Promise<void>;
	/** Resolves once, when the mount is over for whatever reason. */
	readonly ended: Promise<MountEnd>;
	/**
	 * Names the processes and the directory to clean up if this process is killed; replaces earlier ones. No effect for
	 * a driver without a process that outlives this one.
	 */
	cleanUpAfterDaemon(leftovers: Leftovers): void;
	/** Each exception in the driver's server is passed to `listener`, including earlier ones. To be called once. */
	reportFaultsTo(listener: (fault: ServerFault) => void): void;
	/** Requests that reached user space, by opcode; empty where nothing is counted. */
	upcalls(): Promise<Readonly<Record<string, number>>>;
	/** Takes the mount away, even when it is in use. Idempotent. */
	unmount(): Promise<UnmountReport>;
}
