/**
 * A lexer that accepts continuation lines of quoted text, of `{…}` and of `[…]` at any column, as kubectl's reader does:
 * the `}'` that closes quoted JSON often stands at the column of its key. The `yaml` package has no option for this, so
 * the lexer's private minimum column is 0 while it reads such a piece. package.json pins the exact version of `yaml`.
 */

import { Lexer } from 'yaml';
import { invariant } from '../../base/errors.js';

/** Private methods of yaml 2.9.1, each a generator that reads one piece of text. */
const PATCHED_METHODS = ['parseQuotedScalar', 'parseFlowCollection'];
/** Private field of yaml 2.9.1: the column at which the next line must begin at least. */
const MINIMUM_COLUMN = 'indentNext';

/** Errors: INTERNAL if the installed `yaml` has no such method or field. */
export function unindentedLexer(lexer = new Lexer()): Lexer {
	invariant(typeof Reflect.get(lexer, MINIMUM_COLUMN) === 'number', wrongVersion(MINIMUM_COLUMN));
	for (const method of PATCHED_METHODS) {
		const read: unknown = Reflect.get(lexer, method);
		invariant(typeof read === 'function', wrongVersion(method));
		Reflect.set(lexer, method, function* (): Generator<string, unknown> {
			const column: unknown = Reflect.get(lexer, MINIMUM_COLUMN);
			Reflect.set(lexer, MINIMUM_COLUMN, 0);
			const next: unknown = yield* read.call(lexer);
			Reflect.set(lexer, MINIMUM_COLUMN, column);
			return next;
		});
	}
	return lexer;
}

function wrongVersion(member: string): string {
	return `the Lexer of the package "yaml" has no ${member}; install the version that package.json pins`;
}
