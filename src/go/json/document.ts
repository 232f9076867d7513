/**
 * Reads a JSON document with the result of the YAML reader, at a hundredth of the cost, because `kubectl get -o json`
 * prints Lists of thousands of objects. Locations are computed only on request. Pure.
 */

import type { YamlDocument } from '../yaml/reader.js';
import { duplicateJsonKeys } from './duplicate-keys.js';
import { jsonTokens } from './tokens.js';

/** Finds an offset by reading the text again, as YAML. The text is known to be valid. */
export type Locate = (path: readonly (string | number)[]) => number;

/**
 * Reads JSON whose root is an object; returns undefined if the text is not well-formed. The last of several equal keys
 * counts, as for kubectl. `locate` is called for every path that is neither the root nor an item of a List.
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
		duplicates: duplicateJsonKeys(text),
		locate(path) {
			if (path.length === 0) return text.search(/\S/);
			const [field, index] = path;
			if (path.length > 2 || field !== 'items' || typeof index !== 'number') return locate(path);
			items ??= itemOffsets(text);
			return items[index] ?? locate(path);
		},
	};
}

/** Offsets of the elements of the root's last `items`, found in one pass. Unit: UTF-16 units. */
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
