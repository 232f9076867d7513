/** Cases for the rules of objects, keys and containers that a pod names. */

import type { ResourceFieldRef } from '../../../../src/pod/pod-spec.js';
import {
	configMap,
	configMapVolume,
	envFrom,
	keyRef,
	type LintCases,
	projectedVolume,
	secret,
	secretVolume,
	source,
} from './lint-pods.js';

const CM = configMap('cm', { a: '1', b: '2' }, { binaryData: { bin: '\x01' } });
const KEY = secret('key', { a: 's' });
const MIB = 1_048_576;
const sized = (bytes: number) => configMap('cm', { a: 'x'.repeat(bytes - 1) }, { binaryData: { b: 'x' } });
const text = (value: string) => configMap('cm', { 'app.conf': value });
const VALUE = 'configmap/cm data[app.conf]';
const ITEM = 'spec.volumes[0].configMap.items[0].key';
const limitOf = (containerName: string | undefined): ResourceFieldRef => ({
	kind: 'resourceFieldRef',
	containerName,
	resource: 'limits.cpu',
	divisor: '1',
});

export const OBJECT_CASES: LintCases = {
	'missing-object': [
		{
			it: 'objects of volumes, of projected volumes and of the environment',
			pod: {
				volumes: [configMapVolume(), projectedVolume([source('secret', 'key')])],
				app: { envFrom: [envFrom('configMapRef', 'e')], env: [keyRef('A', 'secretKeyRef', 'f', 'a')] },
			},
			finds: [
				['error', 'spec.containers[0].env[0].valueFrom.secretKeyRef.name', 'secret "f" not found: the container waits'],
				['error', 'spec.containers[0].envFrom[0].configMapRef.name', 'configmap "e" not found: the container waits'],
				[
					'error',
					'spec.volumes[0].configMap.name',
					'configmap "cm" not found: the pod waits for it (ContainerCreating)',
				],
				['error', 'spec.volumes[1].projected.sources[0].secret.name', 'secret "key" not found'],
			],
		},
		{
			it: 'optional objects',
			pod: {
				volumes: [secretVolume({ optional: true })],
				app: {
					envFrom: [envFrom('secretRef', 'e', '', true)],
					env: [keyRef('A', 'configMapKeyRef', 'f', 'a', true)],
				},
			},
			finds: [
				['info', 'spec.containers[0].env[0].valueFrom.configMapKeyRef.name', 'starts without the variable'],
				['info', 'spec.containers[0].envFrom[0].secretRef.name', 'secret "e" not found: the container starts without'],
				['info', 'spec.volumes[0].secret.secretName', 'secret "key" not found: the pod starts without its files'],
			],
		},
		{
			it: 'an object that every cluster has',
			pod: { volumes: [configMapVolume({}, 'kube-root-ca.crt')] },
			finds: [['info', 'spec.volumes[0].configMap.name', 'configmap "kube-root-ca.crt" not found']],
		},
		{
			it: 'an object that was not read',
			pod: { volumes: [secretVolume()] },
			absence: 'unread',
			finds: [['warning', 'spec.volumes[0].secret.secretName', 'secret "key" is in no manifest']],
		},
		{
			it: 'objects that are present',
			pod: {
				volumes: [configMapVolume(), secretVolume()],
				app: { envFrom: [envFrom('configMapRef', 'cm'), envFrom('secretRef', 'key')] },
			},
			objects: [CM, KEY],
			finds: [],
		},
	],
	'unknown-container': [
		{
			it: 'in a variable, in a volume and in a projected one',
			pod: {
				app: { env: [{ name: 'A', value: '', valueFrom: limitOf('ap') }] },
				volumes: [
					{
						name: 'd',
						source: {
							kind: 'downwardAPI',
							items: [{ path: 'd', mode: undefined, ref: limitOf('zzzzzz') }],
							defaultMode: 0o644,
						},
					},
					projectedVolume([{ kind: 'downwardAPI', items: [{ path: 'd', mode: undefined, ref: limitOf('app2') }] }]),
				],
			},
			finds: [
				[
					'error',
					'spec.containers[0].env[0].valueFrom.resourceFieldRef.containerName',
					'container ap not found: the container waits for it (CreateContainerConfigError)',
				],
				[
					'error',
					'spec.volumes[0].downwardAPI.items[0].resourceFieldRef.containerName',
					'container zzzzzz not found: the pod waits for it (ContainerCreating)',
				],
				[
					'error',
					'spec.volumes[1].projected.sources[0].downwardAPI.items[0].resourceFieldRef.containerName',
					'container app2 not found',
				],
			],
		},
		{
			it: 'containers of the pod',
			pod: {
				app: {
					env: [
						{ name: 'A', value: '', valueFrom: limitOf('app') },
						{ name: 'B', value: '', valueFrom: limitOf(undefined) },
					],
				},
			},
			finds: [],
		},
	],
	'missing-key': [
		{
			it: 'keys of volumes and of variables',
			pod: {
				volumes: [configMapVolume({ items: [{ key: 'c', path: 'c' }] })],
				app: { env: [keyRef('A', 'secretKeyRef', 'key', 'b'), keyRef('B', 'configMapKeyRef', 'cm', 'bin')] },
			},
			objects: [CM, KEY],
			finds: [
				['error', 'spec.containers[0].env[0].valueFrom.secretKeyRef.key', 'secret "key" has no key "b": the container'],
				['error', 'spec.containers[0].env[1].valueFrom.configMapKeyRef.key', 'configMap "cm" has no key "bin"'],
				['error', ITEM, 'configMap "cm" has no key "c": the pod waits for it (ContainerCreating)'],
			],
		},
		{
			it: 'an optional variable',
			pod: { app: { env: [keyRef('A', 'configMapKeyRef', 'cm', 'c', true)] } },
			objects: [CM],
			finds: [['info', 'spec.containers[0].env[0].valueFrom.configMapKeyRef.key', 'starts without the variable']],
		},
		{
			it: 'keys that a cluster sets',
			pod: {
				app: { env: [keyRef('A', 'secretKeyRef', 'key', 'token'), keyRef('B', 'secretKeyRef', 'key', 'b')] },
			},
			objects: [secret('key', {}, 'kubernetes.io/service-account-token')],
			finds: [
				['error', 'spec.containers[0].env[1].valueFrom.secretKeyRef.key', 'secret "key" has no key "b"'],
				['info', 'spec.containers[0].env[0].valueFrom.secretKeyRef.key', 'secret "key" has no key "token"'],
			],
		},
		{
			it: 'an optional volume, which another rule reports',
			pod: { volumes: [configMapVolume({ items: [{ key: 'c', path: 'c' }], optional: true })] },
			objects: [CM],
			finds: [],
		},
		{
			it: 'keys that are present, binaryData in a volume, and keys of missing objects',
			pod: {
				volumes: [configMapVolume({ items: [{ key: 'bin', path: 'b' }] })],
				app: { env: [keyRef('A', 'configMapKeyRef', 'cm', 'a'), keyRef('B', 'secretKeyRef', 'none', 'a')] },
			},
			objects: [CM],
			finds: [],
		},
	],
	'optional-item-missing': [
		{
			it: 'a misspelt key of an optional volume',
			pod: { volumes: [configMapVolume({ items: [{ key: 'c', path: 'c' }], optional: true })] },
			objects: [CM],
			finds: [['warning', ITEM, 'configMap "cm" has no key "c": its file is silently absent']],
		},
		{
			it: 'a key of an optional source',
			pod: { volumes: [projectedVolume([source('secret', 'key', [{ key: 'c', path: 'c' }], true)])] },
			objects: [KEY],
			finds: [['warning', 'spec.volumes[0].projected.sources[0].secret.items[0].key', 'secret "key" has no key "c"']],
		},
		{
			it: 'a required volume, which another rule reports',
			pod: { volumes: [configMapVolume({ items: [{ key: 'c', path: 'c' }] })] },
			objects: [CM],
			finds: [],
		},
		{
			it: 'an optional volume with its keys',
			pod: { volumes: [configMapVolume({ items: [{ key: 'a', path: 'c' }], optional: true })] },
			objects: [CM],
			finds: [],
		},
	],
	'object-too-large': [
		{
			it: 'one byte more than 1 MiB including binaryData, once',
			pod: { volumes: [configMapVolume()], app: { envFrom: [envFrom('configMapRef', 'cm')] } },
			objects: [sized(MIB + 1)],
			finds: [['error', 'configmap/cm', 'configMap "cm" has 1048577 bytes; an API server accepts at most 1048576']],
		},
		{ it: 'exactly 1 MiB', pod: { volumes: [configMapVolume()] }, objects: [sized(MIB)], finds: [] },
		{ it: 'an object that the pod does not name', pod: {}, objects: [sized(MIB + 1)], finds: [] },
	],
	'object-nearly-too-large': [
		{
			it: 'more than 90 % of 1 MiB',
			pod: { volumes: [configMapVolume()] },
			objects: [sized(943_719)],
			finds: [['warning', 'configmap/cm', 'configMap "cm" has 943719 bytes, 90 % of the 1048576']],
		},
		{
			it: 'exactly 1 MiB',
			pod: { volumes: [configMapVolume()] },
			objects: [sized(MIB)],
			finds: [['warning', 'configmap/cm', '100 %']],
		},
		{ it: 'less', pod: { volumes: [configMapVolume()] }, objects: [sized(943_718)], finds: [] },
		{ it: 'an object above the limit', pod: { volumes: [configMapVolume()] }, objects: [sized(MIB + 1)], finds: [] },
	],
	'near-limit': [
		{
			it: 'an object that kubectl apply cannot copy into an annotation, once',
			pod: { volumes: [configMapVolume()], app: { envFrom: [envFrom('configMapRef', 'cm')] } },
			objects: [CM],
			appliedBytes: 262_145,
			finds: [
				[
					'warning',
					'configmap/cm',
					'kubectl apply keeps a copy of configMap "cm" in an annotation, which fails: 262145 bytes of annotations; ' +
						'an API server accepts at most 262144',
				],
			],
		},
		{
			it: 'an object of which kubectl apply just stores a copy',
			pod: { volumes: [secretVolume()] },
			objects: [KEY],
			appliedBytes: 262_144,
			finds: [['info', 'secret/key', 'near the limit: 262144 of 262144 bytes of annotations']],
		},
		{ it: 'less than 90 %', pod: { volumes: [configMapVolume()] }, objects: [CM], appliedBytes: 235_929, finds: [] },
		{ it: 'an object that is in no manifest', pod: { volumes: [configMapVolume()] }, objects: [sized(MIB)], finds: [] },
	],
	'immutable-object': [
		{
			it: 'an immutable ConfigMap, once',
			pod: { volumes: [configMapVolume()], app: { envFrom: [envFrom('configMapRef', 'cm')] } },
			objects: [configMap('cm', {}, { immutable: true })],
			finds: [['info', 'configmap/cm immutable', 'configMap "cm" is immutable']],
		},
		{ it: 'an object that can change', pod: { volumes: [configMapVolume()] }, objects: [CM], finds: [] },
	],
	'blank-value': [
		{
			it: 'only white space, also in Secrets',
			pod: { volumes: [configMapVolume(), secretVolume()] },
			objects: [text(' \r\n'), secret('key', { a: '\n' })],
			finds: [
				['info', VALUE, 'the value has only white space (3 bytes)'],
				['info', 'secret/key data[a]', 'the value has only white space (1 bytes)'],
			],
		},
		{
			it: 'an empty value, and a value with text',
			pod: { volumes: [configMapVolume()] },
			objects: [configMap('cm', { a: '', b: ' x' })],
			finds: [],
		},
	],
	'escaped-value': [
		{
			it: 'Windows line ends',
			pod: { volumes: [configMapVolume()] },
			objects: [text('a\nb\r\nc')],
			finds: [['info', VALUE, 'line 2 has a Windows line end (\\r\\n)']],
		},
		{
			it: 'a blank before a newline',
			pod: { volumes: [configMapVolume()] },
			objects: [text('a\n\nb \nc\n')],
			finds: [['info', VALUE, 'line 3 has a blank at the end']],
		},
		{
			it: 'a blank at the end of the text',
			pod: { volumes: [configMapVolume()] },
			objects: [text('a\nb ')],
			finds: [['info', VALUE, 'line 2 has a blank at the end']],
		},
		{
			it: 'a tab',
			pod: { volumes: [configMapVolume()] },
			objects: [text('a:\n\tb\n')],
			finds: [['info', VALUE, 'line 2 has a tab']],
		},
		{
			it: 'a character beyond the basic plane',
			pod: { volumes: [configMapVolume()] },
			objects: [text('a\n🙂\n')],
			finds: [['info', VALUE, 'line 2 has a character that YAML escapes']],
		},
		{ it: 'a plain text', pod: { volumes: [configMapVolume()] }, objects: [text('a: ü\n  b\n\nc')], finds: [] },
		{ it: 'one line', pod: { volumes: [configMapVolume()] }, objects: [text('a\t')], finds: [] },
		{ it: 'a Secret', pod: { volumes: [secretVolume()] }, objects: [secret('key', { a: 'a \nb' })], finds: [] },
	],
};
