import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expand, traceExpansion } from '../../../../src/pod/environment/expansion.js';

const VALUES: ReadonlyMap<string, string> = new Map([
	['VAR_A', 'A'],
	['VAR_B', 'B'],
	['VAR_C', 'C'],
	['VAR_REF', '$(VAR_A)'],
	['VAR_EMPTY', ''],
]);
const lookup = (name: string) => VALUES.get(name);

/** The table of Kubernetes' own test. Undefined: unchanged. */
const VECTORS: readonly (readonly [text: string, expanded: string | undefined])[] = [
	['$(VAR_A)', 'A'],
	['$(VAR_A)-$(VAR_A)', 'A-A'],
	['$(VAR_A)-1', 'A-1'],
	['___$(VAR_B)___', '___B___'],
	['___$(VAR_C)', '___C'],
	['$(VAR_A)_$(VAR_B)_$(VAR_C)', 'A_B_C'],
	['$$(VAR_B)_$(VAR_A)', '$(VAR_B)_A'],
	['$$(VAR_A)_$$(VAR_B)', '$(VAR_A)_$(VAR_B)'],
	['f000-$$VAR_A', 'f000-$VAR_A'],
	['foo\\$(VAR_C)bar', 'foo\\Cbar'],
	['foo\\\\$(VAR_C)bar', 'foo\\\\Cbar'],
	['foo\\\\\\\\$(VAR_A)bar', 'foo\\\\\\\\Abar'],
	['$(VAR_A$(VAR_B))', undefined],
	['$(VAR_A$(VAR_B)', undefined],
	['$(VAR_REF)', '$(VAR_A)'],
	['%%$(VAR_REF)--$(VAR_REF)%%', '%%$(VAR_A)--$(VAR_A)%%'],
	['foo$(VAR_EMPTY)bar', 'foobar'],
	['foo$(VAR_Awhoops!', undefined],
	['f00__(VAR_A)__', undefined],
	['$?_boo_$!', undefined],
	['$VAR_A', undefined],
	['$(VAR_DNE)', undefined],
	['$$$$$$(BIG_MONEY)', '$$$(BIG_MONEY)'],
	['$$$$$$(VAR_A)', '$$$(VAR_A)'],
	['$$$$$$$(GOOD_ODDS)', '$$$$(GOOD_ODDS)'],
	['$$$$$$$(VAR_A)', '$$$A'],
	['$VAR_A)', undefined],
	['$\x7bVAR_A}', undefined],
	['$(VAR_B)_______$(A', 'B_______$(A'],
	['$(VAR_C)_______$(', 'C_______$('],
	['$(VAR_A)foobarzab$', 'Afoobarzab$'],
	['foo-\\$(VAR_A', undefined],
	['--$($($($($--', undefined],
	['$($($($($--foo$(', undefined],
	['foo0--$($($($(', undefined],
	['$(foo$$var)', undefined],
	['\n', undefined],
];

describe('U1 expand', () => {
	test.each(VECTORS)('U1 %j', (text, expanded) => {
		expect(expand(text, lookup)).toBe(expanded ?? text);
	});

	test('U1 expands variables from those declared before', () => {
		const values = new Map<string, string>();
		for (const [name, text] of [
			['FOO', 'bar'],
			['ZOO', '$(FOO)-1'],
			['BLU', '$(ZOO)-2'],
		] as const) {
			values.set(
				name,
				expand(text, (one) => values.get(one)),
			);
		}
		expect([...values.values()]).toEqual(['bar', 'bar-1', 'bar-1-2']);
	});
});

describe('expand', () => {
	test.each([
		['', ''],
		['$', '$'],
		['$$', '$'],
		['$$$', '$$'],
		['$()', '$()'],
		['$( VAR_A )', '$( VAR_A )'],
		['$(VAR_A)$(VAR_DNE)$(VAR_B)', 'A$(VAR_DNE)B'],
		// Kubelet breaks these two, because it reads only the first byte of the character.
		['$é $(VAR_A)', '$é A'],
		['$🌍$(VAR_A)', '$🌍A'],
		['$(VAR_A)) $$)', 'A) $)'],
	])('expands %j to %j', (text, expanded) => {
		expect(expand(text, lookup)).toBe(expanded);
	});

	const piece = fc.constantFrom('$', '$$', '(', ')', '$(', '$(a)', '$(b)', 'a', 'é', '🌍', '\n', ' ');
	const texts = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(''));

	test('restores any text with doubled dollars', () => {
		fc.assert(
			fc.property(texts, (text) => {
				expect(expand(text.replaceAll('$', '$$$$'), () => 'never')).toBe(text);
			}),
		);
	});

	test('joins the text around a reference, and never expands a value', () => {
		fc.assert(
			fc.property(texts, fc.string(), texts, (left, value, right) => {
				const [before, after] = [left, right].map((text) => text.replaceAll('$', '$$$$'));
				expect(expand(`${before}$(X)${after}`, () => value)).toBe(left + value + right);
			}),
		);
	});
});

test('traceExpansion names each reference once, in order', () => {
	const text = '$(VAR_B)$(NO)$(VAR_A)$(VAR_B)$$(VAR_C)$(VAR_EMPTY)$(NEVER)$(NO)$(';
	expect(traceExpansion(text, lookup)).toEqual({
		text: 'B$(NO)AB$(VAR_C)$(NEVER)$(NO)$(',
		references: ['VAR_B', 'VAR_A', 'VAR_EMPTY'],
		unresolved: ['NO', 'NEVER'],
	});
});
