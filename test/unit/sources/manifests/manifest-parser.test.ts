import { describe, expect, it } from 'vitest';
import type { FieldValidation } from '../../../../src/model/fields/unknown-fields.js';
import { type ParsedManifest, parseManifest } from '../../../../src/sources/manifests/manifest-parser.js';
import { cpuMs } from '../../../support/until.js';
import { configMaps, otherKinds } from '../../store/source-objects.js';

function parse(content: Buffer | string): ParsedManifest {
	return parseManifest(content, { file: 'f.yaml', defaultNamespace: 'default' });
}

function head(name: string): string {
	return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;
}

/** `namespace/name: key=value …` of every object. */
function summary(content: Buffer | string): string[] {
	return configMaps(parse(content).objects).map(({ key, data, binaryData }) => {
		const values = [...data, ...binaryData].map(([name, value]) => `${name}=${value}`);
		return [`${key.namespace}/${key.name}:`, ...values].join(' ');
	});
}

function problems(content: Buffer | string): string[] {
	return parse(content).problems.map(({ location, reason }) => `${location} ${reason}`);
}

function values(yaml: string): Record<string, string> {
	const [object] = configMaps(parse(`${head('a')}data:\n${yaml}`).objects);
	return Object.fromEntries([...(object?.data ?? [])].map(([key, value]) => [key, value.toString()]));
}

