/**
 * Failures for people. One class, many codes: match on `code`, never on the message. The catalogue holds the exit
 * status of each code; docs/exit-statuses.md lists the same codes and a unit test compares the two.
 */

/** Exit status of every error code. Source: sysexits.h for 64 to 78; env(1) for 126 and 127. */
export const EXIT_STATUS = {
	/** The command line is wrong. */
	USAGE: 64,
	/** A named input does not exist or cannot be read. */
	INPUT_MISSING: 66,
	/** A manifest, key, name, size or path breaks a rule of Kubernetes. */
	INPUT_INVALID: 65,
	/** The mount point is missing, no directory, or cannot be used. */
	MOUNT_POINT_INVALID: 73,
	/** Something is mounted there, or it is in use. */
	MOUNT_POINT_BUSY: 75,
	/** /dev/fuse is not there. */
	FUSE_DEVICE_MISSING: 69,
	/** /dev/fuse or mount(2) is refused to this user. */
	FUSE_DEVICE_DENIED: 77,
	/** What should be printed cannot be written: the disk is full. */
	OUTPUT_REFUSED: 74,
	/** The kernel or fusermount3 refused the mount. */
	MOUNT_REFUSED: 71,
	/** The asked driver cannot be loaded here. */
	DRIVER_UNAVAILABLE: 69,
	/** The process that answers the kernel ended. */
	DRIVER_DIED: 70,
	/** A path that should be unmounted is no mount of ours, or stays busy. */
	UNMOUNT_REFUSED: 71,
	/** A required ConfigMap or key is missing. */
	CONFIGMAP_NOT_FOUND: 66,
	/** The kubeconfig is missing, cannot be parsed, names what it does not have, or does not fit the server. */
	CONFIG_INVALID: 78,
	/** The API server does not answer. */
	CLUSTER_UNREACHABLE: 69,
	/** The API server refuses the credentials, or what they may do is too little. */
	CLUSTER_FORBIDDEN: 77,
	/** What a pod waits for did not come in time. Status: that of timeout(1). */
	WAIT_TIMEOUT: 124,
	/** The command to run is not there. Status: that of shells and container tools. */
	COMMAND_NOT_FOUND: 127,
	/** The command to run is there and cannot be started. Status: that of shells and container tools. */
	COMMAND_REFUSED: 126,
	/** A bug: an invariant does not hold. */
	INTERNAL: 70,
} as const;

/** Status of a failure of `run` itself, where all other statuses are the application's. Source: docker run. */
export const RUN_FAILED = 125;

export type ErrorCode = keyof typeof EXIT_STATUS;

/** A failure that a person can act on: what, where, and the cure at the end of the message. */
export class ConfigMapFsError extends Error {
	readonly code: ErrorCode;

	constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
		super(message, options);
		this.name = 'ConfigMapFsError';
		this.code = code;
	}
}

/** Text of anything thrown, for a message or a log field. */
export function errorText(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

/** The `code` of a Node system error (`ENOENT`), or undefined. */
export function systemCode(error: unknown): string | undefined {
	if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
	return typeof error.code === 'string' ? error.code : undefined;
}

/** Stops on a broken promise of this program's own code. */
export function invariant(condition: unknown, message: string): asserts condition {
	if (!condition) throw new ConfigMapFsError('INTERNAL', `Broken invariant: ${message}`);
}
