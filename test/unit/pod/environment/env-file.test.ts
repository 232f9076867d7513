import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readEnvFile } from '../../../../src/pod/environment/env-file.js';

describe('readEnvFile', () => {
	test.each<readonly [what: string, file: string, key: string, value: string | undefined]>([
		['a value', "A='1'\nB='2'\n", 'B', '2'],
		['the last line without its end', "A='1'", 'A', '1'],
		['blanks before a name', "   A='1'\n\t\tB='2'\n", 'B', '2'],
		['comments and blank lines', "# A='0'\n\n   # more\n \t\nA='1'\n", 'A', '1'],
		['no such key', "A='1'\n", 'B', undefined],
		['an empty file', '', 'A', undefined],
		['an empty value', "A=''\n", 'A', ''],
		['a blank after =, which assigns nothing', "A= '1'\n", 'A', ''],
		['a blank after = of another key', "A= whatever\nB='2'", 'B', '2'],
		['blanks inside the quotes', "A='  1 \t'\n", 'A', '  1 \t'],
		['a number sign and = inside the quotes', "A='a#b=c'\n", 'A', 'a#b=c'],
		['no expansion and no escapes', "A='$B \x24{C} $(D) \\n \\\\ \"'\n", 'A', '$B \x24{C} $(D) \\n \\\\ "'],
		['a comment after the quote', "A='1' # one\nB='2'#two\n", 'B', '2'],
		['blanks after the quote', "A='1' \t\n", 'A', '1'],
		['several lines', "A='one\n  two\n\n# three'\nB='2'\n", 'A', 'one\n  two\n\n# three'],
		['what comes after several lines', "A='one\ntwo'\nB='2'\n", 'B', '2'],
		['a key inside the value of another', "A='one\nB='\nB='2'", 'B', '2'],
		['line ends of Windows', "A='one\r\ntwo'\r\nB='2'\r\n", 'A', 'one\ntwo'],
		['the first of two', "A='1'\nA='2'\n", 'A', '1'],
		['nothing after the line of the key', "A='1'\nnonsense", 'A', '1'],
		['a name with anything in it', "a b.c-1='x'\n", 'a b.c-1', 'x'],
		['text that is not ASCII', "A='中文 🌍'\n", 'A', '中文 🌍'],
	])('reads %s', (_, file, key, value) => {
		expect(readEnvFile(file, key)).toBe(value);
	});

	test.each([
		["A='1'\nnonsense\nB='2'", "at line 2: missing '='"],
		["='1'", 'at line 1: empty variable name'],
		["A = '1'", "at line 1: whitespace before '=' is not allowed"],
		["A\t='1'", "at line 1: whitespace before '=' is not allowed"],
		["A='1'\nC=2", 'at line 2: value must be enclosed in single quotes'],
		['A="1"', 'at line 1: value must be enclosed in single quotes'],
		['A=', 'at line 1: value must be enclosed in single quotes'],
		["A='1''2'", 'at line 1: unexpected content after closing quote'],
		["A='one\ntwo'x", 'at line 2: unexpected content after closing quote'],
		["A='it\\'s'", 'at line 1: unexpected content after closing quote'],
		["A='1'\n\nC='two\nthree\n", 'starting at line 3: unclosed single quote'],
	])('refuses %j', (file, reason) => {
		const message = `invalid environment variable format ${reason}`;
		expect(() => readEnvFile(file, 'B')).toThrow(expect.objectContaining({ code: 'INPUT_INVALID', message }));
	});

	test('reads back any value without a single quote or a carriage return', () => {
		const values = fc.string({ unit: 'binary' }).map((text) => text.replaceAll(/['\r]/g, ''));
		fc.assert(
			fc.property(values, values, (first, second) => {
				const file = `# x\nA='${first}' # y\n B='${second}'\n`;
				expect([readEnvFile(file, 'A'), readEnvFile(file, 'B')]).toEqual([first, second]);
			}),
		);
	});
});
