/**
 * Picks and makes a driver: by name, or by what this machine and this user can do.
 */

import { ConfigMapFsError } from '../base/errors.js';
import { DirectoryDriver } from '../drivers/directory/directory-driver.js';
import type { Driver } from '../drivers/driver.js';
import { FuseDriver } from '../drivers/fuse-driver.js';
import { type Caller, type Owner, type Present, presentExactly, presentUnwritable } from '../drivers/presentation.js';
import { type Registration, registerDaemon, registeredDaemons } from '../mounts/daemon-registry.js';
import { claimDirectory } from '../mounts/directory-claim.js';
import { requireFuseDevice } from '../mounts/fuse-device.js';
import { fuseNativeUnavailable } from '../mounts/fuse-native-library.js';
import { makeRuntimeDirectory, type RuntimeDirectory, type RuntimeEnvironment } from '../mounts/runtime-directory.js';
import { CAP_SYS_ADMIN, hasCapability } from '../native/capabilities.js';

export const DRIVER_CHOICES = ['auto', 'kernel', 'fuse-native', 'directory'] as const;
export type DriverChoice = (typeof DRIVER_CHOICES)[number];

export interface DriverOptions {
	readonly choice: DriverChoice;
	/** Absolute and canonical. */
	readonly mountPoint: string;
	readonly allowOther: boolean;
	/** Owner and group to show, where they were asked for. */
	readonly owner: Partial<Owner>;
	/** Mode of the root directory. */
	readonly rootMode: number;
	readonly caller: Caller;
	readonly runtime: RuntimeEnvironment;
	/** Where the driver keeps what it needs; default is a new one in the usual place. */
	readonly runtimeDirectory?: RuntimeDirectory;
	/** What a pod's fsGroup makes of owners and modes; default is nothing. */
	readonly adapt?: (present: Present) => Present;
	readonly now: () => Date;
	readonly trace: boolean;
}

/** Errors: FUSE_DEVICE_MISSING, FUSE_DEVICE_DENIED, DRIVER_UNAVAILABLE, each with its cure. */
export function makeDriver(options: DriverOptions): Driver {
	const { choice, caller, owner } = options;
	if (choice === 'directory') return makeDirectoryDriver(options);
	const name = choice === 'auto' ? chooseFuseDriver() : choice;
	if (name === 'fuse-native') {
		const reason = fuseNativeUnavailable();
		if (reason !== undefined) throw new ConfigMapFsError('DRIVER_UNAVAILABLE', reason);
	}
	const method = hasCapability(CAP_SYS_ADMIN) ? 'mount' : 'fusermount3';
	requireFuseDevice();
	const present = method === 'mount' ? presentExactly({ ...caller, ...owner }) : presentUnwritable(caller, owner);
	const runtime = options.runtimeDirectory ?? makeRuntimeDirectory(options.runtime);
	try {
		return new FuseDriver({
			name,
			mountPoint: options.mountPoint,
			method,
			// Whoever may mount decides by modes alone, as kubelet does.
			allowOther: options.allowOther || method === 'mount',
			present: options.adapt?.(present) ?? present,
			rootMode: options.rootMode,
			runtime,
			now: options.now,
			trace: options.trace,
		});
	} catch (error) {
		if (options.runtimeDirectory === undefined) runtime.remove();
		throw error;
	}
}

function makeDirectoryDriver(options: DriverOptions): Driver {
	const { mountPoint: directory, caller, owner } = options;
	const exact = presentExactly({ uid: caller.uid, gid: caller.gid, ...owner });
	const present = options.adapt?.(exact) ?? exact;
	const shown = present('file', 0o644);
	const chowns = shown.uid !== caller.uid || shown.gid !== caller.gid;
	const claim = claimDirectory(directory);
	if (claim === undefined) {
		const other = registeredDaemons(options.runtime).find((one) => one.mountPoint === directory);
		const who = other === undefined ? 'another configmapfs' : `the configmapfs with process id ${other.pid}`;
		throw new ConfigMapFsError(
			'MOUNT_POINT_BUSY',
			`"${directory}" is written by ${who} already; "configmapfs unmount ${directory}" first, or choose another directory`,
		);
	}
	let registration: Registration | undefined;
	const release = () => {
		registration?.end();
		claim.release();
	};
	try {
		registration = registerDaemon(options.runtime, directory);
		return new DirectoryDriver({ directory, present, chowns, release });
	} catch (error) {
		release();
		throw error;
	}
}

/** The kernel driver needs the FFI library's binary for this machine; where there is none, fuse-native may do. */
function chooseFuseDriver(): 'kernel' | 'fuse-native' {
	return process.arch === 'x64' || process.arch === 'arm64' ? 'kernel' : 'fuse-native';
}
