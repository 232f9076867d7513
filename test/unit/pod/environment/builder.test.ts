import { describe, expect, test } from 'vitest';
import { buildEnvironment, originText } from '../../../../src/pod/environment/builder.js';
import {
	build,
	CM3,
	fromMap,
	fromSecret,
	makeConfigMap,
	makeContainer,
	makeEnv,
	makeObjects,
	makePod,
	makeSecret,
	mapKey,
	POD_NAME,
	RELAXED,
	STRICT,
	SURROUNDINGS,
	secretKey,
	values,
	waiting,
} from './environment-pod.js';

describe('buildEnvironment', () => {
	test('lists skipped names, with prefix and sorted, in one warning for each source', () => {
		const objects = makeObjects([makeConfigMap('cm', { b: '1', a: '2' })], [makeSecret('s', { '1a': '3' })]);
		const { warnings } = build({ envFrom: [fromMap('cm', { prefix: '9' }), fromSecret('s')] }, objects, STRICT);
		expect(warnings.map(({ field, text }) => [field, text.slice(0, 48)])).toEqual([
			['spec.containers[0].envFrom[0]', 'Keys [9a, 9b] from the EnvFrom configMap test/cm'],
			['spec.containers[0].envFrom[1]', 'Keys [1a] from the EnvFrom secret test/s were sk'],
		]);
	});

	test('leaves out a ConfigMap that a cluster publishes, unless there is a cluster', () => {
		const container = { env: makeEnv(['CA', mapKey('kube-root-ca.crt', 'ca.crt')]) };
		const { variables, missing, warnings } = build(container, makeObjects());
		expect([variables.size, missing]).toEqual([0, []]);
		expect(warnings).toEqual([
			{
				field: 'spec.containers[0].env[0]',
				text:
					'ConfigMap "kube-root-ca.crt" is not available: only a cluster creates it, so its variables are left out; ' +
					'add its manifest with -f',
			},
		]);
		expect(build(container, { ...makeObjects(), hasCluster: true }).missing).toHaveLength(1);
	});

	test('lets later sources of envFrom win, env win over envFrom, and later entries of env win', () => {
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

	test('expands values of the manifest once, and values of objects and fields never', () => {
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

	test('keeps newlines and empty values', () => {
		const objects = makeObjects([makeConfigMap('cm', { A: 'x\n', B: '', C: ' \r\n\t ' })]);
		const environment = build({ envFrom: [fromMap('cm')], env: makeEnv(['D', mapKey('cm', 'A')]) }, objects);
		expect(values(environment)).toEqual({ A: 'x\n', B: '', C: ' \r\n\t ', D: 'x\n' });
	});

	test('keeps a variable of envFrom if an optional reference of env is missing', () => {
		const env = makeEnv(['data-1', mapKey('absent', 'x', true)], ['data-2', mapKey('cm3', 'absent', true)]);
		const environment = build({ envFrom: [fromMap('cm3')], env }, makeObjects([CM3]));
		expect(values(environment)).toEqual({ 'data-1': 'value-1', 'data-2': 'value-2', 'data-3': 'value-3' });
	});

	test('prefers a value over a source, and a source over an empty value', () => {
		const both = (value: string) => [{ name: 'A', value, valueFrom: mapKey('cm3', 'data-1') }];
		expect(values(build({ env: both('text') }, makeObjects([CM3])))).toEqual({ A: 'text' });
		expect(values(build({ env: both('') }, makeObjects([CM3])))).toEqual({ A: 'value-1' });
	});

	test('never sets a variable from binaryData', () => {
		const objects = makeObjects([makeConfigMap('cm', { text: 't' }, { blob: 'b' })]);
		expect(values(build({ envFrom: [fromMap('cm')] }, objects))).toEqual({ text: 't' });
		const environment = build(
			{ env: makeEnv(['A', mapKey('cm', 'blob')], ['B', mapKey('cm', 'blob', true)]) },
			objects,
		);
		expect(values(environment)).toEqual({});
		expect(environment.missing).toEqual(waiting("couldn't find key blob in ConfigMap test/cm"));
		const text =
			'key "blob" of ConfigMap test/cm is in binaryData, which is never part of the environment; mount it as a file';
		expect(environment.warnings).toEqual([
			{ field: 'spec.containers[0].env[0]', text },
			{ field: 'spec.containers[0].env[1]', text },
		]);
	});

	test('reports everything that is missing, each once', () => {
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

	test('reads each object once, so that all variables have one version of it', () => {
		const objects = makeObjects([makeConfigMap('cm', { A: '1' }, { B: '2' })]);
		const env = makeEnv(['X', mapKey('cm', 'A')], ['Y', mapKey('cm', 'B')], ['Z', mapKey('gone', 'B')]);
		build({ envFrom: [fromMap('cm'), fromMap('gone'), fromMap('cm')], env }, objects);
		expect(objects.reads).toEqual(['ConfigMap cm', 'ConfigMap gone']);
	});

	test('marks a variable that contains a value of a Secret as secret', () => {
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
	])('reports the expansion of %j', (raw, expansion) => {
		const env = makeEnv(['A', 'a'], ['SAME', '$(SAME)'], ['X', raw], ['LATER', 'l']);
		expect(build({ env }).variables.get('X')?.expansion).toEqual(expansion);
	});

	test('reports the path of a field or resource, and the local replacement for the node', () => {
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
			['6', 'limits.cpu', 'the number of CPUs of this machine, because the container has no limit'],
		]);
	});

	test('reports each reference that cannot be resolved', () => {
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
