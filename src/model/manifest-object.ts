/**
 * An object of a manifest or of a cluster, of any kind, before anybody has looked into it (types only).
 */

export interface ManifestObject {
	readonly apiVersion: string;
	readonly kind: string;
	/** Empty when the object has none. */
	readonly name: string;
	readonly namespace?: string;
	/** The whole object, JSON-like, unchecked. Aliases share values, so it may be huge when printed. */
	readonly value: unknown;
	/** `file:line:column`, or where else it was read. */
	readonly place: string;
}
