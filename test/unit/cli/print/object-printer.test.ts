import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
	type OutputFormat,
	type PrintableConfigMap,
	printConfigMap,
} from '../../../../src/cli/print/object-printer.js';

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
const ABSENT = 'kubectl is not on PATH: nothing to compare the printed text with';

function makeObject(data: Readonly<Record<string, string>>, binaryData: Readonly<Record<string, Buffer>> = {}) {
	return {
		name: 'x',
		data: new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value)])),
		binaryData: new Map(Object.entries(binaryData)),
	};
}

function printWithKubectl(object: PrintableConfigMap, format: OutputFormat): string {
	const folder = mkdtempSync(join(tmpdir(), 'cmfs-print-'));
	try {
		for (const [key, value] of [...object.data, ...object.binaryData]) writeFileSync(join(folder, key), value);
		const args = ['create', 'cm', object.name, `--from-file=${folder}`, '--dry-run=client', '-o', format];
		if (object.namespace !== undefined) args.push('-n', object.namespace);
		return execFileSync('kubectl', args, { encoding: 'utf8' });
	} finally {
		rmSync(folder, { recursive: true });
	}
}

function keyed(values: readonly string[]): Record<string, string> {
	return Object.fromEntries(values.map((value, index) => [`k${index}`, value]));
}

const WORDS = [
	...[
		'yes',
		'y',
		'Y',
		'n',
		'on',
		'off',
		'No',
		'true',
		'TRUE',
		'tRue',
		'false',
		'null',
		'Null',
		'~',
		'',
		'=',
		'<<',
		'<',
	],
	...['123', '0644', '08', '0x1F', '0x', '0o17', '0b11', '-0b11', '0b-11', '0b', '1_000', '1_', '_1', '+', '-_1', '-0'],
	...['1.5', '1e3', '1e+3', '1e', '1.', '1.e3', '.e3', '.5', '.5e3', '.5_0', '+1', '-1', '-.5', '0_x1F', '0X1f', '00'],
	...['.inf', '-.inf', '+.inf', '.nan', '.NaN', '.', '..', '...', '---', '--- a', '...a', '1 2'],
	...['9223372036854775808', '18446744073709551616', '99999999999999999999', '-0x8000000000000001', '1:30', '1:2:3.5'],
	...[
		'190:20:30',
		'1:60',
		'2001-01-01',
		'2001-1-1',
		'2001-13-1',
		'2001-02-30',
		'2000-02-29',
		'1900-02-29',
		'0000-02-29',
	],
	...[
		'2001-01-01T00:00:00Z',
		'2001-01-01t1:2:3.5+01:00',
		'2001-01-01T00:00:00',
		'2001-1-1   1:1:1',
		'2001-1-1 1:1:1 Z',
	],
	...['2001-1-1 24:1:1', '2001-1-1 1:1:1.5', '2001-1-1 1:1:1,5', '20011-1-1', '2001-1-1T1:1:1+25:00', '2001-1-1T'],
];
const SHAPES = [
	...['key: value', '- x', '-x', '-', '- - -', '# c', 'a # c', 'a#c', '#', ':', ': a', 'a:', 'a:b', '?', '? a', '?a'],
	...[
		"'",
		'"',
		"a'b: c",
		"it's",
		"a: 'b'",
		'%x',
		'@x',
		'`x',
		'!x',
		'&x',
		'*x',
		'|x',
		'>x',
		'[x',
		'{x',
		']x',
		'}x',
		',x',
	],
	...[
		'a,b',
		'a [b]',
		'x\\y',
		'a  b',
		' a',
		'a ',
		' ',
		'  ',
		" '",
		' x: y',
		'- ',
		'a\tb',
		'\tb',
		'a\t',
		'-\tx',
		'a:\tb',
		'a\t#',
	],
	...[
		'\u00e9\u4e2d',
		'\u{1F600}',
		'\x01',
		'\x1b',
		'a\0',
		'a\u00a0b',
		'\ufffd',
		'\ue000',
		'\ufeff',
		'x\ufeffy',
		'\ufeffab c',
	],
	...[
		'\n',
		'\n\n',
		'\n\n\n',
		'a\n',
		'a\n\n',
		'a\n\n\n',
		'\na\n',
		'a\nb',
		'a\n#b',
		'a\n\nb',
		' \n',
		'a \nb',
		'a\n b',
		'a\nb ',
	],
	...[
		'  a\nb\n',
		'a\n \nb\n',
		'a\n\tb\n',
		'\ta\nb',
		'a\r\nb\r\n',
		'a\rb',
		'\r',
		'x\\y\n',
		': \n',
		'- a\n- b\n',
		'\n a\n',
	],
];
const long = 'word '.repeat(40);
const LONG = [
	...['x'.repeat(200), long, `${long}end`, `${long}end: x`, `x\n${long}\n`, `x\n${long}end\n`, '"long" '.repeat(50)],
	...[
		"word '".repeat(30),
		'q" '.repeat(60),
		`\u00e9\u00e9${'a '.repeat(90)}`,
		`\t\u{1F600} ${long}`,
		'long  '.repeat(30),
	],
	...[`  ${long}`, `\t${'long  '.repeat(40)}`, `\t${'x'.repeat(85)}  y`, `\t${'x'.repeat(85)} `, `\ufeff${long}`],
	...['\u65e5\u672c '.repeat(50), `${'\u65e5\u672c '.repeat(50)}a`, `\\ ${'\\" '.repeat(50)}`],
];

