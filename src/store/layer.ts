/**
 * What one source said last. Its methods are those of a source's sink, by shape: the store knows nothing of sources.
 * Every call ends in one report of the keys that it touched.
 */

import { type ConfigMap, sameConfigMap } from '../model/config-map.js';
import { formatObjectKey, type ObjectKey } from '../model/object-key.js';

/** Something wrong with an input. Shape: as the sources' Problem. */
export interface LayerProblem {
	readonly place: string;
	readonly reason: string;
	readonly key?: ObjectKey;
	readonly isLogged?: boolean;
}

/** Where a source reports to. Shape: as the sources' SourceSink. */
export interface LayerSink {
	/** The complete state; objects not in it are gone. */
	replace(objects: readonly ConfigMap[]): void;
	put(object: ConfigMap): void;
	remove(key: ObjectKey): void;
	/** The complete list of present problems. */
	problems(problems: readonly LayerProblem[]): void;
}

export interface LayerOptions {
	/** The source, for messages: `-f examples`. */
	readonly description: string;
	/** Objects that differ from before in anything, labels included; called once a call that changed something. */
	readonly onChange: (keys: readonly ObjectKey[]) => void;
	readonly onProblems: () => void;
}

export class Layer implements LayerSink {
	readonly description: string;
	readonly #options: LayerOptions;
	#objects = new Map<string, ConfigMap>();
	#problems: readonly LayerProblem[] = [];

	constructor(options: LayerOptions) {
		this.description = options.description;
		this.#options = options;
	}

	get(key: ObjectKey): ConfigMap | undefined {
		return this.#objects.get(formatObjectKey(key));
	}

	get currentProblems(): readonly LayerProblem[] {
		return this.#problems;
	}

	replace(objects: readonly ConfigMap[]): void {
		const before = this.#objects;
		this.#objects = new Map(objects.map((object) => [formatObjectKey(object.key), object]));
		const changed: ObjectKey[] = [];
		for (const [text, object] of this.#objects) {
			const previous = before.get(text);
			if (previous === undefined || !sameConfigMap(previous, object)) changed.push(object.key);
		}
		for (const [text, { key }] of before) if (!this.#objects.has(text)) changed.push(key);
		if (changed.length > 0) this.#options.onChange(changed);
	}

	put(object: ConfigMap): void {
		const text = formatObjectKey(object.key);
		const previous = this.#objects.get(text);
		this.#objects.set(text, object);
		if (previous === undefined || !sameConfigMap(previous, object)) this.#options.onChange([object.key]);
	}

	remove(key: ObjectKey): void {
		if (this.#objects.delete(formatObjectKey(key))) this.#options.onChange([key]);
	}

	problems(problems: readonly LayerProblem[]): void {
		this.#problems = problems;
		this.#options.onProblems();
	}
}
