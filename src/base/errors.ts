/**
 * Errors that are shown to users. One class with many codes: match on `code`, never on the message. The catalogue holds
 * the exit status of each code; docs/exit-statuses.md lists the same codes and a unit test compares the two.
 */

/** Exit status of every error code. Source: sysexits.h for 64 to 78; env(1) for 126 and 127. */
export const EXIT_STATUS = {
	/** The command line is wrong. */
	USAGE: 64,
	/** A named input does not exist or cannot be read. */
	INPUT_MISSING: 66,
	/** A manifest, key, name, size or path breaks a rule of Kubernetes. */
	INPUT_INVALID: 65,
	/** The mount point is missing, not a directory, or cannot be used. */
	MOUNT_POINT_INVALID: 73,
	/** The mount point already has a mount, or is in use. */
	MOUNT_POINT_BUSY: 75,
	/** /dev/fuse does not exist. */
	FUSE_DEVICE_MISSING: 69,
	/** This user may not open /dev/fuse or call mount(2). */
	FUSE_DEVICE_DENIED: 77,
	/** The output cannot be written, for example because the disk is full. */
	OUTPUT_REFUSED: 74,
	/** The kernel or fusermount3 refused the mount. */
	MOUNT_REFUSED: 71,
	/** The requested driver cannot be loaded on this machine. */
	DRIVER_UNAVAILABLE: 69,
	/** The server process, which answers the kernel, ended. */
	DRIVER_DIED: 70,
	/** The path to unmount is not a mount of this program, or stays busy. */
	UNMOUNT_REFUSED: 71,
	/** A required ConfigMap or key is missing. */
	CONFIGMAP_NOT_FOUND: 66,
	/** The kubeconfig is missing, cannot be parsed, refers to an entry that it lacks, or does not fit the server. */
	CONFIG_INVALID: 78,
	/** The API server does not answer. */
	CLUSTER_UNREACHABLE: 69,
	/** The API server rejects the credentials, or their permissions do not suffice. */
	CLUSTER_FORBIDDEN: 77,
	/** An object that a pod waits for did not appear in time. Status: that of timeout(1). */
	WAIT_TIMEOUT: 124,
	/** The command to run does not exist. Status: that of shells and container tools. */
	COMMAND_NOT_FOUND: 127,
	/** The command to run exists but cannot be started. Status: that of shells and container tools. */
	COMMAND_REFUSED: 126,
	/** A bug: an invariant does not hold. */
	INTERNAL: 70,
} as const;

/** Exit status if `run` itself fails; every other status comes from the application. Source: docker run. */
export const RUN_FAILED = 125;

export type ErrorCode = keyof typeof EXIT_STATUS;

/** An error that the user can act on. The message says what happened and where, and ends with the cure. */
export class ConfigMapFsError extends Error {
	readonly code: ErrorCode;

	constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
		super(message, options);
		this.name = 'ConfigMapFsError';
		this.code = code;
	}
}

/** The text of any thrown value, for a message or a log field. */
export function errorText(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

/** The `code` of a Node system error, such as `ENOENT`, or undefined. */
export function systemCode(error: unknown): string | undefined {
	if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
	return typeof error.code === 'string' ? error.code : undefined;
}

/** Errors: INTERNAL if the condition does not hold, which is a bug of this program. */
export function invariant(condition: unknown, message: string): asserts condition {
	if (!condition) throw new ConfigMapFsError('INTERNAL', `Broken invariant: ${message}`);
}
