import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Composer, Lexer, Parser } from 'yaml';
import { unindentedLexer } from '../../../../src/go/yaml/lexer.js';

/** The value of the first document, or the number of its errors. */
function read(lexer: Lexer, text: string): unknown {
	const parser = new Parser();
	const tokens = [...lexer.lex(text)].flatMap((lexeme) => [...parser.next(lexeme)]);
	const [document] = new Composer().compose([...tokens, ...parser.end()]);
	return document?.errors.length === 0 ? document.toJS() : document?.errors.length;
}

const CASES = [
	{ name: 'single-quoted text', text: "a:\n  b: '{\n  }'\n  c: v\nd: e\n", value: { a: { b: '{ }', c: 'v' }, d: 'e' } },
	{ name: 'double-quoted text', text: 'a:\n  b: "x\ny"\n  c: v\nd: e\n', value: { a: { b: 'x y', c: 'v' }, d: 'e' } },
	{ name: 'a list', text: 'a:\n  b: [\n1\n]\n  c: v\nd: e\n', value: { a: { b: [1], c: 'v' }, d: 'e' } },
	{ name: 'a map', text: 'a:\n  b: {\nx: 1\n}\n  c: v\nd: e\n', value: { a: { b: { x: 1 }, c: 'v' }, d: 'e' } },
];

describe('unindentedLexer', () => {
	it.each(CASES)('reads continuation lines of $name at any column, unlike the lexer of the package', (one) => {
		expect(read(unindentedLexer(), one.text)).toEqual(one.value);
		expect(read(new Lexer(), one.text)).toBeTypeOf('number');
	});

	it.each(['a:\n  "k": x\ny\n', 'a:\n  [k]: x\ny\n'])(
		'requires the column of plain text after such a piece: %j',
		(text) => {
			expect(read(unindentedLexer(), text)).toBeTypeOf('number');
		},
	);

	it.each(['parseQuotedScalar', 'parseFlowCollection', 'indentNext'])('refuses a package without %s', (member) => {
		const lexer = new Lexer();
		Reflect.set(lexer, member, undefined);
		const message = `Broken invariant: the Lexer of the package "yaml" has no ${member}; install the version that package.json pins`;
		expect(() => unindentedLexer(lexer)).toThrow(expect.objectContaining({ code: 'INTERNAL', message }));
	});

	it('comes from a package that is pinned to one version', () => {
		const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
		expect(dependencies.yaml).toMatch(/^\d+\.\d+\.\d+$/);
	});
});
