/** Cases for the rules of volumes, their paths and their modes. */

import {
	configMap,
	configMapVolume,
	downwardVolume,
	emptyDir,
	type LintCases,
	mount,
	projectedVolume,
	secret,
	secretVolume,
	source,
} from './lint-pods.js';

const CM = configMap('cm', { a: '1', b: '2' });
const KEY = secret('key', { a: 's' });
const NESTED = configMapVolume({ items: [{ key: 'a', path: 'dir/a' }] });

export const VOLUME_CASES: LintCases = {
	'path-collision': [
		{
			it: 'listed paths of two sources, which an API server refuses',
			pod: {
				volumes: [
					projectedVolume([
						source('configMap', 'cm', [{ key: 'a', path: 'x' }]),
						source('secret', 'key', [{ key: 'a', path: 'x' }]),
					]),
				],
			},
			objects: [CM, KEY],
			finds: [
				[
					'error',
					'spec.volumes[0].projected.sources[1].secret.items[0].path',
					'key "a" of secret "key" hides key "a" of configMap "cm" at "x", because it is listed later; an API server refuses it: conflicting duplicate paths',
				],
			],
		},
		{
			it: 'all keys of two objects',
			pod: { volumes: [projectedVolume([source('secret', 'key'), source('configMap', 'cm')])] },
			objects: [CM, KEY],
			finds: [
				[
					'error',
					'spec.volumes[0].projected.sources[1].configMap',
					'key "a" of configMap "cm" hides key "a" of secret "key" at "a", because it is listed later',
				],
			],
		},
		{
			it: 'two spellings of one path',
			pod: {
				volumes: [
					projectedVolume([
						source('configMap', 'cm', [{ key: 'a', path: 'same' }]),
						source('configMap', 'cm', [{ key: 'b', path: './same' }]),
					]),
				],
			},
			objects: [CM],
			finds: [['error', 'spec.volumes[0].projected.sources[1].configMap.items[0].path', 'hides key "a"']],
		},
		{
			it: 'two items of a configMap volume, even of a missing object',
			pod: { volumes: [configMapVolume({ items: ['a', 'b'].map((key) => ({ key, path: 'x' })) })] },
			finds: [['warning', 'spec.volumes[0].configMap.items[1].path', 'key "b" of configMap "cm" hides key "a"']],
		},
		{
			it: 'fields and resources of the downward API, which an API server refuses too',
			pod: {
				volumes: [
					projectedVolume([
						{
							kind: 'downwardAPI',
							items: [
								{ path: 'x', mode: undefined, ref: { kind: 'fieldRef', fieldPath: 'metadata.name' } },
								{
									path: 'x',
									mode: undefined,
									ref: { kind: 'resourceFieldRef', containerName: 'app', resource: 'limits.cpu', divisor: '1' },
								},
							],
						},
					]),
				],
			},
			finds: [
				[
					'error',
					'spec.volumes[0].projected.sources[0].downwardAPI.items[1].path',
					'limits.cpu hides metadata.name at "x", because it is listed later; an API server refuses it',
				],
			],
		},
		{
			it: 'different paths',
			pod: {
				volumes: [
					projectedVolume([source('configMap', 'cm'), source('secret', 'key', [{ key: 'a', path: 'secret/a' }])]),
				],
			},
			objects: [CM, KEY],
			finds: [],
		},
		{
			it: 'invalid paths, which another rule reports',
			pod: { volumes: [configMapVolume({ items: ['a', 'b'].map((key) => ({ key, path: '..' })) })] },
			objects: [CM],
			finds: [],
		},
	],
	'file-directory-conflict': [
		{
			it: 'a file in a file',
			pod: {
				volumes: [
					projectedVolume([source('configMap', 'cm'), source('secret', 'key', [{ key: 'a', path: 'a/deep/s' }])]),
				],
			},
			objects: [CM, KEY],
			finds: [
				[
					'error',
					'spec.volumes[0].projected.sources[1].secret.items[0].path',
					'key "a" of secret "key" is a file in "a", which is itself a file (key "a" of configMap "cm")',
				],
			],
		},
		{
			it: 'siblings',
			pod: {
				volumes: [
					configMapVolume({
						items: [
							{ key: 'a', path: 'd/a' },
							{ key: 'b', path: 'd/ab/b' },
						],
					}),
				],
			},
			objects: [CM],
			finds: [],
		},
	],
	'invalid-path': [
		{
			it: 'paths that a server or kubelet refuses',
			pod: {
				volumes: [
					configMapVolume({ items: ['/abs', 'a/../b', './..data', '.', ''].map((path) => ({ key: 'a', path })) }),
				],
			},
			objects: [CM],
			finds: [
				['error', 'spec.volumes[0].configMap.items[0].path', 'invalid path: must be relative path: /abs'],
				['error', 'spec.volumes[0].configMap.items[1].path', "invalid path: must not contain '..': a/../b"],
				['error', 'spec.volumes[0].configMap.items[2].path', "invalid path: must not start with '..': ./..data"],
				['error', 'spec.volumes[0].configMap.items[3].path', 'invalid path: must name a file: .'],
				['error', 'spec.volumes[0].configMap.items[4].path', 'invalid path: must not be empty'],
			],
		},
		{
			it: 'a path of the downward API',
			pod: { volumes: [downwardVolume('../x')] },
			finds: [['error', 'spec.volumes[0].downwardAPI.items[0].path', 'must not contain']],
		},
		{ it: 'a clean path', pod: { volumes: [NESTED] }, objects: [CM], finds: [] },
	],
	'mode-out-of-range': [
		{
			it: 'an octal mode without its leading zero',
			pod: { volumes: [configMapVolume({ defaultMode: 644 })] },
			finds: [
				[
					'error',
					'spec.volumes[0].configMap.defaultMode',
					'Invalid value: 644: must be a number between 0 and 0777 (octal), both inclusive',
				],
			],
		},
		{
			it: 'modes of items, and numbers that are not modes',
			pod: {
				volumes: [
					projectedVolume([source('secret', 'key', [{ key: 'a', path: 'a', mode: 888 }])], -1),
					downwardVolume('podname', 512),
				],
			},
			finds: [
				['error', 'spec.volumes[0].projected.defaultMode', 'Invalid value: -1'],
				['error', 'spec.volumes[0].projected.sources[0].secret.items[0].mode', 'Invalid value: 888'],
				['error', 'spec.volumes[1].downwardAPI.items[0].mode', 'Invalid value: 512'],
			],
		},
		{
			it: 'every mode in range',
			pod: { volumes: [configMapVolume({ defaultMode: 0 }), configMapVolume({ defaultMode: 0o777 })] },
			finds: [],
		},
	],
	'suspicious-mode': [
		{
			it: 'decimal numbers that look like modes',
			pod: { volumes: [secretVolume({ defaultMode: 400, items: [{ key: 'a', path: 'a', mode: 440 }] })] },
			finds: [
				['warning', 'spec.volumes[0].secret.defaultMode', '400 is a decimal number, in octal 0620'],
				['warning', 'spec.volumes[0].secret.items[0].mode', '440 is a decimal number, in octal 0670'],
			],
		},
		{
			it: 'the decimal numbers of usual modes',
			pod: { volumes: [420, 256, 288, 292, 384, 493, 511].map((defaultMode) => configMapVolume({ defaultMode })) },
			finds: [],
		},
	],
	'unreadable-mode': [
		{
			it: 'a file of root for another user',
			pod: {
				volumes: [configMapVolume({ defaultMode: 0o400 })],
				app: { volumeMounts: [mount('/x')] },
				securityContext: { runAsUser: 1000 },
			},
			objects: [CM],
			finds: [
				[
					'warning',
					'spec.containers[0].volumeMounts[0]',
					'user 1000 cannot read "a", which belongs to root and has mode 0400',
				],
			],
		},
		{
			it: 'a file of the group root for another group',
			pod: {
				volumes: [configMapVolume({ items: [{ key: 'a', path: 'a', mode: 0o440 }] })],
				app: { volumeMounts: [mount('/x')], runAsUser: 1000, runAsGroup: 1000 },
			},
			objects: [CM],
			finds: [
				[
					'warning',
					'spec.containers[0].volumeMounts[0]',
					'user 1000 cannot read "a", which belongs to root and has mode 0440',
				],
			],
		},
		{
			it: 'the same for a user in the group of root',
			pod: {
				volumes: [configMapVolume({ defaultMode: 0o440 })],
				app: { volumeMounts: [mount('/x')], runAsUser: 1000 },
			},
			objects: [CM],
			finds: [],
		},
		{
			it: 'with an fsGroup',
			pod: {
				volumes: [configMapVolume({ defaultMode: 0o400 })],
				app: { volumeMounts: [mount('/x')] },
				securityContext: { runAsUser: 1000, fsGroup: 1001 },
			},
			objects: [CM],
			finds: [],
		},
		{
			it: 'for root',
			pod: { volumes: [configMapVolume({ defaultMode: 0o400 })], app: { volumeMounts: [mount('/x')], runAsUser: 0 } },
			objects: [CM],
			finds: [],
		},
		{
			it: 'a file in a subPath, and a file of the downward API',
			pod: {
				volumes: [
					configMapVolume({ items: [{ key: 'a', path: 'dir/a', mode: 0o400 }] }),
					{ ...downwardVolume('podname', 0o400), name: 'w' },
				],
				app: { volumeMounts: [mount('/x', 'v', { subPath: 'dir' }), mount('/y', 'w')], runAsUser: 1000 },
			},
			objects: [CM],
			finds: [
				['warning', 'spec.containers[0].volumeMounts[0]', 'cannot read "dir/a", which belongs to root'],
				['warning', 'spec.containers[0].volumeMounts[1]', 'cannot read "podname", which belongs to root'],
			],
		},
		{
			it: 'a readable subPath',
			pod: {
				volumes: [
					configMapVolume({
						items: [
							{ key: 'a', path: 'a', mode: 0o400 },
							{ key: 'b', path: 'b' },
						],
					}),
				],
				app: { volumeMounts: [mount('/x', 'v', { subPath: 'b' })], runAsUser: 1000 },
			},
			objects: [CM],
			finds: [],
		},
	],
	'unused-volume': [
		{
			it: 'a volume that no container mounts',
			pod: { volumes: [configMapVolume(), emptyDir('tmp')], app: { volumeMounts: [mount('/x')] } },
			finds: [['warning', 'spec.volumes[1]', 'no container mounts volume "tmp"']],
		},
		{
			it: 'a volume that is attached as a block device',
			pod: {
				volumes: [{ name: 'raw', source: { kind: 'other', type: 'persistentVolumeClaim' } }],
				app: { volumeDevices: ['raw'] },
			},
			finds: [],
		},
		{
			it: 'a volume of an init container, and a volume that a variable reads',
			pod: {
				volumes: [emptyDir('v'), emptyDir('files')],
				initContainer: { volumeMounts: [mount('/x')] },
				app: {
					env: [
						{
							name: 'A',
							value: '',
							valueFrom: { kind: 'fileKeyRef', volumeName: 'files', path: 'env', key: 'A', optional: false },
						},
					],
				},
			},
			finds: [],
		},
	],
	'local-volume-kind': [
		{
			it: 'kinds that a local process does not have, or only with a flag',
			pod: {
				volumes: [
					{ name: 'db', source: { kind: 'other', type: 'persistentVolumeClaim' } },
					{ name: 'host', source: { kind: 'hostPath', path: '/srv', type: '' } },
				],
			},
			finds: [
				['info', 'spec.volumes[0].persistentVolumeClaim', 'volume "db" (persistentVolumeClaim) is not available'],
				['info', 'spec.volumes[1].hostPath', 'volume "host" is /srv of this machine instead of the node'],
			],
		},
		{
			it: 'kinds that a local process has',
			pod: { volumes: [configMapVolume(), emptyDir('tmp'), downwardVolume()] },
			finds: [],
		},
	],
	'cluster-only-source': [
		{
			it: 'a token',
			pod: {
				volumes: [
					projectedVolume([source('configMap', 'cm'), { kind: 'other', type: 'serviceAccountToken', path: 'token' }]),
				],
			},
			finds: [
				[
					'info',
					'spec.volumes[0].projected.sources[1].serviceAccountToken',
					'serviceAccountToken "token" is not available',
				],
			],
		},
		{ it: 'objects', pod: { volumes: [projectedVolume([source('configMap', 'cm')])] }, finds: [] },
	],
};