describe('parseManifest on valid files', () => {
	it.each<[string, string, string[]]>([
		['one document', `${head('a')}data:\n  k: v\n`, ['default/a: k=v']],
		['several', `${head('a')}---\n${head('b')}--- # comment\n${head('c')}`, ['default/a:', 'default/b:', 'default/c:']],
		['leading separator, comments, empty documents', `---\n# c\n---\n\n---\n${head('a')}---\n---\n`, ['default/a:']],
		['the end of a document', `${head('a')}...\n---\n${head('b')}...\n`, ['default/a:', 'default/b:']],
		['content after the separator', '--- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n', ['default/a:']],
		['a directive', `%YAML 1.1\n---\n${head('a')}`, ['default/a:']],
		['a null document', `null\n---\n~\n---\n${head('a')}`, ['default/a:']],
		['nothing', '', []],
		['only comments', '# a\n# b\n', []],
		['a byte order mark', `\ufeff${head('a')}`, ['default/a:']],
		['two byte order marks', `\ufeff\ufeff${head('a')}`, ['default/a:']],
		[
			'a byte order mark at the start of each document',
			`\ufeff${head('a')}---\n\ufeff${head('b')}--- # c\r\n\ufeff${head('c')}---\n\ufeff{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "d"}}\n`,
			['default/a:', 'default/b:', 'default/c:', 'default/d:'],
		],
		[
			'a byte order mark after comments',
			`# c\n\n\ufeff${head('a')}---\n# c\n  # c\n\ufeff${head('b')}`,
			['default/a:', 'default/b:'],
		],
		[
			'a byte order mark inside a value',
			`${head('a')}data:\n  k: |\n    ---\n    \ufeffx\n  l: \ufeffy\n`,
			['default/a: k=---\n\ufeffx\n l=\ufeffy'],
		],
		[
			'CRLF',
			`${head('a')}data:\n  k: v\n  b: |\n    x\n    y\n---\n`.replaceAll('\n', '\r\n'),
			['default/a: k=v b=x\ny\n'],
		],
		[
			'JSON, tabs and all',
			'\t{"apiVersion":"v1",\n\t"kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"\\ud83d\\ude00\\/\\u0000"}}',
			['default/a: k=\u{1f600}/\0'],
		],
		[
			'JSON values after each other',
			'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"}{"}}\n {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}',
			['default/a: k=}{', 'default/b:'],
		],
		[
			'a List',
			'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: x}}\n- {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}]}\n',
			['x/a:', 'default/b:'],
		],
		[
			'a ConfigMapList, whose items carry no kind',
			'apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: a}\n  data: {k: v}\n',
			['default/a: k=v'],
		],
		['an empty List', 'apiVersion: v1\nkind: List\n', []],
		[
			'anchors and merge keys',
			`${head('a')}data: &d\n  k: v\n  l: w\n---\n${head('b')}data:\n  m: &m x\n  o: *m\n---\n{apiVersion: v1, kind: ConfigMap, metadata: &n {name: c}, data: {<<: [*n, {name: x, z: z}], z: w}}\n`,
			['default/a: k=v l=w', 'default/b: m=x o=x', 'default/c: z=w name=c'],
		],
		['"---" inside text', `${head('a')}data:\n  k: |\n    a\n    ---\n    b\n`, ['default/a: k=a\n---\nb\n']],
		['binary data', `${head('a')}binaryData:\n  k: aGk=\n  l: |\n    aG\n    k=\n`, ['default/a: k=hi l=hi']],
		['the binary tag', `${head('a')}data:\n  k: !!binary aGk=\n`, ['default/a: k=hi']],
	])('%s', (_name, text, expected) => {
		expect(problems(text)).toEqual([]);
		expect(summary(text)).toEqual(expected);
	});

	it('reads UTF-16 with a byte order mark', () => {
		const text = Buffer.from(`\ufeff${head('a')}data:\n  k: \u00e4\u{1f600}\n`, 'utf16le');
		expect(summary(text)).toEqual(['default/a: k=\u00e4\u{1f600}']);
		expect(summary(Buffer.from(text).swap16())).toEqual(['default/a: k=\u00e4\u{1f600}']);
	});

	it.each([
		['YAML', `# c\n---\n${head('a')}data: {k: u}\ndata:\n  j: v\n  j: w\n`, ['7:1 "data" 8:1', '9:3 "j" 10:3']],
		[
			'JSON',
			'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},\n "data":{},\n "data":{"j":"w"}}',
			['2:2 "data" 3:2'],
		],
	])('uses the last of two equal keys, with a warning that has both locations: %s', (_name, text, expected) => {
		const parsed = parse(text);
		expect(configMaps(parsed.objects).map(({ data }) => [...data].map(String))).toEqual([['j,w']]);
		expect(parsed.problems).toEqual(
			expected.map((one) => {
				const [first, key, second] = one.split(' ');
				const reason = `yaml: key ${key} already set in map at f.yaml:${first}; kubectl uses the last value`;
				return { location: `f.yaml:${second}`, reason, warning: 'duplicate-key' };
			}),
		);
	});

	it('keeps block scalars as written', () => {
		expect(values('  a: |\n    x\n\n  b: |-\n    x\n  c: |+\n    x\n\n  d: >\n    x\n    y\n')).toEqual({
			a: 'x\n',
			b: 'x',
			c: 'x\n\n',
			d: 'x y\n',
		});
	});

	it('returns objects of other kinds with their location', () => {
		const text = `${head('a')}---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, namespace: ns}\nspec: {replicas: 0o3}\n---\napiVersion: x/v1\nkind: ConfigMap\n`;
		expect(otherKinds(parse(text).objects).map(({ content }) => content)).toEqual([
			{
				apiVersion: 'apps/v1',
				kind: 'Deployment',
				name: 'd',
				namespace: 'ns',
				location: 'f.yaml:6:1',
				locate: expect.any(Function),
				value: expect.objectContaining({ spec: { replicas: 3 } }),
			},
			{
				apiVersion: 'x/v1',
				kind: 'ConfigMap',
				name: '',
				location: 'f.yaml:11:1',
				locate: expect.any(Function),
				value: expect.anything(),
			},
		]);
	});

	it('locates every field of an object of another kind, in any notation', () => {
		const deployment =
			'apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    containers:\n    - name: "\u00e4" # c\n';
		const places = (text: string) =>
			otherKinds(parse(text).objects).map((other) => [
				other.locate([]),
				other.locate(['spec', 'template', 'containers', 0, 'name']),
				other.locate(['spec', 'template', 'nothing', 'there']),
			]);
		const expected = (first: number) => [`f.yaml:${first}:1`, `f.yaml:${first + 5}:13`, `f.yaml:${first + 4}:5`];
		expect(places(deployment)).toEqual([expected(1)]);
		expect(places(`${head('a')}---\n${deployment}...\n${deployment}---\n# c\n${deployment}`)).toEqual([
			expected(6),
			expected(13),
			expected(21),
		]);
		const item = '{"apiVersion":"v1","kind":"Pod","spec":{"template":{"containers":[{"name":"x"}]}}}';
		const list = `\n  {"apiVersion":"v1","kind":"List","items":[\n${item},\n ${item}]}`;
		expect(places(list)).toEqual([
			['f.yaml:3:1', 'f.yaml:3:75', 'f.yaml:3:52'],
			['f.yaml:4:2', 'f.yaml:4:76', 'f.yaml:4:53'],
		]);
	});

	it('reads the items of a list of any kind, with and without a kind of their own', () => {
		const text =
			'apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- metadata: {name: a}\n- {apiVersion: v1, kind: Pod, metadata: {name: b}}\n' +
			'---\napiVersion: v1\nkind: SecretList\nitems: [{metadata: {name: c}}]\n' +
			'---\napiVersion: example.com/v1\nkind: PriceList\nitems: [1]\n';
		expect(problems(text)).toEqual([]);
		expect(otherKinds(parse(text).objects).map(({ apiVersion, kind, name }) => [apiVersion, kind, name])).toEqual([
			['apps/v1', 'Deployment', 'a'],
			['v1', 'Pod', 'b'],
			['v1', 'Secret', 'c'],
			['example.com/v1', 'PriceList', ''],
		]);
	});

	it('locates the fields of valid and invalid ConfigMaps', () => {
		const text = `${head('a')}data:\n  k: v\n---\n${head('b')}data: 1\n`;
		const { objects } = parse(text);
		expect(configMaps(objects).map(({ key }) => key.name)).toEqual(['a']);
		expect(objects.map(({ kind, name, locate }) => [kind, name, locate(['data', 'k'])])).toEqual([
			['ConfigMap', 'a', 'f.yaml:6:6'],
			['ConfigMap', 'b', 'f.yaml:12:7'],
		]);
		expect(otherKinds(parse(text).objects)).toEqual([]);
	});

	it('returns the location of every object', () => {
		const { objects } = parse(`# c\n${head('a')}---\n\n${head('b')}`);
		expect(objects.map(({ location }) => location)).toEqual(['f.yaml:2:1', 'f.yaml:8:1']);
	});
});

