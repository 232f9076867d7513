import { describe, expect, test } from 'vitest';
import {
	configMapNames,
	mountedVolumes,
	podAsItRuns,
	sameForProcess,
	secretNames,
} from '../../../src/inputs/pod-references.js';
import { decodePod } from '../../../src/pod/decode/pod.js';
import type { Pod } from '../../../src/pod/pod-spec.js';
import { selectContainer } from '../../../src/pod/workload.js';

/** A pod with these ConfigMaps as volumes, by the volume's name; the container mounts all but `unmounted`. */
function podOf(volumes: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>> = {}): Pod {
	const value = {
		apiVersion: 'v1',
		kind: 'Pod',
		metadata: { name: 'app', labels },
		spec: {
			containers: [
				{
					name: 'app',
					env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'of-env', key: 'a' } } }],
					envFrom: [{ configMapRef: { name: 'of-env-from' } }, { secretRef: { name: 'a-secret' } }],
					volumeMounts: Object.keys(volumes)
						.filter((name) => name !== 'unmounted')
						.map((name) => ({ name, mountPath: `/${name}` })),
				},
			],
			volumes: Object.entries(volumes).map(([name, configMap]) => ({ name, configMap: { name: configMap } })),
		},
	};
	const object = { apiVersion: 'v1', kind: 'Pod', name: 'app', value, location: 'app.yaml:1:1' };
	const { pod, violations } = decodePod(object, { defaultNamespace: 'default' });
	if (pod === undefined) throw new Error(violations.map(({ text }) => text).join('\n'));
	return pod;
}

describe('the references of a container', () => {
	const pod = podOf({ config: 'of-volume', unmounted: 'of-nobody' });
	const container = selectContainer(pod);

	test('include each ConfigMap once, and none of volumes that it does not mount', () => {
		expect(configMapNames(pod, container)).toEqual(['of-env', 'of-env-from', 'of-volume']);
	});

	test('include its Secrets', () => {
		expect(secretNames(pod, container)).toEqual(['a-secret']);
		const env = [
			{ name: 'A', value: '', valueFrom: { kind: 'secretKeyRef', name: 'of-env', key: 'k', optional: false } },
		] as const;
		const source = (name: string) => ({ kind: 'secret', name, items: [], optional: false }) as const;
		const projected = { kind: 'projected', sources: [source('b'), source('a')], defaultMode: 0o644 } as const;
		const changed = { ...pod, spec: { ...pod.spec, volumes: [{ name: 'config', source: projected }] } };
		expect(secretNames(changed, { ...container, env, envFrom: [] })).toEqual(['a', 'b', 'of-env']);
		expect(configMapNames(changed, { ...container, env, envFrom: [] })).toEqual([]);
	});

	test('include its volumes', () => {
		expect(mountedVolumes(pod, container).map(({ name }) => name)).toEqual(['config']);
	});
});

describe('a workload that was read again', () => {
	test('new labels need no new process, and are shown', () => {
		const [running, now] = [podOf({ config: 'app' }, { a: '1' }), podOf({ config: 'app' }, { a: '2' })];
		expect(sameForProcess(running, now)).toBe(true);
		expect(podAsItRuns(running, now).metadata.labels.get('a')).toBe('2');
		expect(podAsItRuns(running, now).spec).toBe(running.spec);
	});

	test('a volume with a new definition is left out, and the others stay', () => {
		const running = podOf({ config: 'app-4kk8mg5bmb', other: 'other' });
		const now = podOf({ config: 'app-9bk9t4c5hd', other: 'other' });
		expect(sameForProcess(running, now)).toBe(false);
		expect(podAsItRuns(running, now).spec.volumes.map(({ name }) => name)).toEqual(['other']);
	});
});
