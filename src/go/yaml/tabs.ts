/**
 * Finds the tabs that kubectl's YAML scanner refuses and the `yaml` package accepts: in the indentation of a block, also on
 * a line that is otherwise blank or a comment, and after `-`, `?` and `:` of a block. Tabs between the parts of a line and
 * inside `{…}` and `[…]` are allowed. Pure.
 * Source: goyaml.v2 (kubectl v1.32) scannerc.go, yaml_parser_scan_to_next_token and yaml_parser_scan_plain_scalar.
 */

import { unindentedLexer } from './lexer.js';

/** A tab that may not be where it is. */
export interface TabFault {
	/** Unit: UTF-16 units. */
	readonly offset: number;
	/** The words of kubectl, and the cure. */
	readonly reason: string;
}

const CURE = '; indent with spaces, not with a tab';
const NO_TOKEN = `found character that cannot start any token${CURE}`;
const IN_PLAIN = `found a tab character that violates indentation${CURE}`;

/** Lexemes of the package "yaml" that are no text of the file. */
const DOCUMENT = '\x02';
const FLOW_END = '\x18';
const SCALAR = '\x1f';

/** The first such tab of a text; undefined if there is none. Line breaks of the text are LF or CRLF. */
export function findTabFault(text: string): TabFault | undefined {
	return text.includes('\t') ? new TabScanner(text).scan() : undefined;
}

class TabScanner {
	readonly #text: string;
	#offset = 0;
	#flowLevel = 0;
	/** Whether a key of a block may begin here; then a tab is not a separator. */
	#isKeyAllowed = true;
	/** Column of what may be the key of the next `:`. */
	#keyColumn: number | undefined;
	/** Columns of the open blocks, the innermost last. */
	#indents: number[] = [];
	/** Whether only white space follows the last plain scalar so far. The scanner reads that space with the scalar. */
	#isAfterPlain = false;
	#isBlockScalar = false;
	/** Start of the last plain scalar; tabs of its first line separate it from what precedes it. */
	#plainStart = 0;

	constructor(text: string) {
		this.#text = text;
	}

	scan(): TabFault | undefined {
		let isScalar = false;
		for (const lexeme of unindentedLexer().lex(this.#text)) {
			if (lexeme === SCALAR) isScalar = true;
			if (lexeme === SCALAR || lexeme === DOCUMENT || lexeme === FLOW_END) continue;
			// kubectl reads nothing after the end of the document.
			if (lexeme === '...') return undefined;
			const fault = isScalar ? this.#takeScalar(lexeme) : this.#take(lexeme);
			if (fault !== undefined) return fault;
			isScalar = false;
			this.#offset += lexeme.length;
		}
		return undefined;
	}

	#take(lexeme: string): TabFault | undefined {
		if (/^[ \t]+$/.test(lexeme)) return this.#takeSpace(lexeme);
		if (/^\r?\n/.test(lexeme)) {
			if (this.#flowLevel === 0) this.#isKeyAllowed = true;
			// A key without "?" ends on its line.
			this.#keyColumn = undefined;
			return undefined;
		}
		this.#isAfterPlain = false;
		const [first = ''] = lexeme;
		if (first === '#' || first === '\ufeff') return undefined;
		if (lexeme === '---') this.#indents = [];
		else if (first === '{' || first === '[') this.#begin();
		else if (this.#flowLevel === 0) this.#unindent();
		if (first === '{' || first === '[') this.#flowLevel += 1;
		else if (first === '}' || first === ']') this.#flowLevel = Math.max(0, this.#flowLevel - 1);
		else if (lexeme === '-' || lexeme === '?') this.#indent(this.#column());
		else if (lexeme === ':') this.#takeColon();
		else if (first === '|' || first === '>') this.#isBlockScalar = true;
		else this.#begin();
		this.#isKeyAllowed = lexeme === '-' || lexeme === '?' || (lexeme === ':' && this.#isKeyAllowed);
		return undefined;
	}

	#takeColon(): void {
		if (this.#flowLevel > 0) return;
		// Without a key before it, it begins the value of `?`, which may be a block on the same line.
		this.#isKeyAllowed = this.#keyColumn === undefined;
		this.#indent(this.#keyColumn ?? this.#column());
		this.#keyColumn = undefined;
	}

	#takeSpace(space: string): TabFault | undefined {
		const tab = space.indexOf('\t');
		if (tab < 0) return undefined;
		if (this.#isAfterPlain) return this.#faultInPlain(this.#offset, this.#offset + space.length);
		if (this.#flowLevel > 0 || !this.#isKeyAllowed) return undefined;
		return { offset: this.#offset + tab, reason: NO_TOKEN };
	}

	#takeScalar(scalar: string): TabFault | undefined {
		if (this.#isBlockScalar) {
			this.#isBlockScalar = false;
			this.#isKeyAllowed = true;
			return undefined;
		}
		if (scalar === '') return undefined;
		if (this.#flowLevel === 0) this.#unindent();
		this.#begin();
		this.#isKeyAllowed = false;
		this.#isAfterPlain = true;
		return this.#faultInPlain(this.#offset, this.#offset + scalar.length);
	}

	/** A tab in the indentation of the lines of a plain scalar, or of the blank lines after it. */
	#faultInPlain(start: number, end: number): TabFault | undefined {
		const indent = (this.#indents.at(-1) ?? -1) + 1;
		for (let offset = this.#text.indexOf('\t', start); offset >= 0 && offset < end; ) {
			const lineStart = this.#text.lastIndexOf('\n', offset - 1) + 1;
			const isLeading = lineStart > this.#plainStart && /^[ \t]*$/.test(this.#text.slice(lineStart, offset));
			if (isLeading && offset - lineStart < indent) return { offset, reason: IN_PLAIN };
			offset = this.#text.indexOf('\t', offset + 1);
		}
		return undefined;
	}

	/** Notes where the key begins that the next `:` may end. */
	#begin(): void {
		this.#plainStart = this.#offset;
		if (this.#flowLevel === 0 && this.#isKeyAllowed) this.#keyColumn = this.#column();
	}

	/** Closes the blocks that are further to the right. */
	#unindent(): void {
		const column = this.#column();
		while ((this.#indents.at(-1) ?? -1) > column) this.#indents.pop();
	}

	#indent(column: number): void {
		if ((this.#indents.at(-1) ?? -1) < column) this.#indents.push(column);
	}

	#column(): number {
		return this.#offset - (this.#text.lastIndexOf('\n', this.#offset - 1) + 1);
	}
}
