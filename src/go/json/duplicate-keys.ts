/** Finds keys that an object of a JSON text has twice. Pure. */

import type { DuplicateKey } from '../yaml/reader.js';
import { jsonTokens } from './tokens.js';

/** Longer texts are the output of a program, which repeats no key; they are not searched. Unit: UTF-16 units. */
const MAX_LENGTH = 1024 * 1024;

/** The text must be well-formed JSON. */
export function duplicateJsonKeys(text: string): readonly DuplicateKey[] {
	if (text.length > MAX_LENGTH) return [];
	const duplicates: DuplicateKey[] = [];
	/** The keys of each open object with their offsets; undefined for an array. The innermost is last. */
	const open: (Map<string, number> | undefined)[] = [];
	let isKeyNext = false;
	for (const { token, index } of jsonTokens(text)) {
		const keys = open.at(-1);
		if (keys !== undefined && isKeyNext && token.startsWith('"')) {
			const key: string = JSON.parse(token);
			const firstOffset = keys.get(key);
			if (firstOffset !== undefined) duplicates.push({ key, offset: index, firstOffset });
			keys.set(key, index);
		}
		if (token === '{') open.push(new Map());
		else if (token === '[') open.push(undefined);
		else if (token === '}' || token === ']') open.pop();
		isKeyNext = token === '{' || token === ',';
	}
	return duplicates;
}
