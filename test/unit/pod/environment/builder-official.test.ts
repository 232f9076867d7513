import { describe, expect, test } from 'vitest';
import {
	build,
	CM3,
	fromMap,
	fromSecret,
	makeConfigMap,
	makeEnv,
	makeObjects,
	makeSecret,
	mapKey,
	POD_NAME,
	STRICT,
	secretKey,
	values,
	waiting,
} from './environment-pod.js';

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
	test('B1 sets a variable from one key', () => {
		const environment = build({ env: makeEnv(['CONFIG_DATA_1', mapKey('cm3', 'data-1')]) }, makeObjects([CM3]));
		expect(values(environment)).toEqual({ CONFIG_DATA_1: 'value-1' });
	});

	test('B2 sets variables from all keys, with and without a prefix', () => {
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

	test('B6 accepts any printable prefix', () => {
		const prefixes = ['', '1-', '$_-', 'ABC_', '#@!'];
		const environment = build({ envFrom: prefixes.map((prefix) => fromMap('cm3', { prefix })) }, makeObjects([CM3]));
		const wanted = prefixes.flatMap((prefix) => [1, 2, 3].map((n) => [`${prefix}data-${n}`, `value-${n}`]));
		expect(values(environment)).toEqual(Object.fromEntries(wanted));
		expect(environment.warnings).toEqual([]);
	});

	test('C1 composes variables from variables', () => {
		const environment = build({
			env: makeEnv(['FOO', 'foo-value'], ['BAR', 'bar-value'], ['FOOBAR', '$(FOO);;$(BAR)']),
		});
		expect(values(environment)).toEqual({ FOO: 'foo-value', BAR: 'bar-value', FOOBAR: 'foo-value;;bar-value' });
	});

	test('C9 accepts any printable character except = in a name', () => {
		const names = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index)).filter((c) => c !== '=');
		const environment = build({ env: makeEnv(...names.map((name) => [name, `v${name}`] as const)) });
		expect(values(environment)).toEqual(Object.fromEntries(names.map((name) => [name, `v${name}`])));
	});
});
