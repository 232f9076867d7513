/** The lines of manifest files, which `lint` searches for comments. */

import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';

export class FileLines {
	readonly #cwd: string;
	readonly #streams: ReadonlyMap<string, () => string>;
	readonly #known = new Map<string, readonly string[]>();

	/** `streams`: the text of inputs that can be read only once, by the name that locations have. */
	constructor(cwd: string, streams: ReadonlyMap<string, () => string>) {
		this.#cwd = cwd;
		this.#streams = streams;
	}

	/** Empty if it is not a regular file that can be read, such as the output of a kustomization. */
	of(file: string): readonly string[] {
		const known = this.#known.get(file) ?? this.#read(file).split('\n');
		this.#known.set(file, known);
		return known;
	}

	#read(file: string): string {
		const stream = this.#streams.get(file);
		if (stream !== undefined) return stream();
		try {
			const path = resolve(this.#cwd, file);
			// A second read of a pipe would wait for ever.
			return statSync(path).isFile() ? readFileSync(path, 'utf8') : '';
		} catch {
			return '';
		}
	}
}
