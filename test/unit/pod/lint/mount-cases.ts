/** Cases for the rules of mount paths. */

import { configMap, configMapVolume, emptyDir, type LintCases, mount, secret, secretVolume } from './lint-pods.js';

const CM = configMap('cm', { a: '1', tls: '2' });
const KEY = secret('key', { 'tls.key': 's' });
const PATH = (index: number) => `spec.containers[0].volumeMounts[${index}].mountPath`;
/** ConfigMap `v` and Secret `w`. */
const BOTH = [configMapVolume(), { ...secretVolume(), name: 'w' }];

export const MOUNT_CASES: LintCases = {
	'unknown-volume': [
		{
			it: 'a volume that the pod does not have',
			pod: { volumes: [configMapVolume()], app: { volumeMounts: [mount('/x', 'zz')] } },
			finds: [['error', 'spec.containers[0].volumeMounts[0].name', 'Not found: "zz"']],
		},
		{
			it: 'a volume of the pod',
			pod: { volumes: [configMapVolume()], app: { volumeMounts: [mount('/x')] } },
			finds: [],
		},
	],
	'forbidden-mount-path': [
		{
			it: 'the root and directories of the kernel',
			pod: {
				volumes: [configMapVolume()],
				app: { volumeMounts: ['/', 'proc/', '/sys', ''].map((path) => mount(path)) },
			},
			finds: [
				['error', PATH(0), 'Invalid value: "/": the root directory'],
				['error', PATH(1), 'Invalid value: "proc/": /proc cannot be replaced'],
				['error', PATH(2), '/sys cannot be replaced'],
				['error', PATH(3), 'Required value'],
			],
		},
		{
			it: 'directories below them',
			pod: { volumes: [configMapVolume()], app: { volumeMounts: [mount('/dev/shm'), mount('/x')] } },
			finds: [],
		},
	],
	'same-mount-path': [
		{
			it: 'one path twice, which an API server refuses',
			pod: { volumes: BOTH, app: { volumeMounts: [mount('/x'), mount('/x', 'w')] } },
			finds: [['error', PATH(1), 'must be unique: volumeMounts[0] ("v") has it']],
		},
		{
			it: 'two spellings of one path',
			pod: { volumes: BOTH, app: { volumeMounts: [mount('/x'), mount('x/', 'w')] } },
			finds: [['warning', PATH(1), '"w" at "x/" hides volumeMounts[0] ("v"), which has the same path']],
		},
		{
			it: 'one path in two containers',
			pod: { volumes: BOTH, initContainer: { volumeMounts: [mount('/x')] }, app: { volumeMounts: [mount('/x', 'w')] } },
			finds: [],
		},
	],
	'hides-system-directory': [
		{
			it: 'directories that programs need',
			pod: { volumes: BOTH, app: { volumeMounts: [mount('/etc'), mount('/usr/bin/', 'w')] } },
			finds: [
				['warning', PATH(0), 'volume "v" hides everything in /etc'],
				['warning', PATH(1), 'volume "w" hides everything in /usr/bin'],
			],
		},
		{
			it: 'its own directories, and those that are often replaced',
			pod: {
				volumes: [configMapVolume(), emptyDir('tmp')],
				app: { volumeMounts: [mount('/etc/app'), mount('/tmp', 'tmp'), mount('/run', 'tmp')] },
			},
			finds: [],
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
			finds: [['error', PATH(0), 'kubelet creates a directory at /etc/app/tls.key, inside volume "v"']],
		},
		{
			it: 'a directory in another volume',
			pod: { volumes: BOTH, app: { volumeMounts: [mount('/etc/app'), mount('/etc/app/x', 'w')] } },
			objects: [CM, KEY],
			finds: [],
		},
		{
			it: 'a file next to another volume, and in an emptyDir',
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
			finds: [],
		},
	],
	'nested-mount-hides-key': [
		{
			it: 'a mount that replaces a key',
			pod: { volumes: BOTH, app: { volumeMounts: [mount('/etc/app'), mount('/etc/app/tls/keys', 'w')] } },
			objects: [CM, KEY],
			finds: [['warning', 'spec.volumes[0].configMap', '"tls" (key "tls" of configMap "cm") is not visible']],
		},
		{
			it: 'a mount with a name that no key has',
			pod: { volumes: BOTH, app: { volumeMounts: [mount('/etc/app'), mount('/etc/app/keys', 'w')] } },
			objects: [CM, KEY],
			finds: [],
		},
	],
	'double-read': [
		{
			it: 'an entire volume, with walk',
			pod: { volumes: [configMapVolume()], app: { volumeMounts: [mount('/etc/app/')] } },
			walk: true,
			finds: [['info', PATH(0), 'an application that walks /etc/app finds every file more than once']],
		},
		{
			it: 'without walk',
			pod: { volumes: [configMapVolume()], app: { volumeMounts: [mount('/etc/app')] } },
			finds: [],
		},
		{
			it: 'a mount with a subPath, and an emptyDir',
			pod: {
				volumes: [configMapVolume(), emptyDir('tmp')],
				app: { volumeMounts: [mount('/etc/app', 'v', { subPath: 'a' }), mount('/tmp', 'tmp')] },
			},
			walk: true,
			finds: [],
		},
	],
};