describe('printConfigMap', () => {
	it('prints the smallest object', () => {
		const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  creationTimestamp: null\n  name: x\n';
		expect(printConfigMap(makeObject({}), 'yaml')).toBe(yaml);
		expect(printConfigMap(makeObject({}), 'name')).toBe('configmap/x\n');
	});

	it('prints data, binaryData and the namespace in order', () => {
		const object = { ...makeObject({ b: '1', a: 'x\n' }, { z: Buffer.from([0xff, 0xfe]) }), namespace: 'ns' };
		const yaml = [
			...['apiVersion: v1', 'binaryData:', '  z: //4=', 'data:', '  a: |', '    x', '  b: "1"', 'kind: ConfigMap'],
			...['metadata:', '  creationTimestamp: null', '  name: x', '  namespace: ns', ''],
		];
		expect(printConfigMap(object, 'yaml')).toBe(yaml.join('\n'));
		expect(JSON.parse(printConfigMap(object, 'json'))).toEqual({
			kind: 'ConfigMap',
			apiVersion: 'v1',
			metadata: { name: 'x', namespace: 'ns', creationTimestamp: null },
			data: { a: 'x\n', b: '1' },
			binaryData: { z: '//4=' },
		});
	});

	it.each([
		['U+2028, which kubectl prints raw', 'a\u2028b\nc', '"a\\Lb\\nc"'],
		['U+0085, which kubectl makes a blank', 'a\u0085b', '"a\\Nb"'],
		['DEL, which kubectl refuses', 'a\x7fb', '"a\\x7Fb"'],
		['a number too large for a double, which kubectl leaves bare', '1e400', '"1e400"'],
		['an integer too large for 64 bits, which kubectl leaves bare', '0xFFFFFFFFFFFFFFFFF', '"0xFFFFFFFFFFFFFFFFF"'],
	])('quotes %s', (_, value, scalar) => {
		const printed = printConfigMap(makeObject({ k: value }), 'yaml');
		expect(printed).toContain(`  k: ${scalar}\n`);
		expect(parse(printed).data).toEqual({ k: value });
	});

	it('round-trips every odd value', () => {
		const data = keyed([...WORDS, ...SHAPES, ...LONG]);
		expect(parse(printConfigMap(makeObject(data), 'yaml')).data).toEqual(data);
		expect(JSON.parse(printConfigMap(makeObject(data), 'json')).data).toEqual(data);
	});
});

