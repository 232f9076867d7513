/** An object of a manifest or of a cluster, of any kind, before it is decoded (types only). */

export interface ManifestObject {
	readonly apiVersion: string;
	readonly kind: string;
	/** Empty when the object has none. */
	readonly name: string;
	readonly namespace?: string;
	/** The complete object, JSON-like, unchecked. Aliases share values, so it may be huge when printed. */
	readonly value: unknown;
	/** `file:line:column`, or where else it was read. */
	readonly location: string;
}

/** An object whose fields have locations of their own. */
export interface LocatedObject extends ManifestObject {
	/** Location of a field of `value`, or of the nearest one above it that exists; computed on each call. */
	locate(path: readonly (string | number)[]): string;
}
