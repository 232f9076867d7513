/** The pod of `run` without a workload, through the decoder of manifests. */

import { expect, test } from 'vitest';
import { type FlagPodRequest, flagPod } from '../../../src/inputs/flag-pod.js';
import { decodePod } from '../../../src/pod/decode/pod.js';

function decode(request: Partial<FlagPodRequest>) {
	return decodePod(flagPod({ volumes: [], envFrom: [], ...request }), { defaultNamespace: 'shop' });
}

test('volumes and environment are those of a pod of the default namespace', () => {
	const { pod, violations } = decode({
		volumes: [
			{ kind: 'configMap', name: 'app', mountPath: '/etc/app' },
			{ kind: 'secret', name: 'app', mountPath: '/etc/tls' },
			{ kind: 'configMap', name: 'app', mountPath: '/again' },
			{ kind: 'configMap', name: 'with.dot', mountPath: '/dot' },
		],
		envFrom: [
			{ kind: 'configMap', name: 'env' },
			{ kind: 'secret', name: 'db' },
		],
	});
	expect(violations).toEqual([]);
	expect(pod?.metadata).toMatchObject({ name: 'local', namespace: 'shop' });
	expect(pod?.spec.volumes.map(({ name, source }) => [name, source.kind, 'name' in source && source.name])).toEqual([
		['app', 'configMap', 'app'],
		['secret-app', 'secret', 'app'],
		['volume-0', 'configMap', 'with.dot'],
	]);
	const [container] = pod?.spec.containers ?? [];
	expect(container?.volumeMounts.map(({ name, mountPath }) => [name, mountPath])).toEqual([
		['app', '/etc/app'],
		['secret-app', '/etc/tls'],
		['app', '/again'],
		['volume-0', '/dot'],
	]);
	expect(container?.envFrom.map(({ kind, name }) => [kind, name])).toEqual([
		['configMapRef', 'env'],
		['secretRef', 'db'],
	]);
});

test('what an API server refuses is refused', () => {
	const volume = { kind: 'configMap', mountPath: '/x' } as const;
	const { violations } = decode({
		volumes: [
			{ ...volume, name: 'a' },
			{ ...volume, name: 'b' },
		],
	});
	expect(violations.map(({ text }) => text)).toEqual([
		'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/x": must be unique',
	]);
});
