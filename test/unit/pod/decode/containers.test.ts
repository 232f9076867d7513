import { describe, expect, it } from 'vitest';
import { containerFaults, decode, decodeContainer, faults, type Json, LABEL, podValue } from './decoding.js';

describe('a container', () => {
	it('has the values of the manifest', () => {
		expect(
			decodeContainer({
				image: 'nginx:1',
				command: ['sh', null],
				args: ['-c', ''],
				workingDir: '/srv',
				resources: { limits: { cpu: 2, memory: '64Mi', none: null }, requests: { cpu: '500m' } },
				securityContext: { runAsUser: 5, runAsGroup: 6, privileged: 'ignored' },
				volumeMounts: null,
				livenessProbe: 'ignored',
			}),
		).toMatchObject({
			image: 'nginx:1',
			command: ['sh', ''],
			args: ['-c', ''],
			workingDir: '/srv',
			resources: {
				limits: new Map([
					['cpu', '2'],
					['memory', '64Mi'],
					['none', '0'],
				]),
				requests: new Map([['cpu', '500m']]),
			},
			runAsUser: 5,
			runAsGroup: 6,
		});
	});

	it('has no command if the list is empty', () => {
		expect(decodeContainer({ command: [], args: [] })).toMatchObject({ command: undefined, args: undefined });
	});

	it.each<[string, Json, string[]]>([
		['no name', { name: '' }, ['name| spec.containers[0].name: Required value']],
		[
			'a command that is a string',
			{ command: 'sh' },
			[
				'command| json: cannot unmarshal string into Go struct field Container.spec.containers.command of type []string',
			],
		],
		[
			'an argument that is a number',
			{ args: ['-p', 80] },
			['args/1| json: cannot unmarshal number into Go struct field Container.spec.containers.args of type string'],
		],
		[
			'quantities',
			{ resources: { limits: { cpu: '1x', memory: '5 Gi', a: ' 1Ti', b: '1e3', c: '1i', d: true, e: '' } } },
			[
				...['cpu', 'memory'].map(
					(name) =>
						`resources/limits/${name}| quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
				),
				"resources/limits/c| unable to parse quantity's suffix",
				...['d', 'e'].map(
					(name) =>
						`resources/limits/${name}| quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
				),
			],
		],
		[
			'limits that are not a mapping',
			{ resources: { limits: 5 } },
			[
				'resources/limits| json: cannot unmarshal number into Go struct field ResourceRequirements.spec.containers.resources.limits of type v1.ResourceList',
			],
		],
		[
			'an id',
			{ securityContext: { runAsUser: 1.5, runAsGroup: -2 } },
			[
				'securityContext/runAsUser| json: cannot unmarshal number 1.5 into Go struct field SecurityContext.spec.containers.securityContext.runAsUser of type int64',
				'securityContext/runAsGroup| spec.containers[0].securityContext.runAsGroup: Invalid value: -2: must be between 0 and 2147483647, inclusive',
			],
		],
	])('is refused for %s', (_name, container, expected) => {
		expect(containerFaults(container)).toEqual(expected);
	});

	it('has a unique name', () => {
		expect(
			faults(podValue({ containers: [{ name: 'a' }, { name: 'a' }], initContainers: [{ name: 'a' }, { name: 'b' }] })),
		).toEqual([
			'spec/containers/1/name| spec.containers[1].name: Duplicate value: "a"',
			'spec/initContainers/0/name| spec.initContainers[0].name: Duplicate value: "a"',
		]);
		expect(containerFaults({ name: 'A' })).toEqual([
			expect.stringContaining(`name| spec.containers[0].name: Invalid value: "A": ${LABEL}`),
		]);
	});

	it('must be an object', () => {
		expect(faults(podValue({ containers: ['app'] }))).toEqual([
			'spec/containers/0| json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type v1.Container',
		]);
		expect(faults(podValue({ containers: [null] }))).toEqual([
			'spec/containers/0/name| spec.containers[0].name: Required value',
		]);
		expect(faults(podValue({ containers: { name: 'app' } }))).toEqual([
			'spec/containers| json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
		]);
	});
});

