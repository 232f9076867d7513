/** What lint says about volumes, paths and modes. */

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
const FIXED = configMap('cm', { a: '1', b: '2' }, { immutable: true });
const KEY = secret('key', { a: 's' });
const NESTED = configMapVolume({ items: [{ key: 'a', path: 'dir/a' }] });
const SUB_PATH = 'spec.containers[0].volumeMounts[0].subPath';
const part = (subPath: string) => ({ volumeMounts: [mount('/x', 'v', { subPath })] });

export const VOLUME_CASES: LintCases = {
	'subpath-never-updates': [
		{
			it: 'a file of a ConfigMap',
			pod: { volumes: [configMapVolume()], app: part('a') },
			objects: [CM],
			says: [['warning', SUB_PATH, '"a" of volume "v" is bound when the container starts and never updates']],
		},
		{
			it: 'a file of a Secret, through ..data too',
			pod: { volumes: [secretVolume()], app: part('..data/a') },
			objects: [KEY],
			says: [['warning', SUB_PATH, '"..data/a" of volume "v"']],
		},
		{
			it: 'a file of a projected volume in an init container',
			pod: { volumes: [projectedVolume([source('configMap', 'cm')])], initContainer: part('a') },
			objects: [CM],
			says: [['warning', 'spec.initContainers[0].volumeMounts[0].subPath', 'never updates']],
		},
		{
			it: 'a file of the downward API',
			pod: { volumes: [downwardVolume()], app: part('podname') },
			says: [['warning', SUB_PATH, 'never updates']],
		},
		{
			it: 'what only the start can tell: subPathExpr',
			pod: {
				volumes: [configMapVolume()],
				app: { volumeMounts: [mount('/x', 'v', { subPathExpr: '$(NAME)' })] },
			},
			objects: [CM],
			says: [['warning', 'spec.containers[0].volumeMounts[0].subPathExpr', '"$(NAME)" of volume "v"']],
		},
		{
			it: 'a part of a missing object',
			pod: { volumes: [configMapVolume()], app: part('a') },
			says: [['warning', SUB_PATH, 'never updates']],
		},
		{
			it: 'the whole volume',
			pod: { volumes: [configMapVolume()], app: { volumeMounts: [mount('/x')] } },
			objects: [CM],
			says: [],
		},
		{
			it: 'the root of the volume as a part',
			pod: { volumes: [configMapVolume()], app: part('./') },
			objects: [CM],
			says: [],
		},
		{
			it: 'an immutable object, which never changes anyway',
			pod: { volumes: [configMapVolume()], app: part('a') },
			objects: [FIXED],
			says: [],
		},
		{ it: 'an emptyDir', pod: { volumes: [emptyDir('v')], app: part('a') }, says: [] },
		{
			it: 'a directory, which another rule names',
			pod: { volumes: [NESTED], app: part('dir') },
			objects: [CM],
			says: [],
		},
		{ it: 'nothing, which another rule names', pod: { volumes: [NESTED], app: part('b') }, objects: [CM], says: [] },
	],
	'subpath-directory-empties': [
		{
			it: 'a directory of the volume',
			pod: { volumes: [NESTED], app: part('dir/') },
			objects: [CM],
			says: [
				['warning', SUB_PATH, 'the directory "dir/" of volume "v" never updates: after the first change it is EMPTY'],
			],
		},
		{
			it: 'the data directory itself',
			pod: { volumes: [configMapVolume()], app: part('..data') },
			objects: [CM],
			says: [['warning', SUB_PATH, 'EMPTY']],
		},
		{ it: 'a file', pod: { volumes: [NESTED], app: part('dir/a') }, objects: [CM], says: [] },
		{
			it: 'the root of the volume',
			pod: { volumes: [configMapVolume()], app: part('./') },
			objects: [CM],
			says: [],
		},
		{ it: 'a directory that cannot change', pod: { volumes: [NESTED], app: part('dir') }, objects: [FIXED], says: [] },
	],
	'subpath-missing': [
		{
			it: 'a name that the volume has not',
			pod: { volumes: [configMapVolume()], app: part('c') },
			objects: [CM],
			says: [['error', SUB_PATH, 'volume "v" has no "c": kubelet makes an empty directory']],
		},
		{
			it: 'a key that is not listed',
			pod: { volumes: [NESTED], app: part('b') },
			objects: [CM],
			says: [['error', SUB_PATH, 'volume "v" has no "b"']],
		},
		{
			it: 'an optional key that is missing',
			pod: { volumes: [configMapVolume({ items: [{ key: 'c', path: 'c' }], optional: true })], app: part('c') },
			objects: [CM],
			says: [['error', SUB_PATH, 'volume "v" has no "c"']],
		},
		{ it: 'a file', pod: { volumes: [configMapVolume()], app: part('a') }, objects: [CM], says: [] },
		{
			it: 'a key that a cluster fills in',
			pod: { volumes: [secretVolume()], app: part('token') },
			objects: [secret('key', {}, 'kubernetes.io/service-account-token')],
			says: [],
		},
		{ it: 'a directory', pod: { volumes: [NESTED], app: part('dir') }, objects: [CM], says: [] },
		{
			it: 'a name with a dollar sign, which only subPathExpr expands',
			pod: { volumes: [configMapVolume()], app: part('$(a)') },
			objects: [CM],
			says: [['error', SUB_PATH, 'volume "v" has no "$(a)"']],
		},
		{
			it: 'a name that the downward API has not',
			pod: { volumes: [downwardVolume()], app: part('x') },
			says: [['error', SUB_PATH, 'volume "v" has no "x"']],
		},
		{
			it: 'a token, which only a cluster has',
			pod: {
				volumes: [projectedVolume([{ kind: 'other', type: 'serviceAccountToken', path: 'token' }])],
				app: part('token'),
			},
			says: [],
		},
		{
			it: 'a missing object, whose keys nobody knows',
			pod: { volumes: [configMapVolume()], app: part('c') },
			says: [],
		},
	],
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
			says: [
				[
					'error',
					'spec.volumes[0].projected.sources[1].secret.items[0].path',
					'key "a" of secret "key" hides key "a" of configMap "cm" at "x", because it is listed later; an API server refuses it: conflicting duplicate paths',
				],
			],
		},
		{
			it: 'whole maps',
			pod: { volumes: [projectedVolume([source('secret', 'key'), source('configMap', 'cm')])] },
			objects: [CM, KEY],
			says: [
				[
					'error',
					'spec.volumes[0].projected.sources[1].configMap',
					'key "a" of configMap "cm" hides key "a" of secret "key" at "a", because it is listed later',
				],
			],
		},
		{
			it: 'same and ./same',
			pod: {
				volumes: [
					projectedVolume([
						source('configMap', 'cm', [{ key: 'a', path: 'same' }]),
						source('configMap', 'cm', [{ key: 'b', path: './same' }]),
					]),
				],
			},
			objects: [CM],
			says: [['error', 'spec.volumes[0].projected.sources[1].configMap.items[0].path', 'hides key "a"']],
		},
		{
			it: 'two items of a plain volume, even of a missing object',
			pod: { volumes: [configMapVolume({ items: ['a', 'b'].map((key) => ({ key, path: 'x' })) })] },
			says: [['warning', 'spec.volumes[0].configMap.items[1].path', 'key "b" of configMap "cm" hides key "a"']],
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
			says: [
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
			says: [],
		},
		{
			it: 'invalid paths, which another rule names',
			pod: { volumes: [configMapVolume({ items: ['a', 'b'].map((key) => ({ key, path: '..' })) })] },
			objects: [CM],
			says: [],
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
			says: [
				[
					'error',
					'spec.volumes[0].projected.sources[1].secret.items[0].path',
					'key "a" of secret "key" is a file in "a", which is a file itself (key "a" of configMap "cm")',
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
			says: [],
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
			says: [
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
			says: [['error', 'spec.volumes[0].downwardAPI.items[0].path', 'must not contain']],
		},
		{ it: 'a clean path', pod: { volumes: [NESTED] }, objects: [CM], says: [] },
	],
	'mode-out-of-range': [
		{
			it: 'an octal mode that was written without its 0',
			pod: { volumes: [configMapVolume({ defaultMode: 644 })] },
			says: [
				[
					'error',
					'spec.volumes[0].configMap.defaultMode',
					'Invalid value: 644: must be a number between 0 and 0777 (octal), both inclusive',
				],
			],
		},
		{
			it: 'modes of items, and what is no mode at all',
			pod: {
				volumes: [
					projectedVolume([source('secret', 'key', [{ key: 'a', path: 'a', mode: 888 }])], -1),
					downwardVolume('podname', 512),
				],
			},
			says: [
				['error', 'spec.volumes[0].projected.defaultMode', 'Invalid value: -1'],
				['error', 'spec.volumes[0].projected.sources[0].secret.items[0].mode', 'Invalid value: 888'],
				['error', 'spec.volumes[1].downwardAPI.items[0].mode', 'Invalid value: 512'],
			],
		},
		{
			it: 'every mode in range',
			pod: { volumes: [configMapVolume({ defaultMode: 0 }), configMapVolume({ defaultMode: 0o777 })] },
			says: [],
		},
	],
	'suspicious-mode': [
		{
			it: 'decimals that look like modes',
			pod: { volumes: [secretVolume({ defaultMode: 400, items: [{ key: 'a', path: 'a', mode: 440 }] })] },
			says: [
				['warning', 'spec.volumes[0].secret.defaultMode', '400 is a decimal number, in octal 0620'],
				['warning', 'spec.volumes[0].secret.items[0].mode', '440 is a decimal number, in octal 0670'],
			],
		},
		{
			it: 'the decimals of usual modes',
			pod: { volumes: [420, 256, 288, 292, 384, 493, 511].map((defaultMode) => configMapVolume({ defaultMode })) },
			says: [],
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
			says: [
				[
					'warning',
					'spec.containers[0].volumeMounts[0]',
					'"a" belongs to root and has mode 0400: user 1000 cannot read it',
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
			says: [['warning', 'spec.containers[0].volumeMounts[0]', 'mode 0440: user 1000']],
		},
		{
			it: 'the same for a user whose group may be root',
			pod: {
				volumes: [configMapVolume({ defaultMode: 0o440 })],
				app: { volumeMounts: [mount('/x')], runAsUser: 1000 },
			},
			objects: [CM],
			says: [],
		},
		{
			it: 'with an fsGroup',
			pod: {
				volumes: [configMapVolume({ defaultMode: 0o400 })],
				app: { volumeMounts: [mount('/x')] },
				securityContext: { runAsUser: 1000, fsGroup: 1001 },
			},
			objects: [CM],
			says: [],
		},
		{
			it: 'for root',
			pod: { volumes: [configMapVolume({ defaultMode: 0o400 })], app: { volumeMounts: [mount('/x')], runAsUser: 0 } },
			objects: [CM],
			says: [],
		},
		{
			it: 'a file in a part, and one of the downward API',
			pod: {
				volumes: [
					configMapVolume({ items: [{ key: 'a', path: 'dir/a', mode: 0o400 }] }),
					{ ...downwardVolume('podname', 0o400), name: 'w' },
				],
				app: { volumeMounts: [mount('/x', 'v', { subPath: 'dir' }), mount('/y', 'w')], runAsUser: 1000 },
			},
			objects: [CM],
			says: [
				['warning', 'spec.containers[0].volumeMounts[0]', '"dir/a" belongs to root'],
				['warning', 'spec.containers[0].volumeMounts[1]', '"podname" belongs to root'],
			],
		},
		{
			it: 'a part that is readable',
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
			says: [],
		},
	],
	'unused-volume': [
		{
			it: 'a volume that nobody mounts',
			pod: { volumes: [configMapVolume(), emptyDir('tmp')], app: { volumeMounts: [mount('/x')] } },
			says: [['warning', 'spec.volumes[1]', 'no container mounts volume "tmp"']],
		},
		{
			it: 'one that is a block device',
			pod: {
				volumes: [{ name: 'raw', source: { kind: 'other', type: 'persistentVolumeClaim' } }],
				app: { volumeDevices: ['raw'] },
			},
			says: [],
		},
		{
			it: 'one that only an init container mounts, and one that a variable is read from',
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
			says: [],
		},
	],
	'local-volume-kind': [
		{
			it: 'what a local process cannot have, or only with consent',
			pod: {
				volumes: [
					{ name: 'db', source: { kind: 'other', type: 'persistentVolumeClaim' } },
					{ name: 'host', source: { kind: 'hostPath', path: '/srv', type: '' } },
				],
			},
			says: [
				['info', 'spec.volumes[0].persistentVolumeClaim', 'volume "db" (persistentVolumeClaim) will not be there'],
				['info', 'spec.volumes[1].hostPath', 'volume "host" is /srv of the machine'],
			],
		},
		{ it: 'the kinds that it has', pod: { volumes: [configMapVolume(), emptyDir('tmp'), downwardVolume()] }, says: [] },
	],
	'cluster-only-source': [
		{
			it: 'a token',
			pod: {
				volumes: [
					projectedVolume([source('configMap', 'cm'), { kind: 'other', type: 'serviceAccountToken', path: 'token' }]),
				],
			},
			says: [
				[
					'info',
					'spec.volumes[0].projected.sources[1].serviceAccountToken',
					'serviceAccountToken "token" will not be there',
				],
			],
		},
		{ it: 'objects', pod: { volumes: [projectedVolume([source('configMap', 'cm')])] }, says: [] },
	],
};
