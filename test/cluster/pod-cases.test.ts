/** Pods that a real API server of v1.20 refuses: the decoder has the same messages. */

import { expect, test } from 'vitest';
import { decodePod } from '../../src/pod/decode/pod.js';
import { useControlPlane } from '../support/control-plane.js';

type Json = Readonly<Record<string, unknown>>;

const cluster = useControlPlane();

function pod(container: Json, spec: Json = {}): Json {
	return {
		apiVersion: 'v1',
		kind: 'Pod',
		metadata: { name: 'web' },
		spec: { containers: [{ name: 'app', image: 'x', ...container }], ...spec },
	};
}

const volume = (source: Json) => pod({}, { volumes: [{ name: 'v', ...source }] });
const source = (valueFrom: Json, more: Json = {}) => pod({ env: [{ name: 'A', valueFrom, ...more }] });
const item = (more: Json) => volume({ configMap: { name: 'c', items: [{ key: 'k', path: 'p', ...more }] } });
const projected = (...sources: Json[]) => volume({ projected: { sources } });
const mounts = (...volumeMounts: Json[]) =>
	pod({ volumeMounts: volumeMounts.map((mount) => ({ name: 'v', ...mount })) }, { volumes: [{ name: 'v' }] });

interface Answer {
	readonly status: number;
	readonly body: {
		readonly message: string;
		readonly details?: { readonly causes?: readonly { readonly field: string; readonly message: string }[] };
	};
}

async function answerTo(value: Json): Promise<Answer> {
	const ns = await cluster().namespace();
	return cluster().api('POST', `/api/v1/namespaces/${ns}/pods?dryRun=All`, { body: value });
}

function violations(value: Json): readonly string[] {
	const object = { apiVersion: 'v1', kind: 'Pod', name: 'web', value, location: '' };
	const decoded = decodePod(object, { defaultNamespace: 'default', strictEnvNames: true });
	return decoded.violations.map(({ text }) => text);
}

