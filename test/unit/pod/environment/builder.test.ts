import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildEnvironment, type EnvironmentOptions, originText } from '../../../../src/pod/environment/builder.js';
import type { Environment } from '../../../../src/pod/environment/environment.js';
import type { PodObjects } from '../../../../src/pod/pod-objects.js';
import type { Container, EnvFromSource, EnvVarSource } from '../../../../src/pod/pod-spec.js';
import {
	makeConfigMap,
	makeContainer,
	makeEnv,
	makeObjects,
	makePod,
	makeSecret,
	SURROUNDINGS,
} from './environment-pod.js';

const RELAXED: EnvironmentOptions = { strictNames: false };
const STRICT: EnvironmentOptions = { strictNames: true };

function build(fields: Partial<Container>, objects: PodObjects = makeObjects(), options = RELAXED): Environment {
	const container = makeContainer(fields);
	return buildEnvironment(makePod(container), container, objects, SURROUNDINGS, options);
}

function values(environment: Environment): Readonly<Record<string, string>> {
	return Object.fromEntries([...environment.variables].map(([name, { value }]) => [name, value]));
}

type FromOptions = Partial<Pick<EnvFromSource, 'optional' | 'prefix'>>;

function fromMap(name: string, options: FromOptions = {}): EnvFromSource {
	return { kind: 'configMapRef', name, optional: false, prefix: '', ...options };
}

function fromSecret(name: string, options: FromOptions = {}): EnvFromSource {
	return { kind: 'secretRef', name, optional: false, prefix: '', ...options };
}

function mapKey(name: string, key: string, optional = false): EnvVarSource {
	return { kind: 'configMapKeyRef', name, key, optional };
}

function secretKey(name: string, key: string, optional = false): EnvVarSource {
	return { kind: 'secretKeyRef', name, key, optional };
}

function waiting(...messages: readonly string[]) {
	return messages.map((message) => ({ reason: 'CreateContainerConfigError', message }));
}

const POD_NAME: EnvVarSource = { kind: 'fieldRef', fieldPath: 'metadata.name' };
const CM3 = makeConfigMap('cm3', { 'data-1': 'value-1', 'data-2': 'value-2', 'data-3': 'value-3' });