const character = fc.oneof(
	{ weight: 6, arbitrary: fc.constantFrom(...' \n:#-\'"\\,[]{}?&*!|>%@`.0123456789+_eExobTZ~y'.split('')) },
	{ weight: 1, arbitrary: fc.constantFrom('\t', '\r', '\u00e9', '\u{1F600}', '\u00a0', '\ufeff', '\x01', '\0') },
	{ weight: 2, arbitrary: fc.constantFrom('a', 'word ', 'long word ') },
);
const likeKubectl = fc.oneof(
	fc.array(character, { maxLength: 8 }).map((parts) => parts.join('')),
	fc.array(character, { minLength: 40, maxLength: 90 }).map((parts) => parts.join('')),
	fc.array(fc.constantFrom('word', ' ', '  ', 'x', "'", '"', '\t'), { maxLength: 90 }).map((parts) => parts.join('')),
	fc.array(fc.constantFrom(...'0123456789-:T.Z+_ex '.split('')), { maxLength: 12 }).map((parts) => parts.join('')),
);
const anyText = fc.oneof(likeKubectl, fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }));
const keyName = fc.stringMatching(/^[-_a-zA-Z0-9][-._a-zA-Z0-9]{0,140}$/).filter((key) => key !== '__proto__');
/** No letter after a digit: kubectl's order of such keys is not defined, and changes from run to run. */
const shortKey = fc.stringMatching(/^[-_a-zA-Z]{1,2}[0.][019]{0,5}[-_.]?[019]{0,2}$/);

/** Numbers that only a YAML 1.2 reader takes for numbers are quoted here and bare in kubectl's text. */
function isDeparture(value: string): boolean {
	return /^[-+]?[0-9.]+[eE][-+]?[0-9]{3,}$/.test(value) || /^0[xo][0-9a-fA-F]{16,}$/.test(value);
}

describe('any object', () => {
	it('is read back from YAML and JSON as it was', () => {
		fc.assert(
			fc.property(fc.dictionary(keyName, anyText, { noNullPrototype: true }), (data) => {
				const object = makeObject(data);
				expect(parse(printConfigMap(object, 'yaml')).data ?? {}).toEqual(data);
				expect(JSON.parse(printConfigMap(object, 'json')).data ?? {}).toEqual(data);
			}),
			{ numRuns: 150 },
		);
	});
});

describe('against the real kubectl', () => {
	it.for<readonly [name: string, data: Record<string, string>]>([
		['words', keyed(WORDS)],
		['shapes', keyed(SHAPES)],
		['long lines', keyed(LONG)],
		['html', { a: '<a href="x">&amp;</a>', b: '\u2028' }],
		['long keys', Object.fromEntries([127, 128, 129, 253].map((n) => ['a'.repeat(n), `${n}: ${long}\n`]))],
		[
			'odd keys',
			Object.fromEntries('- -- --- _ 1 01 10 .5 .inf a9 a10 a-1 a.1 a_1 A y null'.split(' ').map((k) => [k, k])),
		],
	])('prints the same text for %s', ([name, data], ctx) => {
		if (!hasKubectl) ctx.skip(ABSENT);
		for (const format of ['yaml', 'json', 'name'] as const) {
			if (name === 'html' && format === 'yaml') continue;
			expect(printConfigMap(makeObject(data), format)).toBe(printWithKubectl(makeObject(data), format));
		}
	});

	it('prints the same binary data, name and namespace', (ctx) => {
		if (!hasKubectl) ctx.skip(ABSENT);
		const bytes = Array.from({ length: 60 }, (_, index) => Buffer.from([0xff - index, 0xc0, index * 3]));
		const binaryData = Object.fromEntries(bytes.map((value, index) => [`b${index}`, value]));
		for (const [name, namespace] of [
			['123', 'yes'],
			['x', '1e3'],
			['null', 'ns'],
		] as const) {
			const object = { ...makeObject({ a: 'b' }, { ...binaryData, long: Buffer.alloc(300, 0xff) }), name, namespace };
			for (const format of ['yaml', 'json', 'name'] as const) {
				expect(printConfigMap(object, format)).toBe(printWithKubectl(object, format));
			}
		}
	});

	it('prints the same text for random values and keys', (ctx) => {
		if (!hasKubectl) ctx.skip(ABSENT);
		const values = fc.array(likeKubectl, { minLength: 150, maxLength: 200, size: 'max' }).map(keyed);
		const keys = fc.dictionary(shortKey, fc.constant('x'), { minKeys: 10, maxKeys: 30, noNullPrototype: true });
		fc.assert(
			fc.property(fc.tuple(values, keys), ([random, odd]) => {
				for (const data of [random, odd]) {
					const usual = Object.fromEntries(Object.entries(data).filter(([, value]) => !isDeparture(value)));
					expect(printConfigMap(makeObject(usual), 'yaml')).toBe(printWithKubectl(makeObject(usual), 'yaml'));
				}
			}),
			{ numRuns: 4, endOnFailure: true },
		);
	});
});
