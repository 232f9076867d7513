/**
 * The objects of a file, and of all files of one source, as one state. Pure. If an object appears twice, the later
 * version wins, as it does when kubectl applies them in order; an invalid version never replaces a valid one.
 */

import { formatObjectKey } from '../../model/object-key.js';
import { isError, type Problem, type SourceObject } from '../../store/source.js';
import { formatIdentity, reuseContent } from '../../store/source-object.js';
import type { ParsedManifest } from './manifest-parser.js';

/** The objects and problems of a file, or of all files of a source. */
export interface ManifestState {
	/** By the text of their identity, in the order of the files. */
	readonly objects: ReadonlyMap<string, SourceObject>;
	readonly problems: readonly Problem[];
	/** Whether the file is absent, so that its objects may already be in another file. Default is false. */
	readonly isLeaving?: boolean;
}

export const NO_MANIFESTS: ManifestState = { objects: new Map(), problems: [] };

/**
 * The state of a file whose content is `parsed` and whose state was `last`. Keeps the last valid version of objects that
 * are invalid now, and of objects that an unreadable document may contain.
 */
export function nextState(last: ManifestState, { objects: parsed, problems }: ParsedManifest): ManifestState {
	const objects = new Map<string, SourceObject>();
	const duplicates: Problem[] = [];
	for (const object of parsed) {
		const id = formatIdentity(object);
		duplicates.push(...duplicateProblem(objects.get(id), object));
		const previous = last.objects.get(id);
		const next = object.content === undefined ? (previous ?? object) : reuseContent(previous, object);
		add(objects, id, next);
	}
	// A problem that names no object may be about any object that is missing now.
	const isUnclear = problems.some((problem) => problem.key === undefined && isError(problem));
	// An object whose name is still being typed may be any object of its kind.
	const nameless = new Set(parsed.filter(({ name }) => name === '').map(({ kind }) => kind));
	for (const [id, object] of last.objects) {
		if (objects.has(id) || object.name === '') continue;
		if (isUnclear || nameless.has(object.kind)) objects.set(id, object);
	}
	return { objects, problems: [...problems, ...duplicates] };
}

/** Joins the states of all files, in the order of the files. */
export function joinManifests(files: Iterable<ManifestState>): ManifestState {
	const objects = new Map<string, SourceObject>();
	const problems: Problem[] = [];
	/** The objects of files that stay. */
	const staying = new Map<string, SourceObject>();
	for (const { objects: parsed, problems: found, isLeaving = false } of files) {
		for (const problem of found) problems.push(problem);
		for (const [id, object] of parsed) {
			add(objects, id, object);
			if (isLeaving) continue;
			problems.push(...duplicateProblem(staying.get(id), object));
			add(staying, id, object);
		}
	}
	return { objects, problems };
}

/** A warning if a source contains two valid versions of one object: the second replaces the first. */
function duplicateProblem(first: SourceObject | undefined, second: SourceObject): readonly Problem[] {
	if (first?.content === undefined || second.content === undefined) return [];
	const { kind, key, location } = second;
	const reason = `${kind} "${formatObjectKey(key)}" is already defined at ${first.location}; this version replaces it`;
	return [{ location, reason, key, warning: 'duplicate-object' }];
}

/** Adds an object at the end, and removes an earlier version of it. */
function add(objects: Map<string, SourceObject>, id: string, object: SourceObject): void {
	if (object.content === undefined && objects.get(id)?.content !== undefined) return;
	objects.delete(id);
	objects.set(id, object);
}

/** Whether two lists have the same locations and reasons, in the same order. */
export function sameProblems(a: readonly Problem[], b: readonly Problem[]): boolean {
	return (
		a.length === b.length &&
		a.every(({ location, reason }, index) => location === b[index]?.location && reason === b[index].reason)
	);
}
