/**
 * References `$(NAME)` in the text of a variable, an argument or a subPathExpr. One pass from left to right: what a
 * reference brings is not looked through again. Backslash, `${NAME}` and `$NAME` mean nothing.
 * Source: kubernetes v1.32 third_party/forked/golang/expansion. One thing is not as there: a `$` before a character
 * that is not ASCII leaves that character whole.
 */

/** The value of a variable; undefined where there is none of that name. An empty value is a value. */
export type Lookup = (name: string) => string | undefined;

/** What an expansion did; each name once, in the order of the text. */
export interface Expansion {
	readonly text: string;
	/** Names that had a value. */
	readonly references: readonly string[];
	/** Names that had none: these stay as they are written. */
	readonly unresolved: readonly string[];
}

/** The text with every known `$(NAME)` replaced and `$$` turned to `$`; anything else as it is. Errors: none. */
export function expand(text: string, lookup: Lookup): string {
	return traceExpansion(text, lookup).text;
}

/** As `expand`, with the names that were met. */
export function traceExpansion(text: string, lookup: Lookup): Expansion {
	const references = new Set<string>();
	const unresolved = new Set<string>();
	let expanded = '';
	let at = 0;
	for (;;) {
		const dollar = text.indexOf('$', at);
		if (dollar < 0) break;
		expanded += text.slice(at, dollar);
		at = dollar + 1;
		const close = text[at] === '(' ? text.indexOf(')', at) : -1;
		if (text[at] === '$') {
			expanded += '$';
			at += 1;
		} else if (close < 0) {
			expanded += '$';
		} else {
			const name = text.slice(at + 1, close);
			const value = lookup(name);
			(value === undefined ? unresolved : references).add(name);
			expanded += value ?? `$(${name})`;
			at = close + 1;
		}
	}
	return { text: expanded + text.slice(at), references: [...references], unresolved: [...unresolved] };
}
