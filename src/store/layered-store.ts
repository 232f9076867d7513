/**
 * The objects of all sources, layered in command-line order, filtered, and reported when they change. Knows nothing of
 * where a layer comes from or what a volume does with an object.
 *
 * An object that breaks a rule only once it is merged (size) keeps its last good version and is a problem. Labels alone
 * never make a report, unless they move an object into or out of the filter.
 */

import { type ConfigMap, sameData } from '../model/config-map.js';
import type { LabelSelector } from '../model/label-selector.js';
import { compareObjectKeys, formatObjectKey, type ObjectKey } from '../model/object-key.js';
import { contentViolations } from '../model/validation.js';
import { Layer, type LayerProblem, type LayerSink } from './layer.js';
import { mergeLayers } from './layer-merge.js';

/** The new version of one object; no object: it is gone. */
export interface ObjectChange {
	readonly key: ObjectKey;
	readonly object: ConfigMap | undefined;
}

/** A problem and the source that has it. */
export interface StoreProblem extends LayerProblem {
	/** Descriptions of the sources, joined with " + " when only together they have it. */
	readonly source: string;
}

export interface StoreListener {
	/** Objects whose data, immutability or existence changed, each key once; never empty. */
	changed(changes: readonly ObjectChange[]): void;
	/** The complete list of present problems, when it changed. */
	problems(problems: readonly StoreProblem[]): void;
}

/** Which merged objects are shown. */
export interface StoreFilter {
	/** Undefined: all namespaces. */
	readonly namespaces?: ReadonlySet<string>;
	/** Undefined: all objects. Asked with the merged labels. */
	readonly selector?: Pick<LabelSelector, 'matches'>;
}

export interface LayeredStoreOptions {
	/** Descriptions of the sources; the first is the lowest layer. */
	readonly layers: readonly string[];
	readonly listener: StoreListener;
	readonly filter?: StoreFilter;
}

export class LayeredStore {
	readonly #listener: StoreListener;
	readonly #filter: StoreFilter;
	readonly #layers: readonly Layer[];
	/** What the listener knows, with labels that may be newer. */
	readonly #shown = new Map<string, ConfigMap>();
	readonly #mergeProblems = new Map<string, StoreProblem>();
	/** Keys to look at on release; undefined: nothing is held. */
	#held: Map<string, ObjectKey> | undefined;
	#problems: readonly StoreProblem[] = [];

	constructor(options: LayeredStoreOptions) {
		this.#listener = options.listener;
		this.#filter = options.filter ?? {};
		this.#layers = options.layers.map(
			(description) =>
				new Layer({
					description,
					onChange: (keys) => this.#update(keys),
					onProblems: () => this.#reportProblems(),
				}),
		);
	}

	/** Where the sources report to, in the order of the layers. */
	get sinks(): readonly LayerSink[] {
		return this.#layers;
	}

	/** The merged object that is shown. */
	get(key: ObjectKey): ConfigMap | undefined {
		return this.#shown.get(formatObjectKey(key));
	}

	/** All objects that are shown, by namespace and name. */
	list(): readonly ConfigMap[] {
		return [...this.#shown.values()].sort((a, b) => compareObjectKeys(a.key, b.key));
	}

	/** All present problems. */
	get problems(): readonly StoreProblem[] {
		return this.#problems;
	}

	/** Collects changes until `release`: sources that start one after the other are one batch then. Idempotent. */
	hold(): void {
		this.#held ??= new Map();
	}

	/** Reports what was collected since `hold`. */
	release(): void {
		const keys = this.#held;
		this.#held = undefined;
		if (keys === undefined) return;
		this.#update([...keys.values()]);
		this.#reportProblems();
	}

	#update(keys: readonly ObjectKey[]): void {
		if (this.#held !== undefined) {
			for (const key of keys) this.#held.set(formatObjectKey(key), key);
			return;
		}
		const changes: ObjectChange[] = [];
		for (const key of keys) {
			const text = formatObjectKey(key);
			const before = this.#shown.get(text);
			const after = this.#merge(key, before);
			if (after === undefined) this.#shown.delete(text);
			else this.#shown.set(text, after);
			if (!sameOutcome(before, after)) changes.push({ key, object: after });
		}
		if (changes.length > 0) this.#listener.changed(changes);
		this.#reportProblems();
	}

	#merge(key: ObjectKey, lastGood: ConfigMap | undefined): ConfigMap | undefined {
		const text = formatObjectKey(key);
		this.#mergeProblems.delete(text);
		const versions = this.#layers.map((layer) => layer.get(key));
		const merged = mergeLayers(versions);
		if (merged === undefined || !this.#isWanted(merged)) return undefined;
		const [violation] = contentViolations(merged);
		if (violation === undefined) return merged;
		const source = this.#layers
			.filter((_layer, index) => versions[index] !== undefined)
			.map((layer) => layer.description)
			.join(' + ');
		this.#mergeProblems.set(text, { source, place: source, reason: violation.text, key });
		return lastGood;
	}

	#isWanted(object: ConfigMap): boolean {
		const { namespaces, selector } = this.#filter;
		if (namespaces !== undefined && !namespaces.has(object.key.namespace)) return false;
		return selector === undefined || selector.matches(object.labels);
	}

	#reportProblems(): void {
		if (this.#held !== undefined) return;
		const problems: StoreProblem[] = this.#layers.flatMap((layer) =>
			layer.currentProblems.map((problem) => ({ ...problem, source: layer.description })),
		);
		problems.push(...[...this.#mergeProblems.values()].sort((a, b) => compareText(a.reason, b.reason)));
		if (sameProblems(this.#problems, problems)) return;
		this.#problems = problems;
		this.#listener.problems(problems);
	}
}

/** Whether a volume cannot tell two versions apart. */
function sameOutcome(a: ConfigMap | undefined, b: ConfigMap | undefined): boolean {
	if (a === undefined || b === undefined) return a === b;
	return a.immutable === b.immutable && sameData(a, b);
}

function sameProblems(a: readonly StoreProblem[], b: readonly StoreProblem[]): boolean {
	if (a.length !== b.length) return false;
	return a.every((one, index) => {
		const other = b[index];
		return one.source === other?.source && one.place === other.place && one.reason === other.reason;
	});
}

function compareText(a: string, b: string): number {
	return a === b ? 0 : a < b ? -1 : 1;
}