test.each<[string, Json]>([
	['no container', pod({}, { containers: [] })],
	['no name of a container', pod({ name: '' })],
	['a bad name of a container', pod({ name: 'A' })],
	[
		'names that are not their own',
		pod({}, { initContainers: [{ name: 'app', image: 'x' }], volumes: [{ name: 'a' }, { name: 'a' }] }),
	],
	['a bad volume name', pod({}, { volumes: [{ name: 'A' }] })],
	['no volume name', pod({}, { volumes: [{}] })],
	['a configMap without a name', volume({ configMap: {} })],
	['a secret without a name', volume({ secret: {} })],
	['a mode', volume({ configMap: { name: 'c', defaultMode: 512 } })],
	['the mode of a secret', volume({ secret: { secretName: 'c', defaultMode: -1 } })],
	['the mode of a projection', volume({ projected: { sources: [], defaultMode: 512 } })],
	['an item', item({ key: '', path: '' })],
	['the mode of an item', item({ mode: 512 })],
	...['/abs', 'a/../b', '..x', '..', '../x', '...', '/..'].map((path): [string, Json] => [path, item({ path })]),
	['two kinds', volume({ configMap: { name: 'c' }, hostPath: { path: '/' }, secret: { secretName: 's' } })],
	['a hostPath', volume({ hostPath: { path: '/a/..', type: 'Fifo' } })],
	['an empty hostPath', volume({ hostPath: { path: '' } })],
	['an emptyDir', volume({ emptyDir: { sizeLimit: '-1' } })],
	['a downwardAPI item of nothing', volume({ downwardAPI: { items: [{ path: '' }] } })],
	[
		'a downwardAPI item of both',
		volume({
			downwardAPI: {
				items: [
					{
						path: '/a',
						fieldRef: { fieldPath: 'metadata.name' },
						resourceFieldRef: { containerName: 'app', resource: 'limits.cpu' },
					},
				],
			},
		}),
	],
	['projected sources without a name', projected({ configMap: { items: [{ key: 'k', path: '/p' }] } }, { secret: {} })],
	[
		'conflicting paths',
		projected(
			{ configMap: { name: 'c1', items: [{ key: 'k', path: 'same' }] } },
			{ configMap: { name: 'c2', items: [{ key: 'k', path: 'same' }] } },
			{ downwardAPI: { items: [{ path: 'same', fieldRef: { fieldPath: 'metadata.name' } }] } },
		),
	],
	['no mountPath', mounts({})],
	['a mountPath twice', mounts({ mountPath: '/a' }, { mountPath: '/a' })],
	['an unknown volume', mounts({ name: 'zz', mountPath: '/a' })],
	['a subPath', mounts({ mountPath: '/a', subPath: '/../x' })],
	['a subPathExpr', mounts({ mountPath: '/a', subPathExpr: '/../x' })],
	['both', mounts({ mountPath: '/a', subPath: 'a', subPathExpr: 'a' })],
	['no name of a variable', pod({ env: [{ value: 'x' }] })],
	...['1a', '..a', '.', '..', 'a b', 'a=b'].map((name): [string, Json] => [name, pod({ env: [{ name }] })]),
	['no source', source({})],
	['two sources', source({ fieldRef: { fieldPath: 'metadata.name' }, secretKeyRef: { name: 's', key: 'k' } })],
	['a source and a value', source({ fieldRef: { fieldPath: 'metadata.name' } }, { value: 'x' })],
	['a key ref', source({ configMapKeyRef: { name: '', key: '' } })],
	['a key', source({ secretKeyRef: { name: 's', key: 'a b' } })],
	['no field path', source({ fieldRef: { fieldPath: '' } })],
	...["metadata.labels['a b']", "metadata.annotations['a b']", "spec.nodeName['a']", 'metadata.foo', 'a[']
		.concat(["metadata.labels['", "['a']", "metadata.labels['']", "metadata.labels['a']['b']"])
		.map((fieldPath): [string, Json] => [fieldPath, source({ fieldRef: { fieldPath } })]),
	['an unsupported version', source({ fieldRef: { apiVersion: 'v2', fieldPath: 'metadata.name' } })],
	['no resource', source({ resourceFieldRef: { resource: '' } })],
	['an unknown resource', source({ resourceFieldRef: { resource: 'limits.gpu' } })],
	...['1', '1m', '1000m', '1.0', '0.001', '1k', '1000', '1Ki', '1024Ki', '0.5Gi', '1e0', '1e3', '-1', '0', '2', '1u']
		.concat([
			'1000000',
			'1024',
			'1M',
			'0.0009765625Ki',
			'+1',
			'1.',
			'.1',
			'0.1k',
			'1E',
			'1Ei',
			'01',
			'+1.0',
			'001.0',
			'1.k',
			'01.0',
			'+1000m',
			'01000m',
			'1000.m',
			'1024.Ki',
			'+1024Ki',
			'+1Ki',
			'+1k',
			'0.',
			'+0',
			'00',
			'1.00k',
			'1Mi',
			'1.0Mi',
			'1.0k',
			'1000000.0',
			'1000.',
			'01k',
			'01Ki',
			'1.Ki',
		])
		.flatMap((divisor) =>
			['limits.cpu', 'limits.memory', 'requests.ephemeral-storage'].map((resource): [string, Json] => [
				`${divisor} of ${resource}`,
				source({ resourceFieldRef: { resource, divisor } }),
			]),
		),
	['an envFrom of nothing', pod({ envFrom: [{ prefix: 'a' }, { configMapRef: {} }] })],
	['an envFrom of both', pod({ envFrom: [{ configMapRef: { name: 'c' }, secretRef: { name: 's' } }] })],
	['names of envFrom', pod({ envFrom: [{ configMapRef: { name: 'A' } }, { secretRef: { name: 'a-' } }] })],
	['a prefix', pod({ envFrom: [{ prefix: '1', configMapRef: { name: 'c' } }] })],
	[
		'ids',
		pod({ securityContext: { runAsUser: -1 } }, { securityContext: { fsGroup: 2 ** 31, supplementalGroups: [-1] } }),
	],
	['names', pod({}, { nodeName: 'A', hostname: 'a.b', serviceAccountName: '-' })],
	['a name', { ...pod({}), metadata: { name: 'Web' } }],
	['labels', { ...pod({}), metadata: { name: 'web', labels: { 'a b': 'x', a: '-' } } }],
	['annotations', { ...pod({}), metadata: { name: 'web', annotations: { 'A b': 'x' } } }],
])('has the same messages for %s', async (_name, value) => {
	const { status, body } = await answerTo(value);
	const texts = violations(value);
	expect(status, body.message).toBe(texts.length === 0 ? 201 : 422);
	const causes = body.details?.causes ?? [];
	expect([...texts].sort()).toEqual(causes.map(({ field, message }) => `${field}: ${message}`).sort());
});

test.each(
	[
		'',
		'0',
		'1',
		'+1',
		'-1',
		'.5',
		'5.',
		'.',
		'+',
		'm',
		'Mi',
		'1Mi',
		'1mi',
		'1KI',
		'1K',
		'1k',
		'1e3',
		'1E3',
		'1e',
		'1E',
		'1e+3',
	].concat([
		'1e-3',
		'1.5e3',
		'1.2.3',
		'1 Mi',
		'1Mi ',
		' 1',
		'1,5',
		'0x10',
		'1ee3',
		'1i',
		'1n',
		'1Ei3',
		'1+3',
		'1m3',
		'--1',
	]),
)('it takes or refuses the quantity "%s" alike', async (sizeLimit) => {
	const value = volume({ emptyDir: { sizeLimit } });
	const { status, body } = await answerTo(value);
	const [text] = violations(value);
	expect(status === 201, body.message).toBe(text === undefined);
	expect(body.message ?? '').toContain(text ?? '');
});
