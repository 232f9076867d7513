/** Cases for the rules of mounts with a subPath. */

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

export const SUB_PATH_CASES: LintCases = {
	'subpath-never-updates': [
		{
			it: 'a file of a ConfigMap',
			pod: { volumes: [configMapVolume()], app: part('a') },
			objects: [CM],
			finds: [['warning', SUB_PATH, '"a" of volume "v" is bound when the container starts and never updates']],
		},
		{
			it: 'a file of a Secret, through ..data',
			pod: { volumes: [secretVolume()], app: part('..data/a') },
			objects: [KEY],
			finds: [['warning', SUB_PATH, '"..data/a" of volume "v"']],
		},
		{
			it: 'a file of a projected volume in an init container',
			pod: { volumes: [projectedVolume([source('configMap', 'cm')])], initContainer: part('a') },
			objects: [CM],
			finds: [['warning', 'spec.initContainers[0].volumeMounts[0].subPath', 'never updates']],
		},
		{
			it: 'a file of the downward API',
			pod: { volumes: [downwardVolume()], app: part('podname') },
			finds: [['warning', SUB_PATH, 'never updates']],
		},
		{
			it: 'a subPathExpr, which is known only at the start',
			pod: {
				volumes: [configMapVolume()],
				app: { volumeMounts: [mount('/x', 'v', { subPathExpr: '$(NAME)' })] },
			},
			objects: [CM],
			finds: [['warning', 'spec.containers[0].volumeMounts[0].subPathExpr', '"$(NAME)" of volume "v"']],
		},
		{
			it: 'a subPath of a missing object',
			pod: { volumes: [configMapVolume()], app: part('a') },
			finds: [['warning', SUB_PATH, 'never updates']],
		},
		{
			it: 'the entire volume',
			pod: { volumes: [configMapVolume()], app: { volumeMounts: [mount('/x')] } },
			objects: [CM],
			finds: [],
		},
		{
			it: 'a subPath that is the root of the volume',
			pod: { volumes: [configMapVolume()], app: part('./') },
			objects: [CM],
			finds: [],
		},
		{
			it: 'an immutable object, which never changes',
			pod: { volumes: [configMapVolume()], app: part('a') },
			objects: [FIXED],
			finds: [],
		},
		{ it: 'an emptyDir', pod: { volumes: [emptyDir('v')], app: part('a') }, finds: [] },
		{
			it: 'a directory, which another rule reports',
			pod: { volumes: [NESTED], app: part('dir') },
			objects: [CM],
			finds: [],
		},
		{
			it: 'an absent key, which another rule reports',
			pod: { volumes: [NESTED], app: part('b') },
			objects: [CM],
			finds: [],
		},
	],
	'subpath-directory-empties': [
		{
			it: 'a directory of the volume',
			pod: { volumes: [NESTED], app: part('dir/') },
			objects: [CM],
			finds: [
				['warning', SUB_PATH, 'the directory "dir/" of volume "v" never updates: after the first change it is EMPTY'],
			],
		},
		{
			it: 'the data directory itself',
			pod: { volumes: [configMapVolume()], app: part('..data') },
			objects: [CM],
			finds: [['warning', SUB_PATH, 'EMPTY']],
		},
		{ it: 'a file', pod: { volumes: [NESTED], app: part('dir/a') }, objects: [CM], finds: [] },
		{
			it: 'the root of the volume',
			pod: { volumes: [configMapVolume()], app: part('./') },
			objects: [CM],
			finds: [],
		},
		{ it: 'a directory that cannot change', pod: { volumes: [NESTED], app: part('dir') }, objects: [FIXED], finds: [] },
	],
	'subpath-missing': [
		{
			it: 'a name that the volume does not have',
			pod: { volumes: [configMapVolume()], app: part('c') },
			objects: [CM],
			finds: [['error', SUB_PATH, 'volume "v" has no "c": kubelet creates an empty directory']],
		},
		{
			it: 'a key that is not listed',
			pod: { volumes: [NESTED], app: part('b') },
			objects: [CM],
			finds: [['error', SUB_PATH, 'volume "v" has no "b"']],
		},
		{
			it: 'an optional key that is missing',
			pod: { volumes: [configMapVolume({ items: [{ key: 'c', path: 'c' }], optional: true })], app: part('c') },
			objects: [CM],
			finds: [['error', SUB_PATH, 'volume "v" has no "c"']],
		},
		{ it: 'a file', pod: { volumes: [configMapVolume()], app: part('a') }, objects: [CM], finds: [] },
		{
			it: 'a key that a cluster sets',
			pod: { volumes: [secretVolume()], app: part('token') },
			objects: [secret('key', {}, 'kubernetes.io/service-account-token')],
			finds: [],
		},
		{ it: 'a directory', pod: { volumes: [NESTED], app: part('dir') }, objects: [CM], finds: [] },
		{
			it: 'a name with a dollar sign, which only subPathExpr expands',
			pod: { volumes: [configMapVolume()], app: part('$(a)') },
			objects: [CM],
			finds: [['error', SUB_PATH, 'volume "v" has no "$(a)"']],
		},
		{
			it: 'a name that the downward API does not have',
			pod: { volumes: [downwardVolume()], app: part('x') },
			finds: [['error', SUB_PATH, 'volume "v" has no "x"']],
		},
		{
			it: 'a token, which only a cluster has',
			pod: {
				volumes: [projectedVolume([{ kind: 'other', type: 'serviceAccountToken', path: 'token' }])],
				app: part('token'),
			},
			finds: [],
		},
		{
			it: 'a missing object, whose keys are unknown',
			pod: { volumes: [configMapVolume()], app: part('c') },
			finds: [],
		},
	],
};