describe('plain scalars', () => {
	// Recorded: kubectl v1.32 label --local -o json.
	it.each<[string, string]>([
		...['y', 'n', 'Y', 'N', 'yes', 'No', 'on', 'Off', 'TRUE', 'false'].map((word): [string, string] => [word, 'bool']),
		...['0', '1', '0644', '0o17', '1_000', '1e3', '.5', '0x1F', '+1', '0899', '0b11', '1_', '-.5', '-0o7', '1.'].map(
			(word): [string, string] => [word, 'number'],
		),
		...[
			'1e_3',
			'+_1',
			'0x1_F',
			'1__0.5',
			'99999999999999999999',
			'.inf',
			'-.Inf',
			'.nan',
			'!!int "3"',
			'!!float 3',
		].map((word): [string, string] => [word, 'number']),
	])('%s is a %s', (word, type) => {
		expect(problems(`${head('a')}data:\n  k: ${word}\n`)).toEqual([
			`f.yaml:6:${word.startsWith('!!') ? word.indexOf(' ') + 7 : 6} json: cannot unmarshal ${type} into Go struct field ConfigMap.data of type string`,
		]);
	});

	it.each([
		'1:30',
		'2020-01-01',
		'2020-01-01T00:00:00Z',
		'e3',
		'=',
		'._5',
		'tRue',
		'0xfffffffffffffffffff',
		'1.2.3',
		'v1',
		'nO',
		'+',
		'.',
		'0x',
		'1e',
		'10Mi',
		'deadbeef',
		'1-2',
	])('%s is text', (word) => {
		expect(values(`  k: ${word}\n`)).toEqual({ k: word });
	});

	it('reads null as empty, quotes and tags as text', () => {
		expect(values('  a:\n  b: ~\n  c: null\n  d: "yes"\n  e: !!str 1\n  f: !own 2020\n  g: ""\n')).toEqual({
			...{ a: '', b: '', c: '', d: 'yes', e: '1', f: '2020', g: '' },
		});
	});

	it('converts scalar keys to text as kubectl does', () => {
		expect(values('  1: a\n  yes: b\n  1.5: c\n  0x10: d\n')).toEqual({ '1': 'a', true: 'b', '1.5': 'c', '16': 'd' });
	});
});

