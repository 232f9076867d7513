/**
 * Faults of a scalar that kubectl's YAML reader refuses and the parser accepts. Without these checks a mount would show
 * what a pod never gets. Pure. Source: kubectl v1.32 (sigs.k8s.io/yaml v1.4), goyaml.v2 scannerc.go and resolve.go.
 */

import type { Scalar } from 'yaml';

/** Tags of scalars that are not strings. */
const TYPED = /^tag:yaml\.org,2002:(null|bool|int|float)$/;
/** They end a line in YAML 1.1; the parser reads them as ordinary characters. */
const LINE_SEPARATOR = /[\u2028\u2029]/;
/** YAML 1.1 removes white space next to a line end; the parser keeps it. */
const SEPARATOR_AT_SPACE = /\s[\u2028\u2029]|[\u2028\u2029]\s/;
/** The parser drops the newline that the empty line stands for. */
const ESCAPED_END_AND_EMPTY_LINE = /[^\\](?:\\\\)*\\\r?\n[ \t]*\r?\n/;
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|.)/gs;

/** Why kubectl refuses a scalar of `text`; undefined if it accepts it. JSON has additional escapes. */
export function scalarFault(scalar: Scalar, text: string, isJson: boolean): string | undefined {
	const { tag = '', type, value, range } = scalar;
	const [, typeName] = TYPED.exec(tag) ?? [];
	if (typeName !== undefined && typeof value === 'string')
		return `cannot decode !!str ${short(value)} as a !!${typeName}`;
	const written = range === undefined || range === null ? '' : text.slice(range[0], range[1]);
	if (LINE_SEPARATOR.test(written) && (!isQuoted(type) || SEPARATOR_AT_SPACE.test(written))) {
		return 'U+2028 and U+2029 end a line in YAML 1.1; write them as "\\L" and "\\P" in double quotes';
	}
	if (type === 'QUOTE_DOUBLE' && ESCAPED_END_AND_EMPTY_LINE.test(written)) {
		return 'an empty line follows a line that ends with a backslash; write the newline as "\\n"';
	}
	if (type === 'QUOTE_DOUBLE') return isJson ? undefined : escapeFault(written);
	if (type !== 'BLOCK_LITERAL' && type !== 'BLOCK_FOLDED') return undefined;
	if (hasTabIndent(written)) return 'found a tab character where an indentation space is expected';
	if (hasOnlyBlanks(written)) return 'the text has only blanks; put it in double quotes';
	return undefined;
}

function short(value: string): string {
	return `\`${value.length > 40 ? `${value.slice(0, 40)}…` : value}\``;
}

function isQuoted(type: Scalar['type']): boolean {
	return type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE';
}

/** Escapes that only JSON has: YAML does not escape a slash, and writes `\U` instead of surrogates. */
function escapeFault(written: string): string | undefined {
	if (!/\\(?:u[dD][89a-fA-F]|\/)/.test(written)) return undefined;
	for (const [sequence, hex] of written.matchAll(ESCAPE)) {
		if (sequence === '\\/') return 'found unknown escape character';
		if (hex !== undefined && /^d[89a-f]/i.test(hex)) return 'found invalid Unicode character escape code';
	}
	return undefined;
}

/** Whether a block scalar with explicit indentation has only blanks; the parser drops those beyond the indentation. */
function hasOnlyBlanks(written: string): boolean {
	if (!/^[|>][-+]?[1-9]/.test(written)) return false;
	const lines = written.slice(written.indexOf('\n') + 1);
	return lines.includes(' ') && !/\S/.test(lines);
}

/** Whether a block scalar without explicit indentation has a tab in the indentation of its first line. */
function hasTabIndent(written: string): boolean {
	const [header = '', ...lines] = written.split('\n', written.includes('\t') ? undefined : 1);
	if (/^[|>][-+]?[1-9]/.test(header)) return false;
	const first = lines.find((line) => /^ *[^ \r]/.test(line)) ?? '';
	return /^ *\t/.test(first);
}
