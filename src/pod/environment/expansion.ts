/**
 * Expands `$(NAME)` in the text of a variable, an argument or a subPathExpr. One pass from left to right: inserted text
 * is not expanded again. Backslash, `${NAME}` and `$NAME` have no meaning.
 * Source: kubernetes v1.32 third_party/forked/golang/expansion. One difference: a non-ASCII character after `$` stays
 * intact.
 */

/** The value of a variable; undefined if it is not set. An empty value counts as set. */
export type Lookup = (name: string) => string | undefined;

/** The result of an expansion. Each name appears once, in the order of the text. */
export interface Expansion {
	readonly text: string;
	/** Names with a value. */
	readonly references: readonly string[];
	/** Names without a value. Their references stay as written. */
	readonly unresolved: readonly string[];
}

/** Replaces every `$(NAME)` with a value, and `$$` by `$`. All other text stays unchanged. Errors: none. */
export function expand(text: string, lookup: Lookup): string {
	return traceExpansion(text, lookup).text;
}

/** As `expand`, with the names of the references. */
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