describe('volumeMounts', () => {
	const VOLUMES = { volumes: [{ name: 'v' }] };
	const mountFaults = (...volumeMounts: Json[]) => containerFaults({ volumeMounts }, VOLUMES);

	it('keep their order, and accept every field of a mount', () => {
		const mounts = [
			{ name: 'v', mountPath: '/b', readOnly: true, recursiveReadOnly: 'Enabled', mountPropagation: 'None' },
			{ name: 'v', mountPath: 'a', subPath: '..data/x' },
			{ name: 'v', mountPath: '/c:', subPathExpr: '$(POD_NAME)' },
		];
		expect(decodeContainer({ volumeMounts: mounts }, VOLUMES).volumeMounts).toEqual([
			{ name: 'v', mountPath: '/b', subPath: undefined, subPathExpr: undefined, readOnly: true },
			{ name: 'v', mountPath: 'a', subPath: '..data/x', subPathExpr: undefined, readOnly: false },
			{ name: 'v', mountPath: '/c:', subPath: undefined, subPathExpr: '$(POD_NAME)', readOnly: false },
		]);
	});

	it('are read-only if the volume is', () => {
		const claim = (name: string, readOnly: boolean) => ({ name, persistentVolumeClaim: { claimName: 'c', readOnly } });
		const volumes = [claim('no', false), claim('yes', true)];
		const mounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}`, readOnly: false }));
		const decoded = decodeContainer({ volumeMounts: mounts }, { volumes }).volumeMounts;
		expect(decoded.map(({ readOnly }) => readOnly)).toEqual([false, true]);
	});

	it.each<[string, Json[], string[]]>([
		[
			'an unknown volume',
			[{ name: 'zz', mountPath: '/a' }],
			['volumeMounts/0/name| spec.containers[0].volumeMounts[0].name: Not found: "zz"'],
		],
		[
			'an empty mount',
			[{}],
			[
				'volumeMounts/0/name| spec.containers[0].volumeMounts[0].name: Required value',
				'volumeMounts/0/mountPath| spec.containers[0].volumeMounts[0].mountPath: Required value',
			],
		],
		[
			'two equal paths',
			[
				{ name: 'v', mountPath: '/a' },
				{ name: 'v', mountPath: '/a' },
			],
			['volumeMounts/1/mountPath| spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique'],
		],
		[
			'a subPath that is absolute',
			[{ name: 'v', mountPath: '/a', subPath: '/x' }],
			['volumeMounts/0/subPath| spec.containers[0].volumeMounts.subPath: Invalid value: "/x": must be a relative path'],
		],
		[
			'a subPath with ".."',
			[{ name: 'v', mountPath: '/a', subPath: 'x/../y' }],
			[
				'volumeMounts/0/subPath| spec.containers[0].volumeMounts.subPath: Invalid value: "x/../y": must not contain \'..\'',
			],
		],
		[
			'a subPathExpr with both faults',
			[{ name: 'v', mountPath: '/a', subPathExpr: '/..' }],
			[
				'volumeMounts/0/subPathExpr| spec.containers[0].volumeMounts.subPathExpr: Invalid value: "/..": must be a relative path',
				'volumeMounts/0/subPathExpr| spec.containers[0].volumeMounts.subPathExpr: Invalid value: "/..": must not contain \'..\'',
			],
		],
		[
			'subPath and subPathExpr',
			[{ name: 'v', mountPath: '/a', subPath: 'x', subPathExpr: 'y' }],
			[
				'volumeMounts/0/subPathExpr| spec.containers[0].volumeMounts[0].subPathExpr: Invalid value: "y": subPathExpr and subPath are mutually exclusive',
			],
		],
		[
			'a flag of a wrong type',
			[{ name: 'v', mountPath: '/a', readOnly: 'true' }],
			[
				'volumeMounts/0/readOnly| json: cannot unmarshal string into Go struct field VolumeMount.spec.containers.volumeMounts.readOnly of type bool',
			],
		],
	])('are refused for %s', (_name, mounts, expected) => {
		expect(mountFaults(...mounts)).toEqual(expected);
	});

	it('find the volumes that a StatefulSet adds', () => {
		const value = {
			metadata: { name: 'db' },
			spec: {
				template: {
					spec: {
						containers: [{ name: 'app', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
						volumes: [{ name: 'data', configMap: { name: 'c' } }],
					},
				},
				volumeClaimTemplates: [{ metadata: { name: 'data' } }],
			},
		};
		expect(decode(value, 'StatefulSet').spec.volumes).toEqual([
			{ name: 'data', source: { kind: 'other', type: 'persistentVolumeClaim' } },
		]);
		expect(decode(value, 'Deployment').spec.volumes).toMatchObject([{ name: 'data', source: { kind: 'configMap' } }]);
	});
});

it.each([
	[{ cpu: '1' }, { cpu: '1000m' }, undefined],
	[{ cpu: '1' }, { cpu: '1001m', memory: '1Gi' }, '"1001m": must be less than or equal to cpu limit of 1'],
	[{ memory: '1024Mi' }, { memory: '1.5Gi' }, '"1536Mi": must be less than or equal to memory limit of 1Gi'],
	[{ 'example.com/gpu': 2 }, { 'example.com/gpu': 1 }, '"1": must be equal to example.com/gpu limit of 2'],
	[{ 'hugepages-2Mi': '4Mi' }, { 'hugepages-2Mi': '4096Ki' }, undefined],
	[{ 'hugepages-2Mi': '4Mi' }, { 'hugepages-2Mi': '2Mi' }, '"2Mi": must be equal to hugepages-2Mi limit of 4Mi'],
])('compares limits %j with requests %j', (limits, requests, fault) => {
	const text = `resources/requests/${Object.keys(requests)[0]}| spec.containers[0].resources.requests: Invalid value: ${fault}`;
	expect(containerFaults({ resources: { limits, requests } })).toEqual(fault === undefined ? [] : [text]);
});
