/**
 * The objects of all files of one source as one state. Pure; knows nothing of files beyond their objects. The same
 * object twice: the later one wins, as when kubectl applies them in order. An object that is immutable in the last
 * state keeps its content until it leaves the state.
 */

import { type ConfigMap, sameConfigMap } from '../../model/config-map.js';
import { immutabilityViolations } from '../../model/immutability.js';
import { formatObjectKey } from '../../model/object-key.js';
import type { Problem } from '../source.js';
import type { ParsedManifest } from './manifest-parser.js';

export interface ManifestState {
	/** By `namespace/name`. */
	readonly objects: ReadonlyMap<string, ConfigMap>;
	readonly problems: readonly Problem[];
}

/** The state before anything was read. */
export const NO_MANIFESTS: ManifestState = { objects: new Map(), problems: [] };

export interface BelievedObject {
	readonly object: ConfigMap;
	/** `file:line:column`. */
	readonly place: string;
}

/** What one file gives. */
export interface ManifestShare {
	readonly objects: ReadonlyMap<string, BelievedObject>;
	readonly problems: readonly Problem[];
}

/** What a parsed file gives; `file` stands for a missing place. */
export function shareOf(parsed: ParsedManifest, file: string): ManifestShare {
	const objects = new Map<string, BelievedObject>();
	for (const object of parsed.objects) {
		const key = formatObjectKey(object.key);
		// Deleted first, so that the later one also takes the later place in the order.
		objects.delete(key);
		objects.set(key, { object, place: parsed.places.get(object) ?? file });
	}
	return { objects, problems: parsed.problems };
}

/** Joins the shares of all files, in their order, on top of what was published last. */
export function joinManifests(
	published: ManifestState,
	shares: Iterable<ManifestShare>,
	onDuplicate: (key: string, place: string) => void,
): ManifestState {
	const chosen = new Map<string, BelievedObject>();
	const problems: Problem[] = [];
	for (const share of shares) {
		problems.push(...share.problems);
		for (const [key, believed] of share.objects) {
			if (chosen.has(key)) onDuplicate(key, believed.place);
			chosen.set(key, believed);
		}
	}
	const objects = new Map<string, ConfigMap>();
	for (const [key, { object, place }] of chosen) {
		const previous = published.objects.get(key);
		const violations = previous === undefined ? [] : immutabilityViolations(previous, object);
		for (const { text } of violations) problems.push({ place, reason: text, key: object.key });
		objects.set(key, violations.length > 0 && previous !== undefined ? previous : object);
	}
	return { objects, problems };
}

/** Whether two states hold the same objects. */
export function sameObjects(a: ManifestState['objects'], b: ManifestState['objects']): boolean {
	if (a.size !== b.size) return false;
	for (const [key, object] of a) {
		const other = b.get(key);
		if (other === undefined || !sameConfigMap(object, other)) return false;
	}
	return true;
}

/** Whether two lists tell a person the same, in the same order. */
export function sameProblems(a: readonly Problem[], b: readonly Problem[]): boolean {
	return (
		a.length === b.length &&
		a.every(({ place, reason }, index) => place === b[index]?.place && reason === b[index].reason)
	);
}
