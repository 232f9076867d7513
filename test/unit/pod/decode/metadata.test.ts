import { describe, expect, it } from 'vitest';
import { decodePod } from '../../../../src/pod/decode/pod.js';
import { decode, faults, podValue, workload } from './decoding.js';

describe('the metadata of a pod', () => {
	const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'app' }] } };

	it('has the labels and annotations of the template, not those of the workload', () => {
		const pod = decode(
			{
				metadata: { name: 'web', labels: { outer: 'o' }, annotations: { outer: 'o' } },
				spec: {
					template: {
						metadata: { labels: { app: 'x', none: null }, annotations: { 'example.com/A': 'any\ntext' } },
						spec: { containers: [{ name: 'app' }] },
					},
				},
			},
			'Deployment',
		);
		expect([...pod.metadata.labels]).toEqual([
			['app', 'x'],
			['none', ''],
		]);
		expect([...pod.metadata.annotations]).toEqual([['example.com/A', 'any\ntext']]);
	});

	it('has the labels that its controller adds', () => {
		const labels = (kind: string) =>
			Object.fromEntries(decode({ metadata: { name: 'db' }, spec: { template } }, kind).metadata.labels);
		expect(labels('StatefulSet')).toEqual({
			app: 'x',
			'statefulset.kubernetes.io/pod-name': 'db-0',
			'apps.kubernetes.io/pod-index': '0',
		});
		expect(labels('Job')).toEqual({ app: 'x', 'batch.kubernetes.io/job-name': 'db', 'job-name': 'db' });
		expect(labels('Deployment')).toEqual({ app: 'x' });
	});

	it('has the first ordinal of a StatefulSet', () => {
		const statefulSet = (start: unknown) => ({ metadata: { name: 'db' }, spec: { template, ordinals: { start } } });
		const { metadata } = decode(statefulSet(5), 'StatefulSet');
		expect(metadata.name).toBe('db-5');
		expect(metadata.labels.get('statefulset.kubernetes.io/pod-name')).toBe('db-5');
		expect(metadata.labels.get('apps.kubernetes.io/pod-index')).toBe('5');
		expect(faults(statefulSet(-1), 'StatefulSet')).toEqual([
			'spec/ordinals/start| spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0',
		]);
	});

	it('has a fixed suffix instead of a random one', () => {
		const spec = { containers: [{ name: 'app' }] };
		expect(decode({ metadata: { generateName: 'web-' }, spec }).metadata.name).toBe('web-local');
		const job = decode({ metadata: { generateName: 'migrate-' }, spec: { template } }, 'Job');
		expect(job.workload.name).toBe('migrate-local');
		expect(job.metadata.name).toBe('migrate-local-local');
	});

	it('has the default namespace, or that of the manifest object', () => {
		expect(decode(podValue()).metadata.namespace).toBe('default');
		const object = { ...workload('Pod', podValue()), namespace: 'dev' };
		expect(decodePod(object, { defaultNamespace: 'default' }).pod?.metadata.namespace).toBe('dev');
	});

	it('has the uid of the Pod, or else a stable one', () => {
		const value = podValue();
		expect(decode({ ...value, metadata: { name: 'web', uid: 'abc' } }).metadata.uid).toBe('abc');
		const { uid } = decode(value).metadata;
		expect(uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
		expect(decode(value).metadata.uid).toBe(uid);
		expect(decode({ ...value, metadata: { name: 'web', namespace: 'n' } }).metadata.uid).not.toBe(uid);
		expect(decode({ ...value, metadata: { name: 'api' } }).metadata.uid).not.toBe(uid);
		const deployment = { metadata: { name: 'web', uid: 'abc' }, spec: { template } };
		expect(decode(deployment, 'Deployment').metadata.uid).not.toBe('abc');
		expect(decode(deployment, 'Deployment').metadata.uid).not.toBe(uid);
	});

	it('is refused for too many annotations', () => {
		const value = { ...podValue(), metadata: { name: 'web', annotations: { a: 'x'.repeat(262_144) } } };
		expect(faults(value)).toEqual([
			'metadata/annotations| metadata.annotations: Too long: must have at most 262144 bytes',
		]);
	});
});
