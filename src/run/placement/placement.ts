/**
 * The port to the place where an application finds its volumes (types only): at their mountPaths in a mount namespace
 * of its own, or below a directory.
 */

import type { RuntimeEnvironment } from '../../mounts/runtime-directory.js';
import type { PlannedMount } from './namespace/planned-mount.js';

/** The placement of one start of the application. */
export interface PlacedApplication {
	/** Runs `act` synchronously where the application runs; a process that it starts stays there. */
	within<T>(act: () => T): T;
	/**
	 * Replaces the mount at a target of the plan atomically. Errors: SystemCallError; the old mount is still there then.
	 */
	replace(source: string, target: string): void;
	/** Name of the mount namespace, as in /proc/PID/ns/mnt; undefined: the machine's. */
	readonly mountNamespace?: string;
	/** Process ids of everything that runs there. */
	members(): readonly number[];
	/** Directories of this machine whose own files are copies, so that changes of them are lost at the end. */
	readonly copyOnWrite: readonly string[];
	/** Paths of this machine that cannot be reached there. */
	readonly unreachable: readonly string[];
	/** Variables that give the location of the volumes. Default: none, because the volumes are at their mountPaths. */
	readonly variables?: Readonly<Record<string, string>>;
	close(): void;
}

export interface Placement {
	/** A private directory for the driver's tree and for emptyDir volumes. */
	readonly stage: string;
	/** The part of it on the machine, to be removed if this process is killed. */
	readonly machineDirectory: string;
	/** Where drivers create their files. */
	readonly environment: RuntimeEnvironment;
	/** Errors: MOUNT_POINT_INVALID, MOUNT_REFUSED, FUSE_DEVICE_DENIED; nothing is left behind. */
	build(plan: readonly PlannedMount[]): PlacedApplication;
	/** Removes everything. Idempotent. */
	close(): void;
}
