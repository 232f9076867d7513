/**
 * One entry of what an application's namespace shows: something of the daemon's, at a path of the container's.
 */

export interface PlannedMount {
	/** Absolute path in the base namespace, of a directory or a file. */
	readonly source: string;
	/** The mountPath: absolute, without `.`, `..`, doubled or trailing slashes. */
	readonly target: string;
	readonly readOnly: boolean;
	/** With what is mounted below the source, as a host's directory is shown. Default: without. */
	readonly recursive?: boolean;
	/** A bind keeps what the path leads to now; whoever has no binds makes a copy. Default: it is the whole volume. */
	readonly isFrozen?: boolean;
}
