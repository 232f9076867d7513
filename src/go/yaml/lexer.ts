/**
 * A lexer that lets the further lines of quoted text, of `{…}` and of `[…]` begin at any column, as kubectl's reader does:
 * the `}'` of a JSON text in quotes often stands right below its key. The package has no option for that, so the column
 * that its lexer asks for is taken away while it reads such a piece.
 */

import { Lexer } from 'yaml';

const PIECES = ['parseQuotedScalar', 'parseFlowCollection'];

export function unindentedLexer(): Lexer {
	const lexer = new Lexer();
	for (const piece of PIECES) {
		const read: unknown = Reflect.get(lexer, piece);
		if (typeof read !== 'function') continue;
		Reflect.set(lexer, piece, function* (): Generator<string, unknown> {
			const column: unknown = Reflect.get(lexer, 'indentNext');
			Reflect.set(lexer, 'indentNext', 0);
			const next: unknown = yield* read.call(lexer);
			Reflect.set(lexer, 'indentNext', column);
			return next;
		});
	}
	return lexer;
}
