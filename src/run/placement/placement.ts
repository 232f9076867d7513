/**
 * The port to where an application finds its volumes (types only): at their real paths in a mount namespace of its own,
 * or below a directory.
 */

import type { RuntimeEnvironment } from '../../mounts/runtime-directory.js';
import type { PlannedMount } from './namespace/planned-mount.js';

/** One start of an application. */
export interface PlacedApplication {
	/** Runs something at once where the application lives; what it starts stays there. */
	within<T>(act: () => T): T;
	/** Shows another path at a target of the plan, at one instant. Errors: SystemCallError; nothing has changed then. */
	replace(source: string, target: string): void;
	/** As /proc/PID/ns/mnt names it; undefined: it is the machine's. */
	readonly mountNamespace?: string;
	/** Everything that runs there. */
	members(): readonly number[];
	/** Directories of this machine whose own files are copies there, so that changes of them do not stay. */
	readonly copyOnWrite: readonly string[];
	/** What of this machine cannot be reached there. */
	readonly unreachable: readonly string[];
	/** Variables that say where the paths are. Default is none: they are where they belong. */
	readonly variables?: Readonly<Record<string, string>>;
	close(): void;
}

export interface Placement {
	/** A private directory for the tree of a driver and for what applications write. */
	readonly stage: string;
	/** What of it the machine has, to be removed when nobody else can. */
	readonly machineDirectory: string;
	/** For drivers. */
	readonly environment: RuntimeEnvironment;
	/** Errors: MOUNT_POINT_INVALID, MOUNT_REFUSED, FUSE_DEVICE_DENIED; nothing is left then. */
	build(plan: readonly PlannedMount[]): PlacedApplication;
	/** Takes everything away. Idempotent. */
	close(): void;
}
