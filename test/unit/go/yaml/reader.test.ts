import { describe, expect, it } from 'vitest';
import { readYaml } from '../../../../src/go/yaml/reader.js';

/** The value, or `offset reason`. */
function read(text: string): unknown {
	const [document] = readYaml(text);
	if (document === undefined) return undefined;
	return 'value' in document ? JSON.parse(JSON.stringify(document.value)) : `${document.offset} ${document.reason}`;
}

// The results are those of kubectl v1.32: kubectl annotate --local -f FILE x=y -o json
describe('readYaml', () => {
	it.each([
		['1.10', '1.1'],
		['010', '8'],
		['1_0', '10'],
		['08', '8'],
		['0b-1', '-1'],
		['.5_5', '0.55'],
		['-0.0', '-0'],
		['0.0001', '0.0001'],
		['1e-7', '1e-07'],
		['123456.7', '123456.7'],
		['1e6', '1e+06'],
		['123456789.5', '1.2345679e+08'],
		['1e39', '.inf'],
		['9223372036854775807', '9223372036854775807'],
		['-9223372036854775808', '-9223372036854775808'],
		['100000000000000000000', '1e+20'],
		['+.INF', '.inf'],
		['-.Inf', '-.inf'],
		['.NaN', '.nan'],
		['on', 'true'],
		['_1', '_1'],
		['1e400', '1e400'],
		['1.2.3', '1.2.3'],
		['0xfffffffffffffffff', '0xfffffffffffffffff'],
		['1:30', '1:30'],
		['2001-01-01', '2001-01-01'],
	])('reads the key %s as %s, also through an alias', (word, key) => {
		expect(read(`${word}: v`)).toEqual({ [key]: 'v' });
		expect(read(`a: &a ${word}\nb: {? *a : v}`)).toHaveProperty(['b', key], 'v');
	});

	it.each(['_1', '1e400', '.1e400', '0x10000000000000000', '1__x', '+', '.', '.1__2', '1.2.3', '0b2'])(
		'keeps %s',
		(word) => {
			expect(read(`- ${word}`)).toEqual([word]);
		},
	);

	it.each([
		['a: 1\n<<: {a: 2}', { a: 2 }],
		['<<: {a: 2}\na: 1', { a: 1 }],
		['<<: [{a: 1}, {a: 2, b: 3}]', { a: 1, b: 3 }],
	])('lets a merge key replace only the keys before it: %j', (text, value) => {
		expect(read(text)).toEqual(value);
	});

	it.each([
		[
			'continuation lines of quoted text at any column',
			'a:\n  b: \'{\n    "x": 1\n  }\'\n  c: "x\ny"\n',
			{
				a: { b: '{ "x": 1 }', c: 'x y' },
			},
		],
		[
			'continuation lines of collections at any column',
			'a:\n  b: [{\n    x: v\n  }, [\nz\n]]\n',
			{ a: { b: [{ x: 'v' }, ['z']] } },
		],
		['CR and NEL as line ends', 'a: |\n  x\r  y\u0085  z\nb: "x\u0085y"\rc: d', { a: 'x\ny\nz\n', b: 'x y', c: 'd' }],
		[
			'escaped line ends and blank lines',
			'a: "x\\\n  y\\\\\n\n z"\nb: |2\n  x\n\nc: |2\n\nd: |+\n  \n',
			{
				a: 'xy\\\nz',
				b: 'x\n',
				c: '',
				d: '\n',
			},
		],
		['a line separator inside quotes', 'a: "x\u2028y"', { a: 'x\u2028y' }],
		['JSON with its own escapes', '{"a": "\\ud83d\\ude00\\/"}', { a: '\u{1f600}/' }],
	])('reads %s', (_name, text, value) => {
		expect(read(text)).toEqual(value);
	});

	it.each([
		['a: "x', '5 yaml: missing closing "quote'],
		["a: 'x\nb: y\n", "11 yaml: missing closing 'quote"],
		['18446744073709551615: x', '0 yaml: invalid map key: a number above 9223372036854775807'],
		['a: !!null x', '10 yaml: cannot decode !!str `x` as a !!null'],
		['a: !!bool 1', '10 yaml: cannot decode !!str `1` as a !!bool'],
		['a: !!float x', '11 yaml: cannot decode !!str `x` as a !!float'],
		['a: "\\ud83d\\ude00"', '3 yaml: found invalid Unicode character escape code'],
		['a: "\\/"', '3 yaml: found unknown escape character'],
		['a: "x\\\n\n  y"', '3 yaml: an empty line follows a line that ends with a backslash; write the newline as "\\n"'],
		['a: |2\n     \nb: c', '3 yaml: the text has only blanks; put it in double quotes'],
		['a: |\n  \tx\n', '3 yaml: found a tab character where an indentation space is expected'],
	])('refuses %j', (text, fault) => {
		expect(read(text)).toBe(fault);
	});

	it.each(['a: x\u2028y', 'a: |\n  x\u2028y\n', 'a: "x \u2029y"'])('refuses the line separator of %j', (text) => {
		expect(read(text)).toBe(
			'3 yaml: U+2028 and U+2029 end a line in YAML 1.1; write them as "\\L" and "\\P" in double quotes',
		);
	});
});
