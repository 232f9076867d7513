/** Makes source objects and compares their identities. Pure. */

import type { ConfigMap } from '../model/config-map.js';
import type { LocatedObject } from '../model/manifest-object.js';
import { formatObjectKey, type ObjectKey } from '../model/object-key.js';
import type { Violation } from '../model/validation.js';
import { objectType, rulesOf } from './kinds.js';
import type { ObjectIdentity, SourceNeeds, SourceObject } from './source.js';

/** The identity as text: API group, kind, namespace and name. Objects without a name are told apart by location. */
export function formatIdentity({ apiVersion, kind, key, location }: ObjectIdentity): string {
	const slash = apiVersion.indexOf('/');
	const group = slash < 0 ? '' : apiVersion.slice(0, slash);
	return `${group}/${kind} ${key.name === '' ? location : formatObjectKey(key)}`;
}

export function configMapIdentity(key: ObjectKey): ObjectIdentity {
	return { apiVersion: 'v1', kind: 'ConfigMap', key, location: '' };
}

/** A ConfigMap that comes from no manifest. `location` names its origin. */
export function configMapObject(content: ConfigMap, location: string, uid?: string): SourceObject {
	const { key } = content;
	const base = { apiVersion: 'v1', kind: 'ConfigMap', name: key.name, namespace: key.namespace, value: undefined };
	const object = { ...base, location, locate: () => location, type: 'ConfigMap' as const, key, content };
	return uid === undefined ? object : { ...object, uid };
}

export interface DecodedObject {
	readonly object: SourceObject;
	/** Empty exactly if the object has a content. */
	readonly violations: readonly Violation[];
	/** Undefined if the object has no valid name. */
	readonly key: ObjectKey | undefined;
}

/** Decodes an object by the rules of its type. `defaultNamespace` is for an object that names none. */
export function decodeObject(located: LocatedObject, needs: SourceNeeds, defaultNamespace: string): DecodedObject {
	const type = objectType(located);
	const { object: content, key, violations } = rulesOf(type).decode(located, defaultNamespace);
	const { name, namespace = defaultNamespace, location } = located;
	const object = { ...located, type, key: key ?? { namespace, name }, content };
	if (type === 'Other' || needs.explains) return { object, violations, key };
	return { object: { ...object, value: undefined, locate: () => location }, violations, key };
}

/** `next`, with the content of `previous` as far as it is equal. */
export function reuseContent(previous: SourceObject | undefined, next: SourceObject): SourceObject {
	if (previous?.content === undefined || next.content === undefined) return next;
	const content = rulesOf(next.type).reuse(previous.content, next.content);
	return content === next.content ? next : { ...next, content };
}
