/**
 * What kubectl's YAML reader refuses in a scalar and the parser takes, so that nothing is shown that a pod would not get.
 * Pure. Source: kubectl v1.32 (sigs.k8s.io/yaml v1.4), goyaml.v2 scannerc.go and resolve.go.
 */

import type { Scalar } from 'yaml';

/** Tags whose scalars are no strings. */
const TYPED = /^tag:yaml\.org,2002:(null|bool|int|float)$/;
/** In YAML 1.1 they end a line; the parser takes them for characters like others. */
const LINE_SEPARATOR = /[\u2028\u2029]/;
/** A line ends next to white space, which a line end swallows. */
const SEPARATOR_AT_SPACE = /\s[\u2028\u2029]|[\u2028\u2029]\s/;
/** The parser drops the line end that the empty line stands for. */
const ESCAPED_END_AND_EMPTY_LINE = /[^\\](?:\\\\)*\\\r?\n[ \t]*\r?\n/;
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|.)/gs;

/** Why kubectl does not take a scalar of a text; undefined: it does. JSON may have escapes of its own. */
export function scalarFault(scalar: Scalar, text: string, isJson: boolean): string | undefined {
	const { tag = '', type, value, range } = scalar;
	const [, typeName] = TYPED.exec(tag) ?? [];
	if (typeName !== undefined && typeof value === 'string')
		return `cannot decode !!str ${short(value)} as a !!${typeName}`;
	const written = range === undefined || range === null ? '' : text.slice(range[0], range[1]);
	if (LINE_SEPARATOR.test(written) && (!isQuoted(type) || SEPARATOR_AT_SPACE.test(written))) {
		return 'U+2028 and U+2029 end a line in YAML 1.1; write them as "\\L" and "\\P" between double quotes';
	}
	if (type === 'QUOTE_DOUBLE' && ESCAPED_END_AND_EMPTY_LINE.test(written)) {
		return 'a backslash ends the line before an empty one; write a line end as "\\n"';
	}
	if (type === 'QUOTE_DOUBLE') return isJson ? undefined : escapeFault(written);
	if (type !== 'BLOCK_LITERAL' && type !== 'BLOCK_FOLDED') return undefined;
	if (hasTabIndent(written)) return 'found a tab character where an indentation space is expected';
	if (hasOnlyBlanks(written)) return 'a text of nothing but blanks; write it between double quotes';
	return undefined;
}

function short(value: string): string {
	return `\`${value.length > 40 ? `${value.slice(0, 40)}…` : value}\``;
}

function isQuoted(type: Scalar['type']): boolean {
	return type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE';
}

/** JSON's own escapes are for JSON: in YAML a slash is no special character, and for surrogates there is `\U`. */
function escapeFault(written: string): string | undefined {
	if (!/\\(?:u[dD][89a-fA-F]|\/)/.test(written)) return undefined;
	for (const [sequence, hex] of written.matchAll(ESCAPE)) {
		if (sequence === '\\/') return 'found unknown escape character';
		if (hex !== undefined && /^d[89a-f]/i.test(hex)) return 'found invalid Unicode character escape code';
	}
	return undefined;
}

/** Whether there is nothing but blanks where the indentation is given; the parser drops those beyond it. */
function hasOnlyBlanks(written: string): boolean {
	if (!/^[|>][-+]?[1-9]/.test(written)) return false;
	const lines = written.slice(written.indexOf('\n') + 1);
	return lines.includes(' ') && !/\S/.test(lines);
}

/** Whether a block scalar has a tab where its indentation is still to be found. */
function hasTabIndent(written: string): boolean {
	const [header = '', ...lines] = written.split('\n', written.includes('\t') ? undefined : 1);
	if (/^[|>][-+]?[1-9]/.test(header)) return false;
	const first = lines.find((line) => /^ *[^ \r]/.test(line)) ?? '';
	return /^ *\t/.test(first);
}
