/**
 * Writes strings, and maps of strings, as kubectl's YAML writer does: plain, quoted or block style, folded at 80
 * columns. Pure.
 *
 * Where kubectl itself fails, or prints text that a YAML 1.2 reader reads back differently, the string is double-quoted
 * with escapes instead: U+2028 and U+2029 (kubectl prints them raw), U+0085 (kubectl turns it into a blank), DEL and
 * the C1 controls (kubectl stops with "control characters are not allowed").
 */

import { sortGoJsonKeys } from '../json/encode.js';
import { compareGoYamlKeys } from './key-order.js';
import { isAmbiguousPlain } from './resolve.js';

/** The position of a string in the output. Unit: columns, from 0. */
export interface ScalarPosition {
	/** Column of the scalar's first character. */
	readonly column: number;
	/** Number of blanks before each continuation line. */
	readonly indent: number;
	/** Whether it is a map key before `:`, which stays on one line. */
	readonly simpleKey?: boolean;
}

/** Unit: characters. A longer key is written as `? key`. Source: kubectl v1.32 (goyaml.v2), check_simple_key. */
const SIMPLE_KEY_LIMIT = 128;

/** Lines are folded at the first blank beyond this column. Source: kubectl v1.32 (goyaml.v2 best_width). */
const FOLD_COLUMN = 80;

const SPECIAL_ESCAPES: ReadonlyMap<number, string> = new Map([
	[0x00, '0'],
	[0x07, 'a'],
	[0x08, 'b'],
	[0x09, 't'],
	[0x0a, 'n'],
	[0x0b, 'v'],
	[0x0c, 'f'],
	[0x0d, 'r'],
	[0x1b, 'e'],
	[0x22, '"'],
	[0x5c, '\\'],
	[0x85, 'N'],
	[0xa0, '_'],
	[0x2028, 'L'],
	[0x2029, 'P'],
]);

const BYTE_ORDER_MARK = '\ufeff';
const INDICATOR_AT_START = /^(?:[#,[\]{}&*!|>'"%@`]|[?:-](?:[ \t]|$)|---|\.\.\.)/;
const INDICATOR_INSIDE = /:(?:[ \t]|$)|[ \t\n]#/;

/** Whether goyaml.v2 considers a character printable. None beyond U+FFFF is. */
function isPrintable(codePoint: number): boolean {
	if (codePoint === 0x0a || (codePoint >= 0x20 && codePoint <= 0x7e)) return true;
	return (
		codePoint >= 0xa0 && codePoint <= 0xfffd && codePoint !== 0xfeff && codePoint !== 0x2028 && codePoint !== 0x2029
	);
}

function escapeCharacter(codePoint: number): string {
	const special = SPECIAL_ESCAPES.get(codePoint);
	if (special !== undefined) return `\\${special}`;
	const hex = codePoint.toString(16).toUpperCase();
	if (codePoint <= 0xff) return `\\x${hex.padStart(2, '0')}`;
	return codePoint <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

function hasUnprintable(text: string): boolean {
	for (const character of text) if (!isPrintable(character.codePointAt(0) ?? 0)) return true;
	return false;
}

type Style = 'plain' | 'single' | 'double' | 'literal';

function chooseStyle(text: string, simpleKey: boolean): Style {
	if (text === '' || hasUnprintable(text) || / \n/.test(text)) return 'double';
	if (text.includes('\n')) return simpleKey || text.endsWith(' ') ? 'double' : 'literal';
	if (isAmbiguousPlain(text)) return 'double';
	if (text.startsWith(' ') || text.endsWith(' ')) return 'single';
	return INDICATOR_AT_START.test(text) || INDICATOR_INSIDE.test(text) ? 'single' : 'plain';
}

/** Writes a flow style: encodes each character, and folds at a blank that does not follow a blank. */
function writeFlow(text: string, position: ScalarPosition, style: 'plain' | 'single' | 'double'): string {
	const characters = [...text];
	const last = characters.length - 1;
	const quote = style === 'plain' ? '' : style === 'single' ? "'" : '"';
	// For each character goyaml.v2 checks the start of the value for a byte order mark, not the character itself.
	const escapeAll = style === 'double' && text.startsWith(BYTE_ORDER_MARK);
	let written = quote;
	let column = position.column + quote.length;
	let afterSpace = false;
	characters.forEach((character, index) => {
		if (character === ' ' && !escapeAll) {
			const next = characters[index + 1];
			const inside = style === 'plain' || (index > 0 && index < last);
			const mayFold = style === 'double' || next !== ' ';
			if (!position.simpleKey && !afterSpace && column > FOLD_COLUMN && inside && mayFold) {
				const blank = next === ' ' ? '\\' : '';
				written += `\n${' '.repeat(position.indent)}${blank}`;
				column = position.indent + blank.length;
			} else {
				written += ' ';
				column += 1;
			}
			afterSpace = true;
			return;
		}
		const encoded = encodeCharacter(character, style, escapeAll);
		written += encoded;
		column += encoded.length;
		afterSpace = false;
	});
	return written + quote;
}

function encodeCharacter(character: string, style: 'plain' | 'single' | 'double', escapeAll: boolean): string {
	if (style === 'plain') return character;
	if (style === 'single') return character === "'" ? "''" : character;
	const codePoint = character.codePointAt(0) ?? 0;
	const escaped = escapeAll || !isPrintable(codePoint) || character === '"' || character === '\\' || character === '\n';
	return escaped ? escapeCharacter(codePoint) : character;
}

/** Shape: `|`, an indentation digit if the first line would mislead, a chomping sign, then the indented lines. */
function writeLiteral(text: string, indent: number): string {
	const indentHint = /^[ \n]/.test(text) ? '2' : '';
	const chompHint = !text.endsWith('\n') ? '-' : text === '\n' || text.endsWith('\n\n') ? '+' : '';
	const padding = ' '.repeat(indent);
	const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
	return [`|${indentHint}${chompHint}`, ...lines.map((line) => (line === '' ? '' : padding + line))].join('\n');
}

/**
 * The string in YAML, without a newline after it.
 * Requires: valid Unicode, without lone surrogates.
 * Source: kubectl v1.32 (sigs.k8s.io/yaml v1.4, goyaml.v2), stringv, analyze_scalar and select_scalar_style. The unit
 * tests compare it with the output of kubectl.
 */
export function formatGoYamlScalar(text: string, position: ScalarPosition): string {
	const style = chooseStyle(text, position.simpleKey ?? false);
	return style === 'literal' ? writeLiteral(text, position.indent) : writeFlow(text, position, style);
}

/** One entry of a map at column 2, with a newline. */
export function formatGoYamlEntry(key: string, value: string): string {
	if (key.length > SIMPLE_KEY_LIMIT) {
		const name = formatGoYamlScalar(key, { column: 4, indent: 4 });
		return `  ? ${name}\n  : ${formatGoYamlScalar(value, { column: 4, indent: 4 })}\n`;
	}
	const name = formatGoYamlScalar(key, { column: 2, indent: 4, simpleKey: true });
	return `  ${name}: ${formatGoYamlScalar(value, { column: name.length + 4, indent: 4 })}\n`;
}

/** The entries of a map at column 2, in goyaml's order of keys, each with a newline. */
export function formatGoYamlMap(map: ReadonlyMap<string, string>): string {
	// Sorting by bytes first gives one result for one set of keys, even if goyaml's order of them is circular.
	const keys = sortGoJsonKeys(map.keys()).sort(compareGoYamlKeys);
	return keys.map((key) => formatGoYamlEntry(key, map.get(key) ?? '')).join('');
}
