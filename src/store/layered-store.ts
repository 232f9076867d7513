/**
 * The objects of all sources, of every kind, layered in command-line order, filtered, and reported when they change.
 * Knows nothing of where a layer comes from or what a volume does with an object.
 *
 * A merged object that breaks a rule keeps its last valid version and is a problem: its layers together are too large,
 * or it is immutable and would change. An immutable object may change after it was deleted from a layer, or after
 * another object has taken its name there. Labels alone are never reported, unless they move an object into or out of
 * the filter.
 */

import type { LabelSelector } from '../model/label-selector.js';
import { compareObjectKeys, type ObjectKey } from '../model/object-key.js';
import type { Violation } from '../model/validation.js';
import { type Content, type Contents, type ObjectType, rulesOf } from './kinds.js';
import { Layer, type LayerEntry } from './layer.js';
import type { ObjectIdentity, Problem, SourceNeeds, SourceObject, SourceSink } from './source.js';
import { formatIdentity } from './source-object.js';

/** The new version of one object; no object: it is gone. */
export type ObjectChange = {
	readonly [T in ObjectType]: {
		readonly type: T;
		readonly key: ObjectKey;
		readonly object: Contents[T] | undefined;
	};
}[ObjectType];

/** A problem and the source that has it. */
export interface StoreProblem extends Problem {
	/** Descriptions of the sources, joined with " + " if only together they have it. */
	readonly source: string;
}

export interface StoreListener {
	/** Objects that consumers can tell from their last version, each once; never empty. */
	changed(changes: readonly ObjectChange[]): void;
	/** The complete list of present problems, when it changed. */
	problems(problems: readonly StoreProblem[]): void;
}

/** Which merged objects are shown. */
export interface StoreFilter {
	/** Undefined: all namespaces. */
	readonly namespaces?: ReadonlySet<string>;
	/** Undefined: all objects. Matched against the merged labels. */
	readonly selector?: Pick<LabelSelector, 'matches'>;
}

export interface LayeredStoreOptions {
	/** Descriptions of the sources; the first is the lowest layer. */
	readonly layers: readonly string[];
	readonly needs: SourceNeeds;
	readonly listener: StoreListener;
	readonly filter?: StoreFilter;
}

/** A merged object as it is shown, with labels that may be newer than the listener's. */
interface Shown {
	readonly type: ObjectType;
	readonly key: ObjectKey;
	readonly content: Content;
	/** What it was made of, by layer. */
	readonly versions: readonly (LayerEntry | undefined)[];
}

export class LayeredStore {
	readonly #listener: StoreListener;
	readonly #filter: StoreFilter;
	readonly #layers: readonly Layer[];
	readonly #shown = new Map<string, Shown>();
	readonly #mergeProblems = new Map<string, readonly StoreProblem[]>();
	/** Identities to merge on release; undefined: changes are not held. */
	#held: Set<string> | undefined;
	#problems: readonly StoreProblem[] = [];