describe('U2 buildEnvironment', () => {
	test('U2 env expansion', () => {
		const environment = build({
			env: makeEnv(
				['TEST_LITERAL', 'test-test-test'],
				['POD_NAME', POD_NAME],
				['OUT_OF_ORDER_TEST', '$(OUT_OF_ORDER_TARGET)'],
				['OUT_OF_ORDER_TARGET', 'FOO'],
				['EMPTY_VAR', ''],
				['EMPTY_TEST', 'foo-$(EMPTY_VAR)'],
				['POD_NAME_TEST2', 'test2-$(POD_NAME)'],
				['POD_NAME_TEST3', '$(POD_NAME_TEST2)-3'],
				['LITERAL_TEST', 'literal-$(TEST_LITERAL)'],
				['TEST_UNDEFINED', '$(UNDEFINED_VAR)'],
			),
		});
		expect(values(environment)).toEqual({
			TEST_LITERAL: 'test-test-test',
			POD_NAME: 'the-pod',
			OUT_OF_ORDER_TEST: '$(OUT_OF_ORDER_TARGET)',
			OUT_OF_ORDER_TARGET: 'FOO',
			EMPTY_VAR: '',
			EMPTY_TEST: 'foo-',
			POD_NAME_TEST2: 'test2-the-pod',
			POD_NAME_TEST3: 'test2-the-pod-3',
			LITERAL_TEST: 'literal-test-test-test',
			TEST_UNDEFINED: '$(UNDEFINED_VAR)',
		});
	});

	test.each([
		['configmap', fromMap, makeObjects([makeConfigMap('x', { REPLACE_ME: 'FROM_OBJECT', DUPE_TEST: 'OBJECT' })])],
		['secret', fromSecret, makeObjects([], [makeSecret('x', { REPLACE_ME: 'FROM_OBJECT', DUPE_TEST: 'OBJECT' })])],
	])('U2 %s', (_, from, objects) => {
		const environment = build(
			{
				envFrom: [from('x'), from('x', { prefix: 'p_' })],
				env: makeEnv(['TEST_LITERAL', 'test-test-test'], ['EXPANSION_TEST', '$(REPLACE_ME)'], ['DUPE_TEST', 'ENV_VAR']),
			},
			objects,
		);
		expect(values(environment)).toEqual({
			TEST_LITERAL: 'test-test-test',
			REPLACE_ME: 'FROM_OBJECT',
			EXPANSION_TEST: 'FROM_OBJECT',
			DUPE_TEST: 'ENV_VAR',
			p_REPLACE_ME: 'FROM_OBJECT',
			p_DUPE_TEST: 'OBJECT',
		});
		expect(environment).toMatchObject({ missing: [], warnings: [] });
	});

	test.each([
		['configmapkeyref_missing_optional', mapKey('absent', 'key', true)],
		['configmapkeyref_missing_key_optional', mapKey('cm3', 'absent', true)],
		['secretkeyref_missing_optional', secretKey('absent', 'key', true)],
		['secretkeyref_missing_key_optional', secretKey('s', 'absent', true)],
	])('U2 %s', (_, ref) => {
		const environment = build({ env: makeEnv(['POD_NAME', ref]) }, makeObjects([CM3], [makeSecret('s', {})]));
		expect(environment).toMatchObject({ missing: [], warnings: [] });
		expect(values(environment)).toEqual({});
	});

	test.each([
		['configmap_missing', fromMap('absent'), 'configmap "absent" not found'],
		['secret_missing', fromSecret('absent'), 'secret "absent" not found'],
	])('U2 %s', (_, source, message) => {
		expect(build({ envFrom: [source] }).missing).toEqual(waiting(message));
	});

	test.each([
		['configmap_missing_optional', fromMap('absent', { optional: true })],
		['secret_missing_optional', fromSecret('absent', { optional: true })],
	])('U2 %s', (_, source) => {
		const environment = build({ envFrom: [source] });
		expect(environment).toMatchObject({ missing: [], warnings: [] });
		expect(values(environment)).toEqual({});
	});

	const KEYS = { '1234': '1', '1z': '2', key: 'value', 'key.1': 'dots are fine' };
	const SKIPPED = 'were skipped since they are considered invalid environment variable names.';
	const KEYS_OBJECTS = makeObjects([makeConfigMap('test-config-map', KEYS)], [makeSecret('test-secret', KEYS)]);

	test.each([
		[
			'configmap_invalid_keys',
			fromMap('test-config-map'),
			`Keys [1234, 1z] from the EnvFrom configMap test/test-config-map ${SKIPPED}`,
		],
		[
			'secret_invalid_keys',
			fromSecret('test-secret'),
			`Keys [1234, 1z] from the EnvFrom secret test/test-secret ${SKIPPED}`,
		],
	])('U2 %s, by the older rule', (_, source, text) => {
		const environment = build({ envFrom: [source] }, KEYS_OBJECTS, STRICT);
		expect(values(environment)).toEqual({ key: 'value', 'key.1': 'dots are fine' });
		expect(environment).toMatchObject({ missing: [], warnings: [{ field: 'spec.containers[0].envFrom[0]', text }] });
		const relaxed = build({ envFrom: [source] }, KEYS_OBJECTS);
		expect(values(relaxed)).toEqual(KEYS);
		expect(relaxed.warnings).toEqual([]);
	});

	test.each([
		['configmap_invalid_keys_valid', fromMap('cm', { prefix: 'p_' })],
		['secret_invalid_keys_valid', fromSecret('s', { prefix: 'p_' })],
	])('U2 %s', (_, source) => {
		const keys = { '1234': 'abc' };
		const environment = build(
			{ envFrom: [source] },
			makeObjects([makeConfigMap('cm', keys)], [makeSecret('s', keys)]),
			STRICT,
		);
		expect(values(environment)).toEqual({ p_1234: 'abc' });
		expect(environment.warnings).toEqual([]);
	});
});

