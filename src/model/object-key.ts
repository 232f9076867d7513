/** Namespace and name, which identify an object of one kind. */

export interface ObjectKey {
	readonly namespace: string;
	readonly name: string;
}

/** `namespace/name`, as in the messages of kubelet and kubectl. Unique, because neither part may contain "/". */
export function formatObjectKey(key: ObjectKey): string {
	return `${key.namespace}/${key.name}`;
}

/** The order of listings: by namespace, then by name. Names are ASCII, so this is their byte order. */
export function compareObjectKeys(a: ObjectKey, b: ObjectKey): number {
	if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1;
	return a.name === b.name ? 0 : a.name < b.name ? -1 : 1;
}
