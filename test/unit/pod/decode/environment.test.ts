import { describe, expect, it } from 'vitest';
import type { EnvVarSource } from '../../../../src/pod/pod-spec.js';
import { containerFaults, decode, decodeContainer, faults, type Json, podValue, SUBDOMAIN } from './decoding.js';

describe('env', () => {
	const decodeSource = (valueFrom: Json): EnvVarSource | undefined =>
		decodeContainer({ env: [{ name: 'A', valueFrom }] }, { volumes: [{ name: 'v', emptyDir: {} }] }).env[0]?.valueFrom;
	const envFaults = (...env: unknown[]) =>
		containerFaults(
			{ env },
			{
				volumes: [
					{ name: 'v', emptyDir: {} },
					{ name: 'c', configMap: { name: 'c' } },
				],
			},
		);
	const sourceFaults = (valueFrom: Json, more: Json = {}) =>
		envFaults({ name: 'A', valueFrom, ...more }).map((fault) => fault.replace(/^env\/0\/valueFrom\/?/, ''));

	it('keeps its order and equal names', () => {
		expect(
			decodeContainer({ env: [{ name: 'B', value: '$(A)' }, { name: 'A' }, { name: 'B', value: null }] }).env,
		).toEqual([
			{ name: 'B', value: '$(A)', valueFrom: undefined },
			{ name: 'A', value: '', valueFrom: undefined },
			{ name: 'B', value: '', valueFrom: undefined },
		]);
	});

	it.each<[Json, EnvVarSource]>([
		[{ configMapKeyRef: { name: 'c', key: 'k' } }, { kind: 'configMapKeyRef', name: 'c', key: 'k', optional: false }],
		[
			{ secretKeyRef: { name: 's', key: '.k', optional: true } },
			{ kind: 'secretKeyRef', name: 's', key: '.k', optional: true },
		],
		[{ fieldRef: { fieldPath: 'metadata.name' } }, { kind: 'fieldRef', fieldPath: 'metadata.name' }],
		[
			{ fieldRef: { apiVersion: 'v1', fieldPath: "metadata.labels['example.com/app']" } },
			{ kind: 'fieldRef', fieldPath: "metadata.labels['example.com/app']" },
		],
		[
			{ fieldRef: { fieldPath: "metadata.annotations['Any']" } },
			{ kind: 'fieldRef', fieldPath: "metadata.annotations['Any']" },
		],
		[{ fieldRef: { fieldPath: 'status.podIPs' } }, { kind: 'fieldRef', fieldPath: 'status.podIPs' }],
		[{ fieldRef: { fieldPath: 'spec.host' } }, { kind: 'fieldRef', fieldPath: 'spec.nodeName' }],
		[
			{ resourceFieldRef: { resource: 'limits.cpu' } },
			{ kind: 'resourceFieldRef', containerName: undefined, resource: 'limits.cpu', divisor: '1' },
		],
		[
			{ resourceFieldRef: { containerName: 'app', resource: 'requests.memory', divisor: '1Mi' } },
			{ kind: 'resourceFieldRef', containerName: 'app', resource: 'requests.memory', divisor: '1Mi' },
		],
		[
			{ resourceFieldRef: { resource: 'limits.hugepages-2Mi', divisor: 1 } },
			{ kind: 'resourceFieldRef', containerName: undefined, resource: 'limits.hugepages-2Mi', divisor: '1' },
		],
		[
			{ resourceFieldRef: { resource: 'limits.memory', divisor: '0' } },
			{ kind: 'resourceFieldRef', containerName: undefined, resource: 'limits.memory', divisor: '1' },
		],
		[
			{ fileKeyRef: { volumeName: 'v', path: 'a/.env', key: 'K' } },
			{ kind: 'fileKeyRef', volumeName: 'v', path: 'a/.env', key: 'K', optional: false },
		],
	])('has the source %j', (valueFrom, expected) => {
		expect(decodeSource(valueFrom)).toEqual(expected);
	});

	it.each(['1', '1m', '1000m', '1.0', '0.001', '1k', '1000', '1Ki', '1024Ki', '0.5Gi'])(
		'accepts the divisor %s for the resources for which a server accepts it',
		(divisor) => {
			const fits = (resource: string) => sourceFaults({ resourceFieldRef: { resource, divisor } }).length === 0;
			const isCpu = ['1', '1m', '1000m', '1.0', '0.001'].includes(divisor);
			const isBytes = ['1', '1000m', '1.0', '1k', '1000', '1Ki', '1024Ki'].includes(divisor);
			expect([fits('limits.cpu'), fits('requests.memory'), fits('limits.ephemeral-storage')]).toEqual([
				isCpu,
				isBytes,
				isBytes,
			]);
		},
	);

	it('has the divisor as a server prints it', () => {
		const divisors = ['1024Ki', '1000k', '1.0', '0.0Gi', '.', 'Mi', '0.001'].map((divisor) =>
			decodeSource({ resourceFieldRef: { resource: divisor === '0.001' ? 'limits.cpu' : 'limits.memory', divisor } }),
		);
		expect(divisors.map((ref) => ref?.kind === 'resourceFieldRef' && ref.divisor)).toEqual([
			'1Mi',
			'1M',
			'1',
			'1',
			'1',
			'1',
			'1m',
		]);
	});

	it.each<[string, Json, string[]]>([
		['a missing name', { value: 'x' }, ['env/0/name| spec.containers[0].env[0].name: Required value']],
		[
			'a name with "="',
			{ name: 'A=B' },
			[
				'env/0/name| spec.containers[0].env[0].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
			],
		],
		['a misspelt name', { Name: 'A', value: 'x' }, ['env/0/name| spec.containers[0].env[0].name: Required value']],
		[
			'a boolean as a value',
			{ name: 'A', value: true },
			['env/0/value| json: cannot unmarshal bool into Go struct field EnvVar.spec.containers.env.value of type string'],
		],
		[
			'a source of a wrong type',
			{ name: 'A', valueFrom: 'x' },
			[
				'env/0/valueFrom| json: cannot unmarshal string into Go struct field EnvVar.spec.containers.env.valueFrom of type v1.EnvVarSource',
			],
		],
		[
			'a value beside a source',
			{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
			[
				'env/0/valueFrom| spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
			],
		],
	])('is refused for %s', (_name, variable, expected) => {
		expect(envFaults(variable)).toEqual(expected);
	});

	const VALUE_FROM = 'spec.containers[0].env[0].valueFrom';
	it.each<[string, Json, string[]]>([
		[
			'none',
			{},
			[
				`| ${VALUE_FROM}: Invalid value: "": must specify one of: \`fieldRef\`, \`resourceFieldRef\`, \`configMapKeyRef\` or \`secretKeyRef\``,
			],
		],
		[
			'two',
			{ fieldRef: { fieldPath: 'metadata.name' }, configMapKeyRef: { name: 'c', key: 'k' } },
			[`| ${VALUE_FROM}: Invalid value: "": may not have more than one field specified at a time`],
		],
		[
			'an unknown kind',
			{ configMapRef: { name: 'c' } },
			[
				`| ${VALUE_FROM}: Invalid value: "": must specify one of: \`fieldRef\`, \`resourceFieldRef\`, \`configMapKeyRef\` or \`secretKeyRef\``,
			],
		],
		[
			'a missing key',
			{ configMapKeyRef: { name: 'c' } },
			[`configMapKeyRef/key| ${VALUE_FROM}.configMapKeyRef.key: Required value`],
		],
		[
			'an optional of a wrong type',
			{ secretKeyRef: { name: 'c', key: 'k', optional: 'no' } },
			[
				'secretKeyRef/optional| json: cannot unmarshal string into Go struct field SecretKeySelector.spec.containers.env.valueFrom.secretKeyRef.optional of type bool',
			],
		],
		[
			'a missing field path',
			{ fieldRef: {} },
			[`fieldRef/fieldPath| ${VALUE_FROM}.fieldRef.fieldPath: Required value`],
		],
		[
			'a field path that no pod has',
			{ fieldRef: { fieldPath: 'metadata.foo' } },
			[
				`fieldRef/fieldPath| ${VALUE_FROM}.fieldRef.fieldPath: Invalid value: "metadata.foo": error converting fieldPath: field label not supported: metadata.foo`,
			],
		],
		[
			'a field path that variables cannot have',
			{ fieldRef: { fieldPath: 'metadata.labels' } },
			[
				`fieldRef/fieldPath| ${VALUE_FROM}.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"`,
			],
		],
		[
			'a subscript of a field without subscripts',
			{ fieldRef: { fieldPath: "spec.nodeName['a']" } },
			[
				`fieldRef/fieldPath| ${VALUE_FROM}.fieldRef.fieldPath: Invalid value: "spec.nodeName['a']": error converting fieldPath: field label does not support subscript: spec.nodeName['a']`,
			],
		],
		[
			'an unsupported version',
			{ fieldRef: { apiVersion: 'v2', fieldPath: 'metadata.name' } },
			[
				`fieldRef/fieldPath| ${VALUE_FROM}.fieldRef.fieldPath: Invalid value: "metadata.name": error converting fieldPath: unsupported pod version: v2`,
			],
		],
		[
			'a missing resource',
			{ resourceFieldRef: {} },
			[`resourceFieldRef/resource| ${VALUE_FROM}.resourceFieldRef.resource: Required value`],
		],
		[
			'an unknown resource',
			{ resourceFieldRef: { resource: 'limits.gpu' } },
			[
				`resourceFieldRef/resource| ${VALUE_FROM}.resourceFieldRef.resource: Unsupported value: "limits.gpu": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"`,
			],
		],
		[
			'a divisor of cpu',
			{ resourceFieldRef: { resource: 'limits.cpu', divisor: '1Mi' } },
			[
				`resourceFieldRef/divisor| ${VALUE_FROM}.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
			],
		],
		[
			'a divisor of memory',
			{ resourceFieldRef: { resource: 'limits.memory', divisor: '1m' } },
			[
				`resourceFieldRef/divisor| ${VALUE_FROM}.resourceFieldRef.divisor: Invalid value: "limits.memory": only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the memory resource`,
			],
		],
		[
			'a divisor that is not a quantity',
			{ resourceFieldRef: { resource: 'limits.memory', divisor: 'x' } },
			[
				"resourceFieldRef/divisor| quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
			],
		],
		[
			'a file in an unknown volume',
			{ fileKeyRef: { volumeName: 'zz', path: 'a', key: 'K' } },
			[`fileKeyRef/volumeName| ${VALUE_FROM}.fileKeyRef.volumeName: Not found: "zz"`],
		],
		[
			'a file in a volume that is not an emptyDir',
			{ fileKeyRef: { volumeName: 'c', path: 'a', key: 'K' } },
			[`fileKeyRef/volumeName| ${VALUE_FROM}.fileKeyRef.volumeName: Invalid value: "c": must be an emptyDir volume`],
		],
		[
			'a file without its fields, with a path that leads out',
			{ fileKeyRef: { path: '../a' } },
			[
				`fileKeyRef/volumeName| ${VALUE_FROM}.fileKeyRef.volumeName: Required value`,
				`fileKeyRef/path| ${VALUE_FROM}.fileKeyRef.path: Invalid value: "../a": must not contain '..'`,
				`fileKeyRef/key| ${VALUE_FROM}.fileKeyRef.key: Required value`,
			],
		],
	])('refuses as a source: %s', (_name, valueFrom, expected) => {
		expect(sourceFaults(valueFrom)).toEqual(expected);
	});

	it.each<[string, Json, string]>([
		[
			'the name',
			{ configMapKeyRef: { key: 'k' } },
			`configMapKeyRef/name| ${VALUE_FROM}.configMapKeyRef.name: Invalid value: "": ${SUBDOMAIN}`,
		],
		[
			'the key',
			{ configMapKeyRef: { name: 'c', key: 'a b' } },
			`configMapKeyRef/key| ${VALUE_FROM}.configMapKeyRef.key: Invalid value: "a b": a valid config key must consist of`,
		],
		[
			'a subscript',
			{ fieldRef: { fieldPath: "metadata.labels['a b']" } },
			`fieldRef| ${VALUE_FROM}.fieldRef: Invalid value: "a b": name part must consist of`,
		],
		[
			'an annotation',
			{ fieldRef: { fieldPath: "metadata.annotations['A b']" } },
			`fieldRef| ${VALUE_FROM}.fieldRef: Invalid value: "a b": name part must consist of`,
		],
	])('checks %s', (_name, valueFrom, start) => {
		expect(sourceFaults(valueFrom)).toEqual([expect.stringContaining(start)]);
	});

	it('optionally checks names by the older rule', () => {
		const env = [{ name: '1a' }, { name: 'a b' }, { name: 'a-b.c' }, { name: '..x' }];
		expect(decode(podValue({}, { env })).spec.containers[0]?.env).toHaveLength(4);
		expect(
			faults(podValue({}, { env }), 'Pod', true).map((fault) => fault.replace(/ value must| must/, ' must')),
		).toEqual([
			expect.stringContaining(
				"Invalid value: \"1a\": a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')",
			),
			expect.stringContaining('env[1].name: Invalid value: "a b": a valid environment variable name'),
			expect.stringContaining('env[3].name: Invalid value: "..x": must not start with \'..\''),
		]);
		expect(faults(podValue({}, { envFrom: [{ prefix: '1', configMapRef: { name: 'c' } }] }), 'Pod', true)).toHaveLength(
			1,
		);
	});

	it.each(['a b', '1', '$_-', '#@!', '~', 'ä', 'a\n', 'a\u007f'])('accepts only printable ASCII: %j', (name) => {
		expect(envFaults({ name }).length === 0).toBe(/^[ -~]+$/.test(name));
	});
});

describe('envFrom', () => {
	it('keeps its order', () => {
		const envFrom = [
			{ secretRef: { name: 's', optional: true } },
			{ configMapRef: { name: 'c' }, prefix: 'p_' },
			{ configMapRef: { name: 'c-' }, secretRef: null },
		];
		expect(decodeContainer({ envFrom }).envFrom).toEqual([
			{ kind: 'secretRef', name: 's', optional: true, prefix: '' },
			{ kind: 'configMapRef', name: 'c', optional: false, prefix: 'p_' },
			{ kind: 'configMapRef', name: 'c-', optional: false, prefix: '' },
		]);
	});

	it.each<[string, Json, string[]]>([
		[
			'no source',
			{ prefix: 'x' },
			['envFrom/0| spec.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`'],
		],
		[
			'two sources',
			{ configMapRef: { name: 'a' }, secretRef: { name: 'b' } },
			[
				'envFrom/0| spec.containers[0].envFrom: Invalid value: "": may not have more than one field specified at a time',
			],
		],
		[
			'no name',
			{ configMapRef: {} },
			['envFrom/0/configMapRef/name| spec.containers[0].envFrom[0].configMapRef.name: Required value'],
		],
		[
			'an unknown source',
			{ configMapKeyRef: { name: 'a' } },
			['envFrom/0| spec.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`'],
		],
		[
			'a prefix',
			{ prefix: '=', secretRef: { name: 'a' } },
			[
				'envFrom/0/prefix| spec.containers[0].envFrom[0].prefix: Invalid value: "=": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
			],
		],
		[
			'a source of a wrong type',
			{ configMapRef: 'a' },
			[
				'envFrom/0/configMapRef| json: cannot unmarshal string into Go struct field EnvFromSource.spec.containers.envFrom.configMapRef of type v1.ConfigMapEnvSource',
			],
		],
	])('is refused for %s', (_name, entry, expected) => {
		expect(containerFaults({ envFrom: [entry] })).toEqual(expected);
	});

	it('checks the name', () => {
		expect(containerFaults({ envFrom: [{ configMapRef: { name: 'A' } }] })).toEqual([
			expect.stringContaining(`spec.containers[0].envFrom[0].configMapRef.name: Invalid value: "A": ${SUBDOMAIN}`),
		]);
	});
});
