/**
 * One mount of an application: a path of the daemon's namespace, at a path of the container.
 */

export interface PlannedMount {
	/** Absolute path in the base namespace, of a directory or a file. */
	readonly source: string;
	/** The mountPath: absolute, without `.`, `..`, doubled or trailing slashes. */
	readonly target: string;
	readonly readOnly: boolean;
	/** Whether the mounts below the source come along, as for a directory of the host. Default: false. */
	readonly recursive?: boolean;
	/**
	 * Whether the content must not follow later changes. A bind mount does so; a placement without bind mounts makes a
	 * copy. Default: false, for a complete volume.
	 */
	readonly isFrozen?: boolean;
}
