/** Makes the driver of a mount: the named one, or the best one for this machine and this user. */

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
	/** Owner and group to show; an absent one is the default of the driver. */
	readonly owner: Partial<Owner>;
	/** Mode of the root directory. */
	readonly rootMode: number;
	readonly caller: Caller;
	readonly runtime: RuntimeEnvironment;
	/** Private files of the driver; default is a new directory below that of `runtime`. */
	readonly runtimeDirectory?: RuntimeDirectory;
	/** Changes owners and modes for a pod's fsGroup; by default they stay. */
	readonly adapt?: (present: Present) => Present;
	readonly now: () => Date;
	/** Whether each FUSE request and reply is logged. */
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
			// With CAP_SYS_ADMIN the modes alone decide on access, as for kubelet's mounts.
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
	const claim = claimDirectory(directory);
	if (claim === undefined) {
		const other = registeredDaemons(options.runtime).find((one) => one.mountPoint === directory);
		const user = other === undefined ? 'another configmapfs' : `the configmapfs with process id ${other.pid}`;
		throw new ConfigMapFsError(
			'MOUNT_POINT_BUSY',
			`"${directory}" is already in use by ${user}; run "configmapfs unmount ${directory}" first, or choose another directory`,
		);
	}
	let registration: Registration | undefined;
	const release = () => {
		registration?.end();
		claim.release();
	};
	try {
		registration = registerDaemon(options.runtime, directory);
		return new DirectoryDriver({ directory, present, caller, release });
	} catch (error) {
		release();
		throw error;
	}
}

/** The kernel driver needs a binary of the FFI library, which exists for these architectures; fuse-native needs none. */
function chooseFuseDriver(): 'kernel' | 'fuse-native' {
	return process.arch === 'x64' || process.arch === 'arm64' ? 'kernel' : 'fuse-native';
}
