/** Whether the fuse-native driver can be loaded here. */

/** The reason and its cure; undefined when it can. */
export function fuseNativeUnavailable(): string | undefined {
	return undefined;
}