describe('the official cases', () => {
	test('B1 one key becomes a variable', () => {
		const environment = build({ env: makeEnv(['CONFIG_DATA_1', mapKey('cm3', 'data-1')]) }, makeObjects([CM3]));
		expect(values(environment)).toEqual({ CONFIG_DATA_1: 'value-1' });
	});

	test('B2 all keys become variables, with and without a prefix', () => {
		const envFrom = [fromMap('cm3'), fromMap('cm3', { prefix: 'p-' })];
		expect(values(build({ envFrom }, makeObjects([CM3])))).toEqual({
			'data-1': 'value-1',
			'data-2': 'value-2',
			'data-3': 'value-3',
			'p-data-1': 'value-1',
			'p-data-2': 'value-2',
			'p-data-3': 'value-3',
		});
	});

	test('B6 any printable prefix will do', () => {
		const prefixes = ['', '1-', '$_-', 'ABC_', '#@!'];
		const environment = build({ envFrom: prefixes.map((prefix) => fromMap('cm3', { prefix })) }, makeObjects([CM3]));
		const wanted = prefixes.flatMap((prefix) => [1, 2, 3].map((n) => [`${prefix}data-${n}`, `value-${n}`]));
		expect(values(environment)).toEqual(Object.fromEntries(wanted));
		expect(environment.warnings).toEqual([]);
	});

	test('C1 variables are made of variables', () => {
		const environment = build({
			env: makeEnv(['FOO', 'foo-value'], ['BAR', 'bar-value'], ['FOOBAR', '$(FOO);;$(BAR)']),
		});
		expect(values(environment)).toEqual({ FOO: 'foo-value', BAR: 'bar-value', FOOBAR: 'foo-value;;bar-value' });
	});

	test('C9 names of any printable characters but =', () => {
		const names = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index)).filter((c) => c !== '=');
		const environment = build({ env: makeEnv(...names.map((name) => [name, `v${name}`] as const)) });
		expect(values(environment)).toEqual(Object.fromEntries(names.map((name) => [name, `v${name}`])));
	});
});

