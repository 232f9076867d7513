/**
 * The objects of all files of one source as one state. Pure; knows nothing of files beyond their objects. The same
 * ConfigMap twice: the later one wins, as when kubectl applies them in order. A ConfigMap that is immutable in the last
 * state keeps its content until it leaves the state. Objects of other kinds are listed as they come.
 */

import { type ConfigMap, sameConfigMap } from '../../model/config-map.js';
import { immutabilityViolations } from '../../model/immutability.js';
import { formatObjectKey } from '../../model/object-key.js';
import type { Problem } from '../../store/source.js';
import type { OtherObject, ParsedManifest } from './manifest-parser.js';
import { otherIdentity } from './other-objects.js';

export interface ManifestState {
	/** By `namespace/name`. */
	readonly objects: ReadonlyMap<string, ConfigMap>;
	/** In order of the files; the same object may be there twice, and the later one counts. */
	readonly others: readonly OtherObject[];
	readonly problems: readonly Problem[];
}

/** The state before anything was read. */
export const NO_MANIFESTS: ManifestState = { objects: new Map(), others: [], problems: [] };

export interface BelievedObject {
	readonly object: ConfigMap;
	/** `file:line:column`. */
	readonly place: string;
}

/** What one file gives. */
export interface ManifestShare {
	readonly objects: ReadonlyMap<string, BelievedObject>;
	readonly others: readonly OtherObject[];
	readonly problems: readonly Problem[];
}

/** What a file gives that says nothing. */
export const EMPTY_SHARE: ManifestShare = { objects: new Map(), others: [], problems: [] };

/** What a parsed file gives; `file` stands for a missing place. */
export function shareOf(parsed: ParsedManifest, file: string): ManifestShare {
	const objects = new Map<string, BelievedObject>();
	for (const object of parsed.objects) {
		const key = formatObjectKey(object.key);
		// Deleted first, so that the later one also takes the later place in the order.
		objects.delete(key);
		objects.set(key, { object, place: parsed.places.get(object) ?? file });
	}
	return { objects, others: parsed.others, problems: parsed.problems };
}

/**
 * What is believed when a file gives `next` after `last`: of objects that are bad now, or that a bad document may have
 * been about, the last good version stays.
 */
export function keepLastGood(last: ManifestShare, next: ManifestShare): ManifestShare {
	const { problems } = next;
	const badKeys = new Set(problems.map(({ key }) => key && formatObjectKey(key)));
	// A problem that names no object may be about any object that is missing now.
	const isUnclear = badKeys.has(undefined);
	const objects = new Map(next.objects);
	for (const [key, object] of last.objects) {
		if (!objects.has(key) && (badKeys.has(key) || isUnclear)) objects.set(key, object);
	}
	const present = new Set(next.others.map(otherIdentity));
	// Where the name is still to be typed, the object may be any of its kind.
	const nameless = new Set(next.others.filter(({ name }) => name === '').map(({ kind }) => kind));
	const missing = last.others.filter(
		(other) => other.name !== '' && !present.has(otherIdentity(other)) && (isUnclear || nameless.has(other.kind)),
	);
	return { objects, others: missing.length === 0 ? next.others : [...next.others, ...missing], problems };
}

/** Joins the shares of all files, in their order, on top of what was published last. */
export function joinManifests(
	published: ManifestState,
	shares: Iterable<ManifestShare>,
	onDuplicate: (key: string, place: string) => void,
): ManifestState {
	const chosen = new Map<string, BelievedObject>();
	const others: OtherObject[] = [];
	const problems: Problem[] = [];
	for (const share of shares) {
		for (const other of share.others) others.push(other);
		for (const problem of share.problems) problems.push(problem);
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
	return { objects, others, problems };
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
