/** What lint says about the objects that a pod names. */

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
			says: [
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
			it: 'optional ones',
			pod: {
				volumes: [secretVolume({ optional: true })],
				app: {
					envFrom: [envFrom('secretRef', 'e', '', true)],
					env: [keyRef('A', 'configMapKeyRef', 'f', 'a', true)],
				},
			},
			says: [
				['info', 'spec.containers[0].env[0].valueFrom.configMapKeyRef.name', 'starts without the variable'],
				['info', 'spec.containers[0].envFrom[0].secretRef.name', 'secret "e" not found: the container starts without'],
				['info', 'spec.volumes[0].secret.secretName', 'secret "key" not found: the pod starts without its files'],
			],
		},
		{
			it: 'what every cluster has',
			pod: { volumes: [configMapVolume({}, 'kube-root-ca.crt')] },
			says: [['info', 'spec.volumes[0].configMap.name', 'configmap "kube-root-ca.crt" not found']],
		},
		{
			it: 'what nobody looked for',
			pod: { volumes: [secretVolume()] },
			absence: 'unread',
			says: [['warning', 'spec.volumes[0].secret.secretName', 'secret "key" is in no manifest']],
		},
		{
			it: 'objects that are there',
			pod: {
				volumes: [configMapVolume(), secretVolume()],
				app: { envFrom: [envFrom('configMapRef', 'cm'), envFrom('secretRef', 'key')] },
			},
			objects: [CM, KEY],
			says: [],
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
			says: [
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
			it: 'containers that are there',
			pod: {
				app: {
					env: [
						{ name: 'A', value: '', valueFrom: limitOf('app') },
						{ name: 'B', value: '', valueFrom: limitOf(undefined) },
					],
				},
			},
			says: [],
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
			says: [
				['error', 'spec.containers[0].env[0].valueFrom.secretKeyRef.key', 'secret "key" has no key "b": the container'],
				['error', 'spec.containers[0].env[1].valueFrom.configMapKeyRef.key', 'configMap "cm" has no key "bin"'],
				['error', ITEM, 'configMap "cm" has no key "c": the pod waits for it (ContainerCreating)'],
			],
		},
		{
			it: 'an optional variable',
			pod: { app: { env: [keyRef('A', 'configMapKeyRef', 'cm', 'c', true)] } },
			objects: [CM],
			says: [['info', 'spec.containers[0].env[0].valueFrom.configMapKeyRef.key', 'starts without the variable']],
		},
		{
			it: 'what a cluster fills in',
			pod: {
				app: { env: [keyRef('A', 'secretKeyRef', 'key', 'token'), keyRef('B', 'secretKeyRef', 'key', 'b')] },
			},
			objects: [secret('key', {}, 'kubernetes.io/service-account-token')],
			says: [
				['error', 'spec.containers[0].env[1].valueFrom.secretKeyRef.key', 'secret "key" has no key "b"'],
				['info', 'spec.containers[0].env[0].valueFrom.secretKeyRef.key', 'secret "key" has no key "token"'],
			],
		},
		{
			it: 'an optional volume, which another rule names',
			pod: { volumes: [configMapVolume({ items: [{ key: 'c', path: 'c' }], optional: true })] },
			objects: [CM],
			says: [],
		},
		{
			it: 'keys that are there, binary ones in a volume, and those of missing objects',
			pod: {
				volumes: [configMapVolume({ items: [{ key: 'bin', path: 'b' }] })],
				app: { env: [keyRef('A', 'configMapKeyRef', 'cm', 'a'), keyRef('B', 'secretKeyRef', 'none', 'a')] },
			},
			objects: [CM],
			says: [],
		},
	],
	'optional-item-missing': [
		{
			it: 'a mistyped key of an optional volume',
			pod: { volumes: [configMapVolume({ items: [{ key: 'c', path: 'c' }], optional: true })] },
			objects: [CM],
			says: [['warning', ITEM, 'configMap "cm" has no key "c": its file is left out, and nobody is told']],
		},
		{
			it: 'one of an optional source',
			pod: { volumes: [projectedVolume([source('secret', 'key', [{ key: 'c', path: 'c' }], true)])] },
			objects: [KEY],
			says: [['warning', 'spec.volumes[0].projected.sources[0].secret.items[0].key', 'secret "key" has no key "c"']],
		},
		{
			it: 'a required volume, which another rule names',
			pod: { volumes: [configMapVolume({ items: [{ key: 'c', path: 'c' }] })] },
			objects: [CM],
			says: [],
		},
		{
			it: 'an optional volume with its keys',
			pod: { volumes: [configMapVolume({ items: [{ key: 'a', path: 'c' }], optional: true })] },
			objects: [CM],
			says: [],
		},
	],
	'object-too-large': [
		{
			it: 'one byte more than 1 MiB, binaryData counted, once',
			pod: { volumes: [configMapVolume()], app: { envFrom: [envFrom('configMapRef', 'cm')] } },
			objects: [sized(MIB + 1)],
			says: [['error', 'configmap/cm', 'configMap "cm" holds 1048577 bytes; an API server takes at most 1048576']],
		},
		{ it: 'exactly 1 MiB', pod: { volumes: [configMapVolume()] }, objects: [sized(MIB)], says: [] },
		{ it: 'one that the pod does not name', pod: {}, objects: [sized(MIB + 1)], says: [] },
	],
	'object-nearly-too-large': [
		{
			it: 'more than nine tenths of 1 MiB',
			pod: { volumes: [configMapVolume()] },
			objects: [sized(943_719)],
			says: [['warning', 'configmap/cm', 'configMap "cm" holds 943719 bytes, 90 % of the 1048576']],
		},
		{
			it: 'exactly 1 MiB',
			pod: { volumes: [configMapVolume()] },
			objects: [sized(MIB)],
			says: [['warning', 'configmap/cm', '100 %']],
		},
		{ it: 'less', pod: { volumes: [configMapVolume()] }, objects: [sized(943_718)], says: [] },
		{ it: 'what is over the limit', pod: { volumes: [configMapVolume()] }, objects: [sized(MIB + 1)], says: [] },
	],
	'immutable-object': [
		{
			it: 'an immutable ConfigMap, once',
			pod: { volumes: [configMapVolume()], app: { envFrom: [envFrom('configMapRef', 'cm')] } },
			objects: [configMap('cm', {}, { immutable: true })],
			says: [['info', 'configmap/cm immutable', 'configMap "cm" is immutable']],
		},
		{ it: 'one that can change', pod: { volumes: [configMapVolume()] }, objects: [CM], says: [] },
	],
	'blank-value': [
		{
			it: 'nothing but white space, in Secrets too',
			pod: { volumes: [configMapVolume(), secretVolume()] },
			objects: [text(' \r\n'), secret('key', { a: '\n' })],
			says: [
				['info', VALUE, 'the value is nothing but white space (3 bytes)'],
				['info', 'secret/key data[a]', 'the value is nothing but white space (1 bytes)'],
			],
		},
		{
			it: 'an empty value, and one with a text',
			pod: { volumes: [configMapVolume()] },
			objects: [configMap('cm', { a: '', b: ' x' })],
			says: [],
		},
	],
	'escaped-value': [
		{
			it: 'Windows line ends',
			pod: { volumes: [configMapVolume()] },
			objects: [text('a\nb\r\nc')],
			says: [['info', VALUE, 'line 2 has a Windows line end (\\r\\n)']],
		},
		{
			it: 'a blank before a line end',
			pod: { volumes: [configMapVolume()] },
			objects: [text('a\n\nb \nc\n')],
			says: [['info', VALUE, 'line 3 has a blank at the end']],
		},
		{
			it: 'a blank at the very end',
			pod: { volumes: [configMapVolume()] },
			objects: [text('a\nb ')],
			says: [['info', VALUE, 'line 2 has a blank at the end']],
		},
		{
			it: 'a tab',
			pod: { volumes: [configMapVolume()] },
			objects: [text('a:\n\tb\n')],
			says: [['info', VALUE, 'line 2 has a tab']],
		},
		{
			it: 'a character beyond the basic plane',
			pod: { volumes: [configMapVolume()] },
			objects: [text('a\n🙂\n')],
			says: [['info', VALUE, 'line 2 has a character that YAML escapes']],
		},
		{ it: 'a plain text', pod: { volumes: [configMapVolume()] }, objects: [text('a: ü\n  b\n\nc')], says: [] },
		{ it: 'one line', pod: { volumes: [configMapVolume()] }, objects: [text('a\t')], says: [] },
		{ it: 'a Secret', pod: { volumes: [secretVolume()] }, objects: [secret('key', { a: 'a \nb' })], says: [] },
	],
};
