/** The device of FUSE, and every reason why it cannot be used here: one table for all messages and checks. */

import { accessSync, constants } from 'node:fs';
import { ConfigMapFsError, type ErrorCode, errorText, systemCode } from '../base/errors.js';

export const FUSE_DEVICE = '/dev/fuse';

export interface FuseFault {
	readonly code: ErrorCode;
	readonly problem: string;
	readonly cure: string;
}

const USE_DIRECTORY = 'or use --driver directory';
const IN_A_CONTAINER = `in a container pass "--device ${FUSE_DEVICE} --cap-add SYS_ADMIN"`;

export const FUSE_FAULTS = {
	/** open(2): ENOENT. */
	missing: {
		code: 'FUSE_DEVICE_MISSING',
		problem: `${FUSE_DEVICE} does not exist`,
		cure: `load the kernel module ("modprobe fuse"), ${IN_A_CONTAINER}, ${USE_DIRECTORY}`,
	},
	/** open(2): ENODEV or ENXIO. The node exists; fusermount3 reports the same as "device not found". */
	noModule: {
		code: 'FUSE_DEVICE_MISSING',
		problem: `cannot open ${FUSE_DEVICE}: the kernel module is not loaded`,
		cure: `"modprobe fuse" as root loads it, ${USE_DIRECTORY}`,
	},
	/** open(2): EACCES. The mode of the node. fusermount3 opens the node as its caller, so its mode matters there too. */
	denied: {
		code: 'FUSE_DEVICE_DENIED',
		problem: `cannot open ${FUSE_DEVICE}: permission denied`,
		cure: `"chmod 666 ${FUSE_DEVICE}" as root gives every user access, ${USE_DIRECTORY}`,
	},
	/** open(2): EPERM. A container's device rules. */
	ruledOut: {
		code: 'FUSE_DEVICE_DENIED',
		problem: `cannot open ${FUSE_DEVICE}: operation not permitted`,
		cure: `${IN_A_CONTAINER}, ${USE_DIRECTORY}`,
	},
	/** mount(2): EPERM, although the process has CAP_SYS_ADMIN. */
	mountDenied: {
		code: 'FUSE_DEVICE_DENIED',
		problem: 'mounting is not permitted',
		cure: `run as root, in a container with "--cap-add SYS_ADMIN", inside "unshare -Urm", ${USE_DIRECTORY}`,
	},
	/** An ordinary user, and no setuid helper. */
	noHelper: {
		code: 'FUSE_DEVICE_DENIED',
		problem: 'fusermount3, which mounts for ordinary users, is not installed',
		cure: `"apt-get install fuse3", run as root, inside "unshare -Urm", ${USE_DIRECTORY}`,
	},
	/** The helper's own mount(2): EPERM. */
	helperNotSetuid: {
		code: 'FUSE_DEVICE_DENIED',
		problem: 'fusermount3 may not mount',
		cure: `"chmod u+s" on fusermount3 as root makes it setuid, ${USE_DIRECTORY}`,
	},
} as const satisfies Readonly<Record<string, FuseFault>>;

const BY_ERRNO: Readonly<Record<string, FuseFault>> = {
	ENOENT: FUSE_FAULTS.missing,
	ENODEV: FUSE_FAULTS.noModule,
	ENXIO: FUSE_FAULTS.noModule,
	EACCES: FUSE_FAULTS.denied,
	EPERM: FUSE_FAULTS.ruledOut,
};

/** Classifies a failed open(2) or access(2) of the device. */
export function fuseDeviceFault(error: unknown): FuseFault {
	return (
		BY_ERRNO[systemCode(error) ?? ''] ?? {
			code: 'FUSE_DEVICE_DENIED',
			problem: `cannot open ${FUSE_DEVICE}: ${errorText(error)}`,
			cure: USE_DIRECTORY.slice('or '.length),
		}
	);
}

/** The error for a failed open(2) or access(2) of the device. */
export function fuseDeviceError(cause: unknown): ConfigMapFsError {
	return fuseError(fuseDeviceFault(cause), cause);
}

export function fuseError({ code, problem, cure }: FuseFault, cause?: unknown): ConfigMapFsError {
	return new ConfigMapFsError(code, `${problem}; ${cure}`, { cause });
}

/** Errors: FUSE_DEVICE_MISSING or FUSE_DEVICE_DENIED if this user cannot open the device. */
export function requireFuseDevice(): void {
	try {
		accessSync(FUSE_DEVICE, constants.R_OK | constants.W_OK);
	} catch (error) {
		throw fuseDeviceError(error);
	}
}
