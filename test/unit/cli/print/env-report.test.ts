import { describe, expect, test } from 'vitest';
import { type EnvReport, type EnvReportInput, envReport, originWords } from '../../../../src/cli/print/env-report.js';
import { ObjectLocations } from '../../../../src/explain/object-locations.js';
import { buildEnvironment } from '../../../../src/pod/environment/builder.js';
import type { Container } from '../../../../src/pod/pod-spec.js';
import { parseManifest } from '../../../../src/sources/manifests/manifest-parser.js';
import {
	makeConfigMap,
	makeContainer,
	makeEnv,
	makeObjects,
	makePod,
	makeSecret,
	SURROUNDINGS,
} from '../../pod/environment/environment-pod.js';

const MANIFEST = `apiVersion: v1
kind: Pod
metadata: {name: the-pod, namespace: test}
spec:
  containers:
  - name: app
    env:
    - name: COLOR
      value: green
---
apiVersion: v1
kind: ConfigMap
metadata: {name: app, namespace: test}
data:
  COLOR: blue
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: test}
stringData: {PASSWORD: hunter2}
`;

const OBJECTS = makeObjects([makeConfigMap('app', { COLOR: 'blue' })], [makeSecret('db', { PASSWORD: 'hunter2' })]);

function reportOf(fields: Partial<Container>, more: Partial<EnvReportInput> = {}): EnvReport {
	const container = makeContainer(fields);
	const pod = makePod(container);
	const options = { file: 'pod.yaml', defaultNamespace: 'default' };
	return envReport({
		selected: { pod, container },
		environment: buildEnvironment(pod, container, OBJECTS, SURROUNDINGS, { strictNames: false }),
		objects: OBJECTS,
		locations: new ObjectLocations(parseManifest(MANIFEST, options).objects),
		inherited: {},
		showSecrets: false,
		...more,
	});
}

const FROM_APP = { kind: 'configMapRef', name: 'app', optional: false, prefix: '' } as const;
const FROM_DB = { kind: 'secretRef', name: 'db', optional: false, prefix: 'DB_' } as const;

