/** Names an object inside a cluster or a set of manifests: namespace and name. */

export interface ObjectKey {
	readonly namespace: string;
	readonly name: string;
}

/** `namespace/name`, the form of kubelet's and kubectl's messages; unique, because neither part may contain "/". */
export function formatObjectKey(key: ObjectKey): string {
	return `${key.namespace}/${key.name}`;
}

/** Order of listings: by namespace, then by name, in byte order of ASCII names. */
export function compareObjectKeys(a: ObjectKey, b: ObjectKey): number {
	if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1;
	return a.name === b.name ? 0 : a.name < b.name ? -1 : 1;
}
