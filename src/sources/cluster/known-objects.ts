/**
 * The objects known to one loop, and the rules by which lists and events change them: a repeated or outdated event has no
 * effect, nor has the deletion of an earlier object of the same name; an object that cannot be decoded keeps its last
 * valid content. Pure.
 */

import { type ConfigMap, sameConfigMap } from '../../model/config-map.js';
import { formatObjectKey, type ObjectKey } from '../../model/object-key.js';
import {
	type ClusterObject,
	compareResourceVersions,
	type DecodedClusterObject,
	decodeClusterObject,
} from './cluster-object.js';

/** The effect of an event on the known objects; undefined if there is none. */
export type ObjectUpdate =
	| { readonly kind: 'put'; readonly object: ConfigMap }
	| { readonly kind: 'remove'; readonly key: ObjectKey }
	| undefined;

/** An object that cannot be decoded. */
export interface ObjectFault {
	readonly key: ObjectKey | undefined;
	readonly reason: string;
}

/** Outdated events arrive within moments, so few deletions need to be remembered. */
const MAX_DELETIONS = 1_000;

export class KnownObjects {
	#objects = new Map<string, ClusterObject>();
	#faults = new Map<string, ObjectFault>();
	/** resourceVersions of deletions, so that an outdated event does not bring a deleted object back. */
	readonly #deletions = new Map<string, string>();

	/** In order of arrival. */
	list(): readonly ConfigMap[] {
		return [...this.#objects.values()].map(({ object }) => object);
	}

	get(key: ObjectKey): ClusterObject | undefined {
		return this.#objects.get(formatObjectKey(key));
	}

	/** The same with uid and resourceVersion. */
	entries(): readonly ClusterObject[] {
		return [...this.#objects.values()];
	}

	get size(): number {
		return this.#objects.size;
	}

	get faults(): readonly ObjectFault[] {
		return [...this.#faults.values()];
	}

	/**
	 * Begins a complete new list; nothing changes before `commit`.
	 * @param mayBeOld The list comes from a cache, so objects that are known to be newer are kept.
	 */
	beginReplacement(mayBeOld = false): Replacement {
		const objects = new Map<string, ClusterObject>();
		const faults = new Map<string, ObjectFault>();
		return {
			add: (value) => {
				const decoded = decodeClusterObject(value);
				const before = decoded.key && this.#objects.get(formatObjectKey(decoded.key));
				const isOld = mayBeOld && before !== undefined && isOutdated(before, decoded);
				const kept = isOld ? before : this.#keep(decoded, faults);
				if (kept !== undefined) objects.set(formatObjectKey(kept.object.key), kept);
			},
			remove: (value) => {
				const { key } = decodeClusterObject(value);
				if (key === undefined) return;
				objects.delete(formatObjectKey(key));
				faults.delete(formatObjectKey(key));
			},
			commit: () => {
				this.#objects = objects;
				this.#faults = faults;
				this.#deletions.clear();
			},
		};
	}

	/** ADDED and MODIFIED are treated alike: the server chooses between them by the state that it expects a client to have. */
	put(value: unknown): ObjectUpdate {
		const decoded = decodeClusterObject(value);
		const { key } = decoded;
		const before = key && this.#objects.get(formatObjectKey(key));
		if (before !== undefined && isOutdated(before, decoded)) return undefined;
		if (key !== undefined && before === undefined && this.#wasDeletedAfter(key, decoded)) return undefined;
		const kept = this.#keep(decoded, this.#faults);
		if (kept === undefined) return undefined;
		this.#objects.set(formatObjectKey(kept.object.key), kept);
		if (before !== undefined && sameConfigMap(before.object, kept.object)) return undefined;
		return kept.object === before?.object ? undefined : { kind: 'put', object: kept.object };
	}

	/** The object was deleted or no longer matches the selector. */
	remove(value: unknown): ObjectUpdate {
		const decoded = decodeClusterObject(value);
		const { key, uid } = decoded;
		if (key === undefined) return undefined;
		const text = formatObjectKey(key);
		const before = this.#objects.get(text);
		if (before !== undefined) {
			const isEarlierObject = uid !== '' && before.uid !== '' && before.uid !== uid;
			const order = compareResourceVersions(decoded.resourceVersion, before.resourceVersion);
			if (order !== undefined && order < 0) return undefined;
			if (isEarlierObject && order === undefined) return undefined;
		}
		this.#faults.delete(text);
		this.#rememberDeletion(text, decoded.resourceVersion);
		return this.#objects.delete(text) ? { kind: 'remove', key } : undefined;
	}

	#wasDeletedAfter(key: ObjectKey, { resourceVersion }: DecodedClusterObject): boolean {
		const deletion = this.#deletions.get(formatObjectKey(key));
		const order = deletion === undefined ? undefined : compareResourceVersions(resourceVersion, deletion);
		return order !== undefined && order < 0;
	}

	#rememberDeletion(text: string, resourceVersion: string): void {
		this.#deletions.delete(text);
		this.#deletions.set(text, resourceVersion);
		for (const oldest of this.#deletions.keys()) {
			if (this.#deletions.size <= MAX_DELETIONS) return;
			this.#deletions.delete(oldest);
		}
	}

	/** The decoded object, or its last valid version if it has a fault; undefined if there is none. */
	#keep(decoded: DecodedClusterObject, faults: Map<string, ObjectFault>): ClusterObject | undefined {
		const { key, uid, resourceVersion, object, fault } = decoded;
		const text = key === undefined ? `uid ${uid}` : formatObjectKey(key);
		const before = this.#objects.get(text);
		if (object !== undefined) {
			faults.delete(text);
			// Equal content is stored once.
			const same = before !== undefined && sameConfigMap(before.object, object);
			return { uid, resourceVersion, object: same ? before.object : object };
		}
		faults.set(text, { key, reason: fault ?? 'not a ConfigMap' });
		return before === undefined ? undefined : { ...before, resourceVersion };
	}
}

/** A complete new state while it is collected. */
export interface Replacement {
	add(value: unknown): void;
	/** The object was deleted while the list arrived. */
	remove(value: unknown): void;
	commit(): void;
}

/** Whether an event is outdated: it is about the same object and not newer. */
function isOutdated(before: ClusterObject, decoded: DecodedClusterObject): boolean {
	if (before.uid !== decoded.uid) {
		const order = compareResourceVersions(decoded.resourceVersion, before.resourceVersion);
		return order !== undefined && order < 0;
	}
	const order = compareResourceVersions(decoded.resourceVersion, before.resourceVersion);
	return order !== undefined && order <= 0;
}