describe('buildEnvironment', () => {
	test('names that are passed over are listed with their prefix and sorted, a warning for each source', () => {
		const objects = makeObjects([makeConfigMap('cm', { b: '1', a: '2' })], [makeSecret('s', { '1a': '3' })]);
		const { warnings } = build({ envFrom: [fromMap('cm', { prefix: '9' }), fromSecret('s')] }, objects, STRICT);
		expect(warnings.map(({ field, text }) => [field, text.slice(0, 48)])).toEqual([
			['spec.containers[0].envFrom[0]', 'Keys [9a, 9b] from the EnvFrom configMap test/cm'],
			['spec.containers[0].envFrom[1]', 'Keys [1a] from the EnvFrom secret test/s were sk'],
		]);
	});

	test('a later source of envFrom wins, env wins over envFrom, and a later entry of env wins', () => {
		const objects = makeObjects(
			[makeConfigMap('a', { X: 'a', Y: 'a', Z: 'a' }), makeConfigMap('b', { X: 'b', Y: 'b' })],
			[makeSecret('c', { X: 'c' })],
		);
		const environment = build(
			{
				envFrom: [fromMap('a'), fromMap('b'), fromSecret('c')],
				env: makeEnv(['Y', 'first $(Y)'], ['Y', 'second $(Y)'], ['Z', mapKey('b', 'Y')]),
			},
			objects,
		);
		expect(values(environment)).toEqual({ X: 'c', Y: 'second first b', Z: 'b' });
		expect(environment.variables.get('X')).toEqual({
			name: 'X',
			value: 'c',
			origin: { kind: 'secretRef', field: 'envFrom[2]', object: 'c', key: 'X' },
			overrode: [
				{ kind: 'configMapRef', field: 'envFrom[0]', object: 'a', key: 'X' },
				{ kind: 'configMapRef', field: 'envFrom[1]', object: 'b', key: 'X' },
			],
			expansion: undefined,
			isSecret: true,
			standIn: undefined,
		});
		expect(environment.variables.get('Y')).toMatchObject({
			origin: { kind: 'value', field: 'env[1]', object: undefined, key: undefined },
			overrode: [{ field: 'envFrom[0]' }, { field: 'envFrom[1]' }, { field: 'env[0]' }],
			expansion: { raw: 'second $(Y)', references: ['Y'], unresolved: [] },
			isSecret: false,
		});
	});

	test('values of objects and fields are never expanded, those of the manifest once', () => {
		const objects = makeObjects(
			[makeConfigMap('cm', { K: '$(A) $$', A: 'map' })],
			[makeSecret('s', { S: '$(A)$$(B)' })],
		);
		const env = makeEnv(['V', mapKey('cm', 'K')], ['W', secretKey('s', 'S')], ['X', '$(V)|$(K)|$(W)|$$(A)']);
		const environment = build({ envFrom: [fromMap('cm')], env }, objects);
		expect(values(environment)).toEqual({
			K: '$(A) $$',
			A: 'map',
			V: '$(A) $$',
			W: '$(A)$$(B)',
			X: '$(A) $$|$(A) $$|$(A)$$(B)|$(A)',
		});
	});

	test('values keep their line ends and may be empty', () => {
		const objects = makeObjects([makeConfigMap('cm', { A: 'x\n', B: '', C: ' \r\n\t ' })]);
		const environment = build({ envFrom: [fromMap('cm')], env: makeEnv(['D', mapKey('cm', 'A')]) }, objects);
		expect(values(environment)).toEqual({ A: 'x\n', B: '', C: ' \r\n\t ', D: 'x\n' });
	});

	test('an optional reference to what is missing leaves a variable of envFrom as it is', () => {
		const env = makeEnv(['data-1', mapKey('absent', 'x', true)], ['data-2', mapKey('cm3', 'absent', true)]);
		const environment = build({ envFrom: [fromMap('cm3')], env }, makeObjects([CM3]));
		expect(values(environment)).toEqual({ 'data-1': 'value-1', 'data-2': 'value-2', 'data-3': 'value-3' });
	});

	test('a text wins over a source, and a source over an empty text', () => {
		const both = (value: string) => [{ name: 'A', value, valueFrom: mapKey('cm3', 'data-1') }];
		expect(values(build({ env: both('text') }, makeObjects([CM3])))).toEqual({ A: 'text' });
		expect(values(build({ env: both('') }, makeObjects([CM3])))).toEqual({ A: 'value-1' });
	});

	test('binaryData never becomes a variable', () => {
		const objects = makeObjects([makeConfigMap('cm', { text: 't' }, { blob: 'b' })]);
		expect(values(build({ envFrom: [fromMap('cm')] }, objects))).toEqual({ text: 't' });
		const environment = build(
			{ env: makeEnv(['A', mapKey('cm', 'blob')], ['B', mapKey('cm', 'blob', true)]) },
			objects,
		);
		expect(values(environment)).toEqual({});
		expect(environment.missing).toEqual(waiting("couldn't find key blob in ConfigMap test/cm"));
		const text =
			'key "blob" of ConfigMap test/cm is in binaryData, which never reaches the environment: mount it as a file';
		expect(environment.warnings).toEqual([
			{ field: 'spec.containers[0].env[0]', text },
			{ field: 'spec.containers[0].env[1]', text },
		]);
	});

	test('everything that is missing is found, each thing once', () => {
		const environment = build(
			{
				envFrom: [fromMap('gone'), fromSecret('gone'), fromMap('gone', { optional: true })],
				env: makeEnv(
					['A', mapKey('gone', 'x')],
					['B', mapKey('cm3', 'x')],
					['C', mapKey('cm3', 'x')],
					['D', secretKey('s', 'y')],
					['E', secretKey('maybe', 'y', true)],
					['F', 'here'],
				),
			},
			makeObjects([CM3], [makeSecret('s', {})]),
		);
		expect(environment.missing).toEqual(
			waiting(
				'configmap "gone" not found',
				'secret "gone" not found',
				"couldn't find key x in ConfigMap test/cm3",
				"couldn't find key y in Secret test/s",
			),
		);
		expect(environment.sources).toEqual([
			{ kind: 'ConfigMap', name: 'gone' },
			{ kind: 'Secret', name: 'gone' },
			{ kind: 'ConfigMap', name: 'cm3' },
			{ kind: 'Secret', name: 's' },
			{ kind: 'Secret', name: 'maybe' },
		]);
	});

	test('each object is read once, so that all variables see one version of it', () => {
		const objects = makeObjects([makeConfigMap('cm', { A: '1' }, { B: '2' })]);
		const env = makeEnv(['X', mapKey('cm', 'A')], ['Y', mapKey('cm', 'B')], ['Z', mapKey('gone', 'B')]);
		build({ envFrom: [fromMap('cm'), fromMap('gone'), fromMap('cm')], env }, objects);
		expect(objects.reads).toEqual(['ConfigMap cm', 'ConfigMap gone']);
	});

	test('a variable that takes a value of a Secret is secret too', () => {
		const env = makeEnv(
			['A', secretKey('s', 'k')],
			['B', 'x$(A)'],
			['C', '$(B)'],
			['D', '$$(A)$(NO)'],
			['A', 'plain now'],
			['E', '$(A)'],
		);
		const environment = build({ env }, makeObjects([], [makeSecret('s', { k: 'v' })]));
		const secret = [...environment.variables.values()].filter(({ isSecret }) => isSecret).map(({ name }) => name);
		expect(secret).toEqual(['B', 'C']);
	});

	test.each([
		['plain', undefined],
		['', undefined],
		['50$ a (b)', undefined],
		['$$', { raw: '$$', references: [], unresolved: [] }],
		['$(A)$(LATER)', { raw: '$(A)$(LATER)', references: ['A'], unresolved: ['LATER'] }],
		['$(LATER)', { raw: '$(LATER)', references: [], unresolved: ['LATER'] }],
		['$(SAME)', { raw: '$(SAME)', references: ['SAME'], unresolved: [] }],
	])('the expansion of %j is said', (raw, expansion) => {
		const env = makeEnv(['A', 'a'], ['SAME', '$(SAME)'], ['X', raw], ['LATER', 'l']);
		expect(build({ env }).variables.get('X')?.expansion).toEqual(expansion);
	});

	test('fields of the pod and resources say what they are and what stands in for the node', () => {
		const container = makeContainer({
			name: 'side',
			env: makeEnv(
				['NAME', POD_NAME],
				['NODE', { kind: 'fieldRef', fieldPath: 'spec.nodeName' }],
				['CPUS', { kind: 'resourceFieldRef', containerName: undefined, resource: 'limits.cpu', divisor: '1' }],
			),
		});
		const pod = makePod(makeContainer(), {}, { initContainers: [container] });
		const { variables } = buildEnvironment(pod, container, makeObjects(), SURROUNDINGS, RELAXED);
		expect([...variables.values()].map(({ value, origin, standIn }) => [value, origin.key, standIn])).toEqual([
			['the-pod', 'metadata.name', undefined],
			['this-machine', 'spec.nodeName', 'the name of this machine'],
			['6', 'limits.cpu', 'the processors of this machine, because the container has no such limit'],
		]);
	});

	test('each reference that no pod can answer is an error of its own', () => {
		const env = makeEnv(
			['A', { kind: 'fieldRef', fieldPath: 'status.phase' }],
			['B', { kind: 'resourceFieldRef', containerName: 'no', resource: 'limits.cpu', divisor: '1' }],
		);
		const message = (list: string) =>
			`pod.yaml:1:1: spec.${list}[0].env[0].valueFrom: unsupported fieldPath: status.phase\n` +
			`pod.yaml:1:1: spec.${list}[0].env[1].valueFrom: container no not found`;
		const refused = (list: string) => expect.objectContaining({ code: 'INPUT_INVALID', message: message(list) });
		expect(() => build({ env })).toThrow(refused('containers'));
		const init = makeContainer({ name: 'init', env });
		const pod = makePod(makeContainer(), {}, { initContainers: [init] });
		expect(() => buildEnvironment(pod, init, makeObjects(), SURROUNDINGS, RELAXED)).toThrow(refused('initContainers'));
	});
});

