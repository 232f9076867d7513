/**
 * A JSON document as the YAML reader would give it, at a hundredth of the cost: a List of thousands of objects is what
 * clusters print. Positions are found only when somebody asks. Pure.
 */

import type { YamlDocument } from '../yaml/reader.js';
import { jsonTokens } from './tokens.js';

/** Finds positions by reading the text once more, as YAML; the text is known to be good. */
export type Locate = (path: readonly (string | number)[]) => number;

/**
 * Reads well-formed JSON whose root is an object; undefined when it is not. Of a repeated key the last one counts, as
 * for kubectl. `locate` answers for what is not the root or an item of a List.
 */
export function readJson(text: string, locate: Locate): YamlDocument | undefined {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return undefined;
	}
	let items: readonly number[] | undefined;
	return {
		value,
		locate(path) {
			if (path.length === 0) return text.search(/\S/);
			const [field, index] = path;
			if (path.length > 2 || field !== 'items' || typeof index !== 'number') return locate(path);
			items ??= itemOffsets(text);
			return items[index] ?? locate(path);
		},
	};
}

/** Where the elements of the root's last `items` begin, by one pass over the text. Unit: UTF-16 units. */
function itemOffsets(text: string): readonly number[] {
	let offsets: number[] = [];
	let depth = 0;
	let field = '';
	let inItems = false;
	let elementBegins = false;
	for (const { token, index } of jsonTokens(text)) {
		if (token === ':') continue;
		if (inItems && depth === 2 && elementBegins && token !== ']') offsets.push(index);
		elementBegins = false;
		if (token === '{' || token === '[') {
			depth += 1;
			if (depth === 2 && token === '[' && field === '"items"') {
				offsets = [];
				inItems = true;
				elementBegins = true;
			}
		} else if (token === '}' || token === ']') {
			if (depth === 2) inItems = false;
			depth -= 1;
		} else if (token === ',') {
			elementBegins = true;
		} else if (depth === 1) {
			field = token;
		}
	}
	return offsets;
}
