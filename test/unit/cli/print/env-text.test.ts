import { execFileSync } from 'node:child_process';
import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { envText } from '../../../../src/cli/print/env-text.js';
import { isShellName } from '../../../../src/pod/environment/names.js';

function variable(name: string, value: string | null) {
	return { name, value, bytes: Buffer.byteLength(value ?? 'hunter2'), isShellName: isShellName(name) };
}

const VALUES = [
	'',
	'plain',
	'two words',
	"it's",
	'a\nb\n',
	'$HOME `id` "x"',
	'\\',
	'#no',
	' edge ',
	'ü\t',
	'\\n',
	"'\\",
];

describe('text', () => {
	test('is what env prints', () => {
		const { text, warnings } = envText([variable('A', 'x=y'), variable('b.c', 'two\nlines\x1b[31m')], 'text', false);
		expect(text).toBe('A=x=y\nb.c=two\nlines\x1b[31m\n');
		expect(warnings).toEqual([]);
	});

	test('gives a terminal nothing to obey', () => {
		expect(envText([variable('A', 'two\nlines\x1b[31m\u202e')], 'text', true).text).toBe(
			'A=two\nlines\\x1b[31m\\u{202e}\n',
		);
	});

	test('shows the size of a masked value, and not the value', () => {
		expect(envText([variable('A', null)], 'text', false).text).toBe('A=(Secret, 7 bytes)\n');
		expect(envText([{ ...variable('A', null), bytes: 1 }], 'text', false).text).toBe('A=(Secret, 1 byte)\n');
	});
});

describe('export', () => {
	/** What a shell has after it has read the text. */
	function inShell(text: string, names: readonly string[]): readonly string[] {
		const script = `${text}\nprintf '%s\\0' ${names.map((name) => `"$${name}"`).join(' ')}`;
		return execFileSync('sh', ['-euc', script], { encoding: 'utf8', env: {} }).split('\0').slice(0, -1);
	}

	test('passes every value to a shell unchanged', () => {
		const variables = VALUES.map((value, index) => variable(`V${index}`, value));
		const { text, warnings } = envText(variables, 'export', false);
		expect(
			inShell(
				text,
				variables.map(({ name }) => name),
			),
		).toEqual(VALUES);
		expect(warnings).toEqual([]);
	});

	test('any values', () => {
		const value = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
		fc.assert(
			fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), (values) => {
				const variables = values.map((one, index) => variable(`V${index}`, one));
				const names = variables.map(({ name }) => name);
				expect(inShell(envText(variables, 'export', false).text, names)).toEqual(values);
			}),
			{ numRuns: 20 },
		);
	});

	test('leaves out names that a shell cannot use, with a warning', () => {
		const { text, warnings } = envText(
			[variable('my.key', 'x'), variable('9', 'x'), variable('OK', '1')],
			'export',
			false,
		);
		expect(text).toBe("export OK='1'\n");
		expect(warnings).toEqual([
			'"my.key" is left out: a shell cannot use this name',
			'"9" is left out: a shell cannot use this name',
		]);
	});

	test('sets nothing for a masked value', () => {
		const { text } = envText([variable('PASSWORD', null)], 'export', false);
		expect(text).toBe('# PASSWORD: value of a Secret; --show-secrets prints it\n');
		expect(inShell(`PASSWORD=before\n${text}`, ['PASSWORD'])).toEqual(['before']);
	});
});

describe('dotenv', () => {
	test('node reads the values as they are, or they are left out with a warning', () => {
		const text = fc.string({ unit: fc.constantFrom(...'ab =\'"`$#\\\n\r\tü') });
		fc.assert(
			fc.property(fc.array(text, { maxLength: 5 }), (values) => {
				const variables = values.map((value, index) => variable(`V${index}`, value));
				const written = envText(variables, 'dotenv', false);
				const read = parseEnv(written.text);
				for (const { name, value } of variables) {
					const isLeftOut = written.warnings.some((warning) => warning.startsWith(`"${name}" `));
					expect(read[name]).toBe(isLeftOut ? undefined : value);
				}
			}),
			{ numRuns: 2000 },
		);
	});

	test.each(VALUES.filter((value) => !value.endsWith('\\') || value === '\\'))('holds %j', (value) => {
		expect(parseEnv(envText([variable('A', value), variable('B', 'b')], 'dotenv', false).text)).toEqual({
			A: value,
			B: 'b',
		});
	});

	test('leaves out names and values that no file can hold', () => {
		const all = [variable('a b', 'x'), variable('my.key', 'x'), variable('A', '\'"`')];
		expect(envText(all, 'dotenv', false)).toEqual({
			text: 'my.key=x\n',
			warnings: [
				'"a b" is left out: a .env file cannot contain this name',
				'"A" is left out: a .env file cannot contain its value',
			],
		});
	});

	test('sets nothing for a masked value', () => {
		expect(parseEnv(envText([variable('A', null)], 'dotenv', false).text)).toEqual({});
	});
});