	constructor(options: LayeredStoreOptions) {
		this.#listener = options.listener;
		this.#filter = options.filter ?? {};
		this.#layers = options.layers.map(
			(description) =>
				new Layer({
					description,
					needs: options.needs,
					onChange: (ids) => this.#update(ids),
					onProblems: () => this.#reportProblems(),
				}),
		);
	}

	/** Where the sources report to, in the order of the layers. */
	get sinks(): readonly SourceSink[] {
		return this.#layers;
	}

	/** The merged object that is shown. */
	get<T extends 'ConfigMap' | 'Secret'>(type: T, key: ObjectKey): Contents[T] | undefined {
		const identity: ObjectIdentity = { apiVersion: 'v1', kind: type, key, location: '' };
		return this.#shown.get(formatIdentity(identity))?.content as Contents[T] | undefined;
	}

	/** All objects of a type that are shown, by namespace and name. */
	list<T extends ObjectType>(type: T): readonly Contents[T][] {
		const found = [...this.#shown.values()].filter((one) => one.type === type);
		return found.sort((a, b) => compareObjectKeys(a.key, b.key)).map(({ content }) => content as Contents[T]);
	}

	/** Every version of every object, invalid ones too, the lowest layer first. The filter does not apply. */
	get versions(): readonly SourceObject[] {
		return this.#layers.flatMap((layer) => layer.objects);
	}

	/** All present problems. */
	get problems(): readonly StoreProblem[] {
		return this.#problems;
	}

	/** Collects changes until `release`: sources that start one after the other are one batch then. Idempotent. */
	hold(): void {
		this.#held ??= new Set();
	}

	/** Reports what was collected since `hold`. */
	release(): void {
		const ids = this.#held;
		this.#held = undefined;
		if (ids === undefined) return;
		this.#update(ids);
		this.#reportProblems();
	}

	#update(ids: Iterable<string>): void {
		if (this.#held !== undefined) {
			for (const id of ids) this.#held.add(id);
			return;
		}
		const changes: ObjectChange[] = [];
		for (const id of ids) {
			const before = this.#shown.get(id);
			const after = this.#merge(id, before);
			if (after === undefined) this.#shown.delete(id);
			else this.#shown.set(id, after);
			const change = changeBetween(before, after);
			if (change !== undefined) changes.push(change);
		}
		if (changes.length > 0) this.#listener.changed(changes);
		this.#reportProblems();
	}

	#merge(id: string, lastValid: Shown | undefined): Shown | undefined {
		this.#mergeProblems.delete(id);
		const entries = this.#layers.map((layer) => layer.get(id));
		const versions = entries.map((entry) => (entry?.object.content === undefined ? undefined : entry));
		const [lowest, ...upper] = versions.flatMap((version) => version?.object.content ?? []);
		const present = versions.find((version) => version !== undefined);
		if (lowest === undefined || present === undefined) return undefined;
		const { type, key } = present.object;
		const rules = rulesOf(type);
		const content = rules.merge([lowest, ...upper]);
		if (!this.#isWanted(key, rules.labels(content))) return undefined;
		const faults: StoreProblem[] = [];
		if (upper.length > 0) {
			const source = this.#describe((index) => versions[index] !== undefined);
			faults.push(...problemsOf(rules.mergeViolations(content), { source, location: source, key }));
		}
		if (lastValid !== undefined && hasSameIncarnations(lastValid.versions, versions)) {
			const violations = rules.updateViolations(lastValid.content, content);
			const changed = versions.findLastIndex(
				(version, index) => version?.object.content !== lastValid.versions[index]?.object.content,
			);
			const location = versions[changed]?.object.location ?? present.object.location;
			faults.push(...problemsOf(violations, { source: this.#describe((index) => index === changed), location, key }));
		}
		if (faults.length === 0) return { type, key, content, versions };
		this.#mergeProblems.set(id, faults);
		return lastValid;
	}

	/** Descriptions of layers. */
	#describe(isMeant: (index: number) => boolean): string {
		return this.#layers
			.filter((_layer, index) => isMeant(index))
			.map(({ description }) => description)
			.join(' + ');
	}

	#isWanted({ namespace }: ObjectKey, labels: ReadonlyMap<string, string>): boolean {
		const { namespaces, selector } = this.#filter;
		if (namespaces !== undefined && !namespaces.has(namespace)) return false;
		return selector === undefined || selector.matches(labels);
	}

	#reportProblems(): void {
		if (this.#held !== undefined) return;
		const problems: StoreProblem[] = this.#layers.flatMap((layer) =>
			layer.currentProblems.map((problem) => ({ ...problem, source: layer.description })),
		);
		problems.push(...[...this.#mergeProblems.values()].flat().sort((a, b) => compareText(a.reason, b.reason)));
		if (sameProblems(this.#problems, problems)) return;
		this.#problems = problems;
		this.#listener.problems(problems);
	}
}

function problemsOf(
	violations: readonly Violation[],
	about: Pick<StoreProblem, 'source' | 'location' | 'key'>,
): readonly StoreProblem[] {
	return violations.map(({ text }) => ({ ...about, reason: text }));
}

/** Whether no layer of `before` has lost its object, or another object under its name, since. */
function hasSameIncarnations(
	before: readonly (LayerEntry | undefined)[],
	after: readonly (LayerEntry | undefined)[],
): boolean {
	return before.every((version, index) => {
		return version === undefined || version.incarnation === after[index]?.incarnation;
	});
}

/** Undefined: no consumer can tell the two apart. */
function changeBetween(before: Shown | undefined, after: Shown | undefined): ObjectChange | undefined {
	const either = after ?? before;
	if (either === undefined || before?.content === after?.content) return undefined;
	const { type, key } = either;
	const isNews = before === undefined || after === undefined || rulesOf(type).isNews(before.content, after.content);
	return isNews ? ({ type, key, object: after?.content } as ObjectChange) : undefined;
}

function sameProblems(a: readonly StoreProblem[], b: readonly StoreProblem[]): boolean {
	if (a.length !== b.length) return false;
	return a.every((one, index) => {
		const other = b[index];
		return one.source === other?.source && one.location === other.location && one.reason === other.reason;
	});
}

function compareText(a: string, b: string): number {
	return a === b ? 0 : a < b ? -1 : 1;
}