describe('parseManifest on invalid files', () => {
	it.each<[string, string | Buffer, string[], string[]]>([
		[
			'text',
			'just text\n',
			['f.yaml:1:1 json: cannot unmarshal string into Go value of type unstructured.detector'],
			[],
		],
		['a list', '- a\n', ['f.yaml:1:1 json: cannot unmarshal array into Go value of type unstructured.detector'], []],
		['no kind', `${head('a')}---\napiVersion: v1\ndata: {}\n`, ["f.yaml:6:1 Object 'Kind' is missing"], ['default/a:']],
		['an empty mapping', '{}', ["f.yaml:1:1 Object 'Kind' is missing"], []],
		['no apiVersion', 'kind: ConfigMap\n', ["f.yaml:1:1 Object 'apiVersion' is missing"], []],
		[
			'a number as apiVersion',
			'apiVersion: 1\nkind: ConfigMap\n',
			['f.yaml:1:13 json: cannot unmarshal number into Go struct field metadataOnlyObject.apiVersion of type string'],
			[],
		],
		[
			'an unknown version',
			`${head('a').replace('v1', 'v2')}`,
			['f.yaml:1:13 no matches for kind "ConfigMap" in version "v2"'],
			[],
		],
		[
			'an item without kind',
			'apiVersion: v1\nkind: List\nitems:\n- metadata: {name: a}\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n',
			["f.yaml:4:3 Object 'Kind' is missing"],
			['default/b:'],
		],
		[
			'items that are no list',
			'apiVersion: v1\nkind: List\nitems: {}\n',
			['f.yaml:3:8 json: cannot unmarshal object into Go struct field decodeList.items of type []json.RawMessage'],
			[],
		],
		[
			'a wrong value',
			`${head('a')}data:\n  k: v\n  n: 1\n---\n${head('b')}`,
			['f.yaml:7:6 json: cannot unmarshal number into Go struct field ConfigMap.data of type string'],
			['default/b:'],
		],
		['no name', 'apiVersion: v1\nkind: ConfigMap\n', ['f.yaml:1:1 resource name may not be empty'], []],
		[
			'a tab',
			`${head('a')}data:\n\tk: v\n---\n${head('b')}`,
			['f.yaml:6:1 yaml: found character that cannot start any token; indent with spaces, not with a tab'],
			['default/b:'],
		],
		[
			'an open quote',
			`${head('a')}data:\n  k: "v\n---\n${head('b')}`,
			[expect.stringMatching(/^f\.yaml:[67]:\d+ yaml: missing closing "quote$/)] as unknown as string[],
			['default/b:'],
		],
		['an unknown anchor', `${head('a')}data: *x\n`, ["f.yaml:5:7 yaml: unknown anchor 'x' referenced"], []],
		[
			'an anchor of an earlier document',
			`a: &x 1\n---\n${head('a')}data: *x\n`,
			["f.yaml:1:1 Object 'Kind' is missing", "f.yaml:7:7 yaml: unknown anchor 'x' referenced"],
			[],
		],
		['a circle', 'a: &a [*a]\n', ["f.yaml:1:8 yaml: anchor 'a' value contains itself"], []],
		['a wrong merge', '<<: 1\n', ['f.yaml:1:1 yaml: map merge requires map or sequence of maps as the value'], []],
		['a mapping as key', '? {a: b}\n: c\n', ['f.yaml:1:3 yaml: invalid map key: a mapping'], []],
		['a null key', '? ~\n: c\n', ['f.yaml:1:3 yaml: invalid map key: null'], []],
		[
			'a NUL',
			`${head('a')}data: {k: "\0"}\n---\n${head('b')}`,
			['f.yaml:5:12 yaml: control characters are not allowed'],
			['default/b:'],
		],
		[
			'bytes that are no UTF-8',
			Buffer.from([...Buffer.from('a: b\nc: '), 0xff]),
			['f.yaml:2:1 yaml: invalid leading UTF-8 octet'],
			[],
		],
		[
			'cut JSON',
			'{"apiVersion":"v1","kind":"Conf',
			[expect.stringMatching(/^f\.yaml:1:\d+ yaml: /)] as unknown as string[],
			[],
		],
		[
			'JSON in the middle of a stream',
			'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}\n  {"kind":"x"}',
			["f.yaml:2:3 Object 'apiVersion' is missing"],
			['default/a:'],
		],
	])('%s', (_name, text, expected, objects) => {
		expect(problems(text)).toEqual(expected);
		expect(summary(text)).toEqual(objects);
	});

	it('attributes a problem to its object if the object has a name', () => {
		expect(parse(`${head('a')}data: {k: 1}\n`).problems[0]?.key).toEqual({ namespace: 'default', name: 'a' });
		expect(parse('kind: ConfigMap\n').problems[0]).not.toHaveProperty('key');
		expect(parse(`${head('a')}data: {k: 1\n`).problems[0]).not.toHaveProperty('key');
	});

	describe('with unknown fields', () => {
		const text = `${head('a')}datas: {}\n---\n${head('b')}---\napiVersion: apps/v1\nkind: Deployment\nspec: {replica: 1}\n`;
		const read = (fieldValidation: FieldValidation) =>
			parseManifest(text, { file: 'f.yaml', defaultNamespace: 'default', fieldValidation });
		const isValid = (parsed: ParsedManifest) => parsed.objects.map(({ content }) => content !== undefined);

		it('warns, and accepts the objects', () => {
			const parsed = read('warn');
			expect(isValid(parsed)).toEqual([true, true, true]);
			expect(parsed.problems).toEqual([
				{
					location: expect.stringMatching(/^f\.yaml:5:/),
					reason: 'unknown field "datas"; did you mean "data"?',
					key: { namespace: 'default', name: 'a' },
					warning: 'unknown-field',
				},
				{
					location: expect.stringMatching(/^f\.yaml:14:/),
					reason: 'unknown field "spec.replica"; did you mean "replicas"?',
					warning: 'unknown-field',
				},
			]);
		});

		it('refuses the objects with strict validation', () => {
			const parsed = read('strict');
			expect(isValid(parsed)).toEqual([false, true, false]);
			expect(parsed.problems.map(({ reason, warning }) => [reason, warning])).toEqual([
				['strict decoding error: unknown field "datas"; did you mean "data"?', undefined],
				['strict decoding error: unknown field "spec.replica"; did you mean "replicas"?', undefined],
			]);
		});

		it('says nothing if they are to be ignored', () => {
			const parsed = read('ignore');
			expect(isValid(parsed)).toEqual([true, true, true]);
			expect(parsed.problems).toEqual([]);
		});
	});

	it('locates values behind aliases and merges', () => {
		const text = `x: &x\n  k: 1\n${head('a')}data:\n  <<: *x\n`;
		expect(problems(text)).toEqual([
			'f.yaml:2:6 json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
			'f.yaml:2:3 unknown field "x", which has no effect',
		]);
	});

	it.each([
		'data:\n  k: {{ .Values.x }}\n',
		'data:\n  {{- if .Values.x }}\n  k: v\n  {{- end }}\n',
		'data:\n  {{ .Values.x }}: v\n',
		'data:\n  k: {{ .Values.a }}-{{ .Values.b }}\n',
		'{{- range .Values.x }}\n---\n{{- end }}\n',
	])('explains how to render a Helm template: %j', (text) => {
		const found = problems(`${head('a')}${text}`);
		expect(found).not.toHaveLength(0);
		expect(found[0]).toMatch(/this looks like a Helm template, render it first: helm template CHART/);
	});

	it('does not mention Helm if braces are only data', () => {
		expect(problems(`${head('a')}data:\n  t: "{{ .x }}"\n  n: 1\n`)[0]).not.toContain('Helm');
	});
});

describe('parseManifest on hostile files', () => {
	const within = (ms: number, action: () => void) => {
		expect(cpuMs(action)).toBeLessThan(ms);
	};

	it('refuses aliases that multiply, as values and as merges', () => {
		const level = (index: number, form: (before: string) => string) =>
			`l${index}: &l${index} ${index === 0 ? '{k: v}' : form(`*l${index - 1}`)}\n`;
		const lists = Array.from({ length: 40 }, (_none, index) => level(index, (before) => `[${before}, ${before}]`));
		const merges = Array.from({ length: 40 }, (_none, index) =>
			level(index, (before) => `{<<: [${before}, ${before}]}`),
		);
		within(2000, () => {
			expect(problems(lists.join(''))).toEqual([expect.stringMatching(/ yaml: document contains excessive aliasing$/)]);
			expect(problems(merges.join(''))).toEqual([
				expect.stringMatching(/ yaml: document contains excessive aliasing$/),
			]);
		});
	});

	it('refuses deep nesting', () => {
		within(5000, () => {
			expect(problems('['.repeat(20_000))).toEqual([expect.stringMatching(/ yaml: exceeded max depth of nesting$/)]);
			expect(problems(`${'['.repeat(20_000)}${']'.repeat(20_000)}`)).toHaveLength(1);
			expect(problems(`{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`)).toHaveLength(1);
		});
	});

	it('accepts 10 000 keys, and finds a duplicate among them', () => {
		const lines = Array.from({ length: 10_000 }, (_none, index) => `  key-${index}: v\n`).join('');
		within(5000, () => {
			expect(configMaps(parse(`${head('a')}data:\n${lines}`).objects)[0]?.data.size).toBe(10_000);
			expect(problems(`${head('a')}data:\n${lines}  key-7: w\n`)).toEqual([
				'f.yaml:10006:3 yaml: key "key-7" already set in map at f.yaml:13:3; kubectl uses the last value',
			]);
		});
	});

	it('accepts exactly 1 MiB, and refuses one byte more', () => {
		const text = (size: number) => `${head('cm')}data:\n  k: ${'x'.repeat(size)}\n`;
		expect(problems(text(1_048_576))).toEqual([]);
		expect(problems(text(1_048_577))).toEqual([
			'f.yaml:1:1 ConfigMap "cm" is invalid: []: Too long: must have at most 1048576 bytes',
		]);
	});

	it.each(['../x', '..', '.', 'a/b', '/etc/passwd', '..data', ''])('refuses the key %j, with its line', (key) => {
		const [problem] = parse(`${head('cm')}data:\n  good: v\n  ${JSON.stringify(key)}: v\n`).problems;
		expect(problem?.location).toBe(`f.yaml:7:${JSON.stringify(key).length + 5}`);
		expect(problem?.reason).toContain(`ConfigMap "cm" is invalid: data[${key}]: Invalid value: "${key}": `);
	});

	it('accepts __proto__ as a key', () => {
		expect(summary(`${head('a')}data:\n  __proto__: v\n  constructor: w\n`)).toEqual([
			'default/a: __proto__=v constructor=w',
		]);
		expect(problems('__proto__: {kind: ConfigMap, apiVersion: v1}\n')).toEqual(["f.yaml:1:1 Object 'Kind' is missing"]);
	});
});