describe('a report', () => {
	test('contains all properties of a variable, with locations in files', () => {
		const report = reportOf({ envFrom: [FROM_APP], env: makeEnv(['COLOR', 'green']), command: ['./app', '$(COLOR)'] });
		expect(report).toEqual({
			schema: 'configmapfs.env/v1',
			pod: { name: 'the-pod', namespace: 'test', workload: 'pod/the-pod', place: 'pod.yaml:1:1' },
			container: 'app',
			command: ['./app', 'green'],
			args: null,
			variables: [
				{
					name: 'COLOR',
					value: 'green',
					bytes: 5,
					isSecret: false,
					isShellName: true,
					origin: { kind: 'value', field: 'env[0]', object: null, key: null, place: 'pod.yaml:9:14' },
					overrode: [
						{ kind: 'configMapRef', field: 'envFrom[0]', object: 'app', key: 'COLOR', place: 'pod.yaml:15:10' },
					],
					expansion: null,
					standIn: null,
				},
			],
			missing: [],
			leftOut: [],
			warnings: [],
		});
	});

	test('survives JSON', () => {
		const report = reportOf({ envFrom: [FROM_APP, FROM_DB], env: makeEnv(['X', '$(Y)$(COLOR)']) });
		expect(JSON.parse(JSON.stringify(report))).toEqual(report);
		expect(report.variables.at(-1)?.expansion).toEqual({
			raw: '$(Y)$(COLOR)',
			references: ['COLOR'],
			unresolved: ['Y'],
		});
	});

	test('never contains the value of a Secret, unless requested', () => {
		const fields = {
			envFrom: [FROM_DB],
			env: makeEnv(
				['URL', 'db://$(DB_PASSWORD)@host'],
				['AGAIN', '$(URL)'],
				['KEY', { kind: 'secretKeyRef', name: 'db', key: 'PASSWORD', optional: false }],
			),
			command: ['./app', '--password=$(DB_PASSWORD)'],
			args: ['$(AGAIN)'],
		};
		const report = reportOf(fields);
		expect(JSON.stringify(report)).not.toContain('hunter2');
		expect(report.variables.map(({ name, value, isSecret, bytes }) => [name, value, isSecret, bytes])).toEqual([
			['DB_PASSWORD', null, true, 7],
			['URL', null, true, 17],
			['AGAIN', null, true, 17],
			['KEY', null, true, 7],
		]);
		expect([report.command, report.args]).toEqual([['./app', '--password=******'], ['******']]);
		const shown = reportOf(fields, { showSecrets: true });
		expect(shown.variables.map(({ value }) => value)).toEqual([
			'hunter2',
			'db://hunter2@host',
			'db://hunter2@host',
			'hunter2',
		]);
		expect(shown.args).toEqual(['db://hunter2@host']);
		expect(report.variables[0]?.origin.place).toBe('pod.yaml:20:24');
	});

	test('lists inherited variables first, and those that the pod overrides', () => {
		const { variables } = reportOf(
			{ env: makeEnv(['PATH', '/app'], ['A', '1']) },
			{ inherited: { PATH: '/bin', HOME: '/root', HOSTNAME: 'the-pod' } },
		);
		expect(variables.map(({ name, value, origin, overrode }) => [name, value, origin.kind, overrode.length])).toEqual([
			['HOME', '/root', 'inherited', 0],
			['HOSTNAME', 'the-pod', 'hostname', 0],
			['PATH', '/app', 'value', 1],
			['A', '1', 'value', 0],
		]);
		expect(variables[2]?.overrode).toEqual([{ kind: 'inherited', field: null, object: null, key: null, place: null }]);
	});

	test('lists optional references to missing objects, and no others', () => {
		const optional = (kind: 'configMapKeyRef' | 'secretKeyRef', name: string, key: string) =>
			({ kind, name, key, optional: true }) as const;
		const { leftOut, missing } = reportOf({
			envFrom: [
				FROM_APP,
				{ ...FROM_APP, name: 'none', optional: true },
				{ ...FROM_DB, name: 'none', optional: true },
				{ ...FROM_APP, name: 'required' },
			],
			env: makeEnv(
				['A', optional('configMapKeyRef', 'app', 'COLOR')],
				['B', optional('configMapKeyRef', 'app', 'nope')],
				['C', optional('secretKeyRef', 'gone', 'k')],
				// Set later, but not from there.
				['B', 'other'],
				// Overridden later, but set from there.
				['A', 'other'],
				['D', { kind: 'fileKeyRef', volumeName: 'v', path: 'f', key: 'k', optional: true }],
			),
		});
		expect(leftOut).toEqual([
			{ name: null, field: 'envFrom[1]', text: 'configmap "none" not found' },
			{ name: null, field: 'envFrom[2]', text: 'secret "none" not found' },
			{ name: 'B', field: 'env[1]', text: 'configmap "app" has no key "nope"' },
			{ name: 'C', field: 'env[2]', text: 'secret "gone" not found' },
			{ name: 'D', field: 'env[5]', text: 'volume "v" has no such file or key' },
		]);
		expect(missing).toEqual([{ reason: 'CreateContainerConfigError', message: 'configmap "required" not found' }]);
	});

	test('of an init container leads into it', () => {
		const container = makeContainer({ name: 'init', env: makeEnv(['A', '1']) });
		const pod = makePod(makeContainer(), {}, { initContainers: [container] });
		const manifest = MANIFEST.replace('containers:', 'initContainers:').replace('- name: app', '- name: init');
		const parsed = parseManifest(manifest, { file: 'pod.yaml', defaultNamespace: 'default' });
		const report = reportOf(
			{},
			{
				selected: { pod, container },
				environment: buildEnvironment(pod, container, OBJECTS, SURROUNDINGS, { strictNames: false }),
				locations: new ObjectLocations(parsed.objects),
			},
		);
		expect(report.variables[0]?.origin.place).toBe('pod.yaml:9:14');
	});

	test('marks local values that replace properties of the node', () => {
		const { variables } = reportOf({ env: makeEnv(['IP', { kind: 'fieldRef', fieldPath: 'status.podIP' }]) });
		expect(variables[0]).toMatchObject({ standIn: 'an address of this machine', origin: { kind: 'fieldRef' } });
	});
});

test.each([
	[{ kind: 'inherited', field: null, object: null, key: null }, 'your environment'],
	[{ kind: 'hostname', field: null, object: null, key: null }, 'name of the pod'],
	[{ kind: 'value', field: 'env[2]', object: null, key: null }, 'value (env[2])'],
	[{ kind: 'fieldRef', field: 'env[0]', object: null, key: 'metadata.name' }, 'field metadata.name (env[0])'],
	[{ kind: 'resourceFieldRef', field: 'env[0]', object: null, key: 'limits.cpu' }, 'resource limits.cpu (env[0])'],
	[{ kind: 'fileKeyRef', field: 'env[0]', object: 'v', key: 'k' }, 'volume v, key k (env[0])'],
	[{ kind: 'configMapRef', field: 'envFrom[0]', object: 'app', key: 'k' }, 'ConfigMap app, key k (envFrom[0])'],
	[{ kind: 'configMapKeyRef', field: 'env[0]', object: 'app', key: 'k' }, 'ConfigMap app, key k (env[0])'],
	[{ kind: 'secretRef', field: 'envFrom[0]', object: 'db', key: 'k' }, 'Secret db, key k (envFrom[0])'],
	[{ kind: 'secretKeyRef', field: 'env[0]', object: 'db', key: 'k' }, 'Secret db, key k (env[0])'],
	[{ kind: 'flag', field: '-e COLOR', object: null, key: null }, '-e COLOR'],
] as const)('%j in words: %s', (origin, words) => {
	expect(originWords({ ...origin, place: null })).toBe(words);
});
