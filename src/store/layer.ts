/** The objects that one source has reported. Each call of the source ends in one report of the objects that changed. */

import type { ObjectIdentity, Problem, SourceNeeds, SourceObject, SourceSink } from './source.js';
import { formatIdentity } from './source-object.js';

/** An object of one layer. */
export interface LayerEntry {
	readonly object: SourceObject;
	/** Differs from the last one if the object was deleted in between, or another object has taken its name. */
	readonly incarnation: number;
}

export interface LayerOptions {
	/** The source, for messages: `-f examples`. */
	readonly description: string;
	readonly needs: SourceNeeds;
	/** Called once for each change, with the identities of the objects whose content is a new value. */
	readonly onChange: (ids: readonly string[]) => void;
	readonly onProblems: () => void;
}

export class Layer implements SourceSink {
	readonly description: string;
	readonly needs: SourceNeeds;
	readonly #options: LayerOptions;
	#entries = new Map<string, LayerEntry>();
	#problems: readonly Problem[] = [];
	#incarnations = 0;

	constructor(options: LayerOptions) {
		this.description = options.description;
		this.needs = options.needs;
		this.#options = options;
	}

	get(id: string): LayerEntry | undefined {
		return this.#entries.get(id);
	}

	/** In the order in which they were reported first. */
	get objects(): readonly SourceObject[] {
		return Array.from(this.#entries.values(), ({ object }) => object);
	}

	get currentProblems(): readonly Problem[] {
		return this.#problems;
	}

	replace(objects: readonly SourceObject[]): void {
		const before = this.#entries;
		this.#entries = new Map();
		const changed: string[] = [];
		for (const object of objects) {
			const id = formatIdentity(object);
			if (this.#set(id, object, before.get(id))) changed.push(id);
		}
		for (const id of before.keys()) if (!this.#entries.has(id)) changed.push(id);
		if (changed.length > 0) this.#options.onChange(changed);
	}

	put(object: SourceObject): void {
		const id = formatIdentity(object);
		if (this.#set(id, object, this.#entries.get(id))) this.#options.onChange([id]);
	}

	remove(object: ObjectIdentity): void {
		const id = formatIdentity(object);
		if (this.#entries.delete(id)) this.#options.onChange([id]);
	}

	problems(problems: readonly Problem[]): void {
		this.#problems = problems;
		this.#options.onProblems();
	}

	/** Returns whether the content is another value than before. */
	#set(id: string, object: SourceObject, before: LayerEntry | undefined): boolean {
		const isSameObject = before !== undefined && before.object.uid === object.uid;
		if (!isSameObject) this.#incarnations += 1;
		const incarnation = isSameObject ? before.incarnation : this.#incarnations;
		this.#entries.set(id, { object, incarnation });
		return before === undefined || !isSameObject || before.object.content !== object.content;
	}
}
