import { describe, expect, test } from 'vitest';
import { type UnknownField, unknownFields, unknownFieldText } from '../../../../src/model/fields/unknown-fields.js';

/** `path`, or `path → meant`. */
function found(value: unknown, type: string): readonly string[] {
	return unknownFields(value, type).map(
		({ path, meant }) => `${path.join('.')}${meant === undefined ? '' : ` → ${meant}`}`,
	);
}

/** A Pod with one container and one volume. */
const pod = (container: object, volume: object = {}) => ({ spec: { containers: [container], volumes: [volume] } });

describe('unknownFields', () => {
	test('finds misspelt fields of a Deployment at every depth', () => {
		const container = { name: 'c', envfrom: [], comand: [], volumeMount: [], env: [{ name: 'A', vlaue: 'x' }] };
		const template = { spec: { hostAlias: [], containers: [container], volume: [] } };
		expect(found({ kind: 'Deployment', spec: { replica: 2, template } }, 'Deployment')).toEqual([
			'spec.replica → replicas',
			'spec.template.spec.hostAlias → hostAliases',
			'spec.template.spec.containers.0.envfrom → envFrom',
			'spec.template.spec.containers.0.comand → command',
			'spec.template.spec.containers.0.volumeMount → volumeMounts',
			'spec.template.spec.containers.0.env.0.vlaue → value',
			'spec.template.spec.volume → volumes',
		]);
	});

	test.each<[string, unknown, string, string[]]>([
		['a ConfigMap', { datas: {}, metadata: { label: {} } }, 'ConfigMap', ['datas → data', 'metadata.label → labels']],
		['a Secret', { binaryData: {}, stringdata: {} }, 'Secret', ['binaryData', 'stringdata → stringData']],
		[
			'a reference',
			pod({ env: [{ valueFrom: { secretKeyRef: { secretName: 'c', name: 'c', key: 'k' } } }] }),
			'Pod',
			['spec.containers.0.env.0.valueFrom.secretKeyRef.secretName'],
		],
		[
			'a mount',
			pod({ volumeMounts: [{ subpath: 'x' }] }),
			'Pod',
			['spec.containers.0.volumeMounts.0.subpath → subPath'],
		],
		[
			'a volume and its items',
			pod({}, { configmap: {}, configMap: { default_mode: 1, items: [{ Mode: 1 }] } }),
			'Pod',
			[
				'spec.volumes.0.configmap → configMap',
				'spec.volumes.0.configMap.default_mode → defaultMode',
				'spec.volumes.0.configMap.items.0.Mode → mode',
			],
		],
		[
			'sources of a projected volume',
			pod({}, { projected: { sources: [{ secret: { secretName: 's' } }, { configmap: {} }] } }),
			'Pod',
			[
				'spec.volumes.0.projected.sources.0.secret.secretName',
				'spec.volumes.0.projected.sources.1.configmap → configMap',
			],
		],
		[
			'a field that the program ignores',
			pod({ livenessProbe: { httpGet: { hots: 1 } } }),
			'Pod',
			['spec.containers.0.livenessProbe.httpGet.hots → host'],
		],
	])('finds those of %s', (_name, value, type, expected) => {
		expect(found(value, type)).toEqual(expected);
	});

	test('knows the fields of Kubernetes 1.37, and fields that were removed', () => {
		const container = {
			volumeMounts: [{ bindMountOptions: ['noexec'] }],
			env: [{ valueFrom: { fileKeyRef: { volumeName: 'v', path: 'p', key: 'k' } } }],
			restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [1] } }],
			lifecycle: { stopSignal: 'SIGUSR1' },
		};
		const value = pod(container, { configMap: { defaultUser: 1, items: [{ user: 0 }] }, emptyDir: { mode: 0o1700 } });
		Object.assign(value.spec, { resources: { limits: { memory: '1Gi' } }, hostnameOverride: 'a' });
		expect(
			found({ metadata: { clusterName: 'x', managedFields: [{ any: 1 }] }, ...value, status: { x: 1 } }, 'Pod'),
		).toEqual([]);
	});

	test('leaves maps of texts and free values alone', () => {
		expect(
			found({ data: { anything: '' }, metadata: { labels: { x: '' }, annotations: { y: '' } } }, 'ConfigMap'),
		).toEqual([]);
	});

	test('ignores values of wrong types, which the decoders report', () => {
		expect(found({ spec: { containers: 'x', volumes: { name: 'v', nam: 1 } } }, 'Pod')).toEqual([
			'spec.volumes.nam → name',
		]);
		for (const value of [null, 1, 'x', undefined]) expect(found(value, 'Pod')).toEqual([]);
	});

	test('reads a value that aliases share once, and reports a limited number', () => {
		const env = Array.from({ length: 1000 }, () => ({ x: 1 }));
		const shared = Array.from({ length: 50 }, () => ({ y: 1 }));
		expect(found({ spec: { containers: [{ env }] } }, 'Pod')).toHaveLength(100);
		const containers = Array.from({ length: 100_000 }, () => ({ env: shared }));
		expect(found({ spec: { containers } }, 'Pod')).toHaveLength(50);
		expect(found({ ['x'.repeat(100_000)]: 1 }, 'Pod')).toHaveLength(1);
	});
});

describe('unknownFieldText', () => {
	const field: UnknownField = { path: ['spec', 'containers', 0, 'comand'], meant: 'command' };

	test('has the text of kubectl, and a suggestion', () => {
		expect(unknownFieldText(field, 'strict')).toBe(
			'strict decoding error: unknown field "spec.containers[0].comand"; did you mean "command"?',
		);
		expect(unknownFieldText(field, 'warn')).toBe('unknown field "spec.containers[0].comand"; did you mean "command"?');
	});

	test('says that a field without a likely meaning has no effect', () => {
		const other = { ...field, meant: undefined };
		expect(unknownFieldText(other, 'warn')).toBe('unknown field "spec.containers[0].comand", which has no effect');
		expect(unknownFieldText(other, 'strict')).toBe('strict decoding error: unknown field "spec.containers[0].comand"');
	});

	test('cuts long names', () => {
		expect(unknownFieldText({ path: ['x'.repeat(1000)], meant: undefined }, 'warn')).toHaveLength(102);
	});
});
