/** What lint says about where volumes are mounted. */

import { configMap, configMapVolume, emptyDir, type LintCases, mount, secret, secretVolume } from './lint-pods.js';

const CM = configMap('cm', { a: '1', tls: '2' });
const KEY = secret('key', { 'tls.key': 's' });
const PATH = (index: number) => `spec.containers[0].volumeMounts[${index}].mountPath`;
/** ConfigMap `v` and Secret `w`. */
const BOTH = [configMapVolume(), { ...secretVolume(), name: 'w' }];

export const MOUNT_CASES: LintCases = {
	'unknown-volume': [
		{
			it: 'a volume that there is not',
			pod: { volumes: [configMapVolume()], app: { volumeMounts: [mount('/x', 'zz')] } },
			says: [['error', 'spec.containers[0].volumeMounts[0].name', 'Not found: "zz"']],
		},
		{ it: 'one that there is', pod: { volumes: [configMapVolume()], app: { volumeMounts: [mount('/x')] } }, says: [] },
	],
	'forbidden-mount-path': [
		{
			it: 'the root and what the kernel provides',
			pod: {
				volumes: [configMapVolume()],
				app: { volumeMounts: ['/', 'proc/', '/sys', ''].map((path) => mount(path)) },
			},
			says: [
				['error', PATH(0), 'Invalid value: "/": the root directory'],
				['error', PATH(1), 'Invalid value: "proc/": /proc cannot be replaced'],
				['error', PATH(2), '/sys cannot be replaced'],
				['error', PATH(3), 'Required value'],
			],
		},
		{
			it: 'below',
			pod: { volumes: [configMapVolume()], app: { volumeMounts: [mount('/dev/shm'), mount('/x')] } },
			says: [],
		},
	],
	'same-mount-path': [
		{
			it: 'one path twice, which an API server refuses',
			pod: { volumes: BOTH, app: { volumeMounts: [mount('/x'), mount('/x', 'w')] } },
			says: [['error', PATH(1), 'must be unique: volumeMounts[0] ("v") is there']],
		},
		{
			it: 'one place in two ways',
			pod: { volumes: BOTH, app: { volumeMounts: [mount('/x'), mount('x/', 'w')] } },
			says: [['warning', PATH(1), '"w" at "x/" hides volumeMounts[0] ("v"), which is the same place']],
		},
		{
			it: 'one path in two containers',
			pod: { volumes: BOTH, initContainer: { volumeMounts: [mount('/x')] }, app: { volumeMounts: [mount('/x', 'w')] } },
			says: [],
		},
	],
	'hides-system-directory': [
		{
			it: 'directories that programs need',
			pod: { volumes: BOTH, app: { volumeMounts: [mount('/etc'), mount('/usr/bin/', 'w')] } },
			says: [
				['warning', PATH(0), 'volume "v" hides the whole of /etc'],
				['warning', PATH(1), 'volume "w" hides the whole of /usr/bin'],
			],
		},
		{
			it: 'directories of its own, and those that are often replaced',
			pod: {
				volumes: [configMapVolume(), emptyDir('tmp')],
				app: { volumeMounts: [mount('/etc/app'), mount('/tmp', 'tmp'), mount('/run', 'tmp')] },
			},
			says: [],
		},
	],
	'nested-file-mount': [
		{
			it: 'a file in another volume',
			pod: {
				volumes: BOTH,
				app: { volumeMounts: [mount('/etc/app/tls.key', 'w', { subPath: 'tls.key' }), mount('/etc/app')] },
			},
			objects: [CM, KEY],
			says: [['error', PATH(0), 'kubelet makes a directory at /etc/app/tls.key, because it is inside volume "v"']],
		},
		{
			it: 'a directory in another volume',
			pod: { volumes: BOTH, app: { volumeMounts: [mount('/etc/app'), mount('/etc/app/x', 'w')] } },
			objects: [CM, KEY],
			says: [],
		},
		{
			it: 'a file beside another volume, and in an emptyDir',
			pod: {
				volumes: [...BOTH, emptyDir('tmp')],
				app: {
					volumeMounts: [
						mount('/etc/app'),
						mount('/etc/app.key', 'w', { subPath: 'tls.key' }),
						mount('/tmp', 'tmp'),
						mount('/tmp/key', 'w', { subPath: 'tls.key' }),
					],
				},
			},
			objects: [CM, KEY],
			says: [],
		},
	],
	'nested-mount-hides-key': [
		{
			it: 'a mount in the place of a key',
			pod: { volumes: BOTH, app: { volumeMounts: [mount('/etc/app'), mount('/etc/app/tls/keys', 'w')] } },
			objects: [CM, KEY],
			says: [['warning', 'spec.volumes[0].configMap', '"tls" (key "tls" of configMap "cm") is not shown']],
		},
		{
			it: 'a mount of its own name',
			pod: { volumes: BOTH, app: { volumeMounts: [mount('/etc/app'), mount('/etc/app/keys', 'w')] } },
			objects: [CM, KEY],
			says: [],
		},
	],
	'double-read': [
		{
			it: 'a whole volume, when asked',
			pod: { volumes: [configMapVolume()], app: { volumeMounts: [mount('/etc/app/')] } },
			walk: true,
			says: [['info', PATH(0), 'an application that walks /etc/app finds every file more than once']],
		},
		{ it: 'unasked', pod: { volumes: [configMapVolume()], app: { volumeMounts: [mount('/etc/app')] } }, says: [] },
		{
			it: 'a part of a volume, and an emptyDir',
			pod: {
				volumes: [configMapVolume(), emptyDir('tmp')],
				app: { volumeMounts: [mount('/etc/app', 'v', { subPath: 'a' }), mount('/tmp', 'tmp')] },
			},
			walk: true,
			says: [],
		},
	],
};