describe('values that no process can be given', () => {
	const CURE = 'give the value to the container as a file of a volume';

	test('a NUL is an error that names each variable and its source, never the value', () => {
		const objects = makeObjects([makeConfigMap('cm', { A: 'hush\0' })], [makeSecret('s', { k: 'hush\0' })]);
		const fields = { envFrom: [fromMap('cm')], env: makeEnv(['B', secretKey('s', 'k')], ['C', '$(A)']) };
		const what = 'holds a NUL byte, which nothing that a process is started with can';
		const message = [
			`container "app": variable "A" (envFrom[0], key "A" of ConfigMap test/cm) ${what}: ${CURE}`,
			`container "app": variable "B" (env[0], key "k" of Secret test/s) ${what}: ${CURE}`,
			`container "app": variable "C" (env[1]) ${what}: ${CURE}`,
		].join('\n');
		expect(() => build(fields, objects)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID', message }));
	});

	test('NAME=VALUE may be as long as execve takes it, and no longer', () => {
		const container = (bytes: number) => ({ env: makeEnv(['LONG', mapKey('cm', 'k')]), bytes });
		const objects = (bytes: number) => makeObjects([makeConfigMap('cm', { k: `é${'x'.repeat(bytes - 7)}` })]);
		expect(values(build(container(131_071), objects(131_071))).LONG).toHaveLength(131_065);
		const message =
			'container "app": variable "LONG" (env[0], key "k" of ConfigMap test/cm) takes 131072 bytes, and a process ' +
			`can be started with 131071 in one string at most: ${CURE}`;
		const refused = expect.objectContaining({ code: 'INPUT_INVALID', message });
		expect(() => build(container(131_072), objects(131_072))).toThrow(refused);
	});

	test('only the value that is left in the end counts', () => {
		const objects = makeObjects([makeConfigMap('cm', { A: 'x\0', B: 'x'.repeat(200_000) })]);
		const environment = build({ envFrom: [fromMap('cm')], env: makeEnv(['A', 'a'], ['B', 'b']) }, objects);
		expect(values(environment)).toEqual({ A: 'a', B: 'b' });
	});

	test('bytes that are not UTF-8 become U+FFFD, and a warning names the variable', () => {
		const secret = makeSecret('s', {
			good: 'é',
			bad: Buffer.from([0x61, 0xff, 0xe2, 0x82]),
			gone: Buffer.from([0xff]),
		});
		const fields = { envFrom: [fromSecret('s')], env: makeEnv(['gone', 'text']) };
		const environment = build(fields, makeObjects([], [secret]));
		expect(values(environment)).toEqual({ good: 'é', bad: 'a\ufffd\ufffd\ufffd', gone: 'text' });
		expect(environment.warnings).toEqual([
			{
				field: 'spec.containers[0].envFrom[0]',
				text:
					'variable "bad" (envFrom[0], key "bad" of Secret test/s) is not UTF-8: each byte that is not becomes ' +
					'U+FFFD, as in a container; a file keeps it',
			},
		]);
	});
});

describe('fileKeyRef', () => {
	const FILES: ReadonlyMap<string, string> = new Map([
		['work/config.env', "# made by init\nA='one\ntwo'\nEMPTY=''\n"],
		['work/broken.env', "A='1'\nB=2\n"],
	]);
	const options: EnvironmentOptions = {
		strictNames: false,
		readFile: (volumeName, path) => {
			const text = FILES.get(`${volumeName}/${path}`);
			return text === undefined ? undefined : Buffer.from(text);
		},
	};
	function ref(path: string, key: string, optional = false): EnvVarSource {
		return { kind: 'fileKeyRef', volumeName: 'work', path, key, optional };
	}

	test('takes the value of a key as it is', () => {
		const env = makeEnv(['X', ref('config.env', 'A')], ['Y', ref('config.env', 'EMPTY')], ['Z', '$(X)']);
		const environment = build({ env }, makeObjects(), options);
		expect(values(environment)).toEqual({ X: 'one\ntwo', Y: '', Z: 'one\ntwo' });
		expect(environment.variables.get('X')?.origin).toEqual({
			kind: 'fileKeyRef',
			field: 'env[0]',
			object: 'work',
			key: 'A',
		});
	});

	test('waits for a file or a key that is not there, and passes over it if it is optional', () => {
		const env = makeEnv(
			['A', ref('absent.env', 'A')],
			['B', ref('config.env', 'absent')],
			['C', ref('absent.env', 'A', true)],
			['D', ref('config.env', 'absent', true)],
		);
		const environment = build({ env }, makeObjects(), options);
		expect(values(environment)).toEqual({});
		expect(environment.missing).toEqual(
			waiting(
				'environment variable file "absent.env" not found in volume "work"',
				'environment variable key "absent" not found in file "config.env" of volume "work"',
			),
		);
	});

	test('a malformed file is an error that names the line, optional or not', () => {
		const env = makeEnv(['X', ref('broken.env', 'A')], ['Y', ref('broken.env', 'C', true)]);
		const message =
			'pod.yaml:1:1: spec.containers[0].env[1].valueFrom.fileKeyRef: file "broken.env" of volume "work": invalid environment ' +
			'variable format at line 2: value must be enclosed in single quotes';
		const refused = expect.objectContaining({ code: 'INPUT_INVALID', message });
		expect(() => build({ env }, makeObjects(), options)).toThrow(refused);
	});

	test('without files an optional one is a warning, another one is missing', () => {
		const environment = build({ env: makeEnv(['X', ref('f', 'A', true)], ['Y', ref('f', 'A')]) });
		expect(environment.warnings).toEqual([
			{
				field: 'spec.containers[0].env[0]',
				text: 'variable "X" comes from file "f" of volume "work": a local process does not get it',
			},
		]);
		expect(environment.missing).toEqual(
			waiting('variable "Y" comes from file "f" of volume "work", which a local process does not have'),
		);
	});
});

test.each([
	[{ kind: 'value', field: 'env[2]', object: undefined, key: undefined }, 'env[2]'],
	[{ kind: 'fieldRef', field: 'env[0]', object: undefined, key: 'metadata.name' }, 'env[0], metadata.name'],
	[{ kind: 'resourceFieldRef', field: 'env[0]', object: undefined, key: 'limits.cpu' }, 'env[0], limits.cpu'],
	[{ kind: 'configMapRef', field: 'envFrom[0]', object: 'cm', key: 'k' }, 'envFrom[0], key "k" of ConfigMap ns/cm'],
	[{ kind: 'secretKeyRef', field: 'env[1]', object: 's', key: 'k' }, 'env[1], key "k" of Secret ns/s'],
	[{ kind: 'fileKeyRef', field: 'env[1]', object: 'v', key: 'k' }, 'env[1], key "k" of a file in volume "v"'],
] as const)('originText of %j is %j', (origin, text) => {
	expect(originText(origin, 'ns')).toBe(text);
});

describe('for any container', () => {
	const name = fc.constantFrom('A', 'B', 'C', 'p_A', '1z');
	const text = fc.array(fc.constantFrom('$(A)', '$(B)', '$(p_A)', '$$', 'x', '$(', ''), { maxLength: 4 });
	const objectName = fc.constantFrom('x', 'y', 'gone');
	const isOptional = fc.boolean();
	const row = fc.oneof(
		fc.tuple(
			name,
			text.map((parts) => parts.join('')),
		),
		fc.tuple(
			name,
			fc.tuple(objectName, name, isOptional).map((ref): EnvVarSource => mapKey(...ref)),
		),
	);
	const source = fc
		.tuple(objectName, isOptional, fc.constantFrom('', 'p_'))
		.map(([object, optional, prefix]) => fromMap(object, { optional, prefix }));
	const maps = fc
		.tuple(fc.dictionary(name, fc.constantFrom('', 'v', '$(A)')), fc.dictionary(name, fc.constant('w')))
		.map(([x, y]) => [makeConfigMap('x', x), makeConfigMap('y', y)]);

	/** Kubelet's loop in the plainest words; undefined where it stops. */
	function kubelet(
		envFrom: readonly EnvFromSource[],
		rows: Iterable<readonly [string, string | EnvVarSource]>,
		objects: PodObjects,
	) {
		const result = new Map<string, string>();
		for (const { name: object, optional, prefix } of envFrom) {
			const data = objects.configMap(object)?.data;
			if (data === undefined && !optional) return undefined;
			for (const [key, bytes] of data ?? []) result.set(prefix + key, bytes.toString());
		}
		for (const [variable, value] of rows) {
			if (typeof value === 'string') {
				result.set(
					variable,
					value.replaceAll(/\$\$|\$\(([^)]*)\)/g, (whole, one) => (whole === '$$' ? '$' : (result.get(one) ?? whole))),
				);
			} else if (value.kind === 'configMapKeyRef') {
				const bytes = objects.configMap(value.name)?.data.get(value.key);
				if (bytes !== undefined) result.set(variable, bytes.toString());
				else if (!value.optional) return undefined;
			}
		}
		return Object.fromEntries(result);
	}

	test('the variables are those of kubelet, or something is missing', () => {
		fc.assert(
			fc.property(
				fc.array(source, { maxLength: 3 }),
				fc.array(row, { maxLength: 6 }),
				maps,
				(envFrom, rows, objects) => {
					const environment = build({ envFrom, env: makeEnv(...rows) }, makeObjects(objects));
					const wanted = kubelet(envFrom, rows, makeObjects(objects));
					if (wanted === undefined) expect(environment.missing).not.toEqual([]);
					else expect([values(environment), environment.missing]).toEqual([wanted, []]);
				},
			),
			{ numRuns: 500 },
		);
	});
});
