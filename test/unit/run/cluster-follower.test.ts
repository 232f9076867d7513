/** Which ConfigMaps of a cluster a run follows. */

import { expect, test } from 'vitest';
import type { SelectedPod } from '../../../src/inputs/pod-reader.js';
import { ClusterFollower, type ClusterFollowerOptions } from '../../../src/run/cluster-follower.js';
import { OnceLogger } from '../../../src/run/once-logger.js';
import { decode, type Json, podValue } from '../pod/decode/decoding.js';
import { makeObjects, makeSecret } from '../pod/environment/environment-pod.js';
import { RecordingLog } from './recording-log.js';

const SINK = {} as ClusterFollowerOptions['sink'];

function setUp(localVolumes: ReadonlyMap<string, string> = new Map()) {
	const log = new RecordingLog();
	const calls: string[] = [];
	const failures: Error[] = [];
	const follower = new ClusterFollower({
		cluster: {
			follow(names, namespace) {
				const id = `${namespace}/${names.join('+')}`;
				return {
					description: 'cluster',
					async start(sink) {
						const failure = failures.shift();
						if (failure !== undefined) throw failure;
						calls.push(`start ${id} ${sink === SINK}`);
					},
					async close() {
						calls.push(`close ${id}`);
					},
				};
			},
		} as ClusterFollowerOptions['cluster'],
		sink: SINK,
		localVolumes,
		warnings: new OnceLogger(log.log),
	});
	return { follower, calls, failures, log };
}

function select(container: Json, spec: Json = {}): SelectedPod {
	const pod = decode(podValue(spec, container));
	const [first] = pod.spec.containers;
	if (first === undefined) throw new Error('no container');
	return { pod, container: first };
}

const fromMaps = (...names: readonly string[]) =>
	select({ envFrom: names.map((name) => ({ configMapRef: { name } })) });
const NONE = makeObjects();

test('only the ConfigMaps that the container refers to are followed, sorted, and once', async () => {
	const { follower, calls } = setUp();
	const selected = select(
		{ envFrom: [{ configMapRef: { name: 'z' } }], volumeMounts: [{ name: 'v', mountPath: '/v' }] },
		{
			volumes: [
				{ name: 'v', configMap: { name: 'a' } },
				{ name: 'unmounted', configMap: { name: 'other' } },
			],
		},
	);
	for (let time = 0; time < 2; time++) await follower.follow(selected, NONE);
	expect(calls).toEqual(['start default/a+z true']);
	await follower.close();
	expect(calls.at(-1)).toBe('close default/a+z');
});

test('a container without ConfigMaps makes no request', async () => {
	const { follower, calls } = setUp();
	await follower.follow(select({}), NONE);
	await follower.close();
	expect(calls).toEqual([]);
});

test('other names replace the source, which is closed first', async () => {
	const { follower, calls } = setUp();
	for (const names of [['a'], ['a', 'b'], ['a', 'b']]) await follower.follow(fromMaps(...names), NONE);
	expect(calls).toEqual(['start default/a true', 'close default/a', 'start default/a+b true']);
});

test('a local volume needs no object of the cluster', async () => {
	const selected = select(
		{ volumeMounts: [{ name: 'v', mountPath: '/v' }] },
		{ volumes: [{ name: 'v', projected: { sources: [{ configMap: { name: 'a' } }, { secret: { name: 's' } }] } }] },
	);
	const { follower, calls, log } = setUp(new Map([['v', '/tmp']]));
	await follower.follow(selected, NONE);
	expect([calls, log.lines]).toEqual([[], []]);
});

test('a Secret without a manifest is a warning, once', async () => {
	const selected = select({ envFrom: ['have', 'lack'].map((name) => ({ secretRef: { name } })) });
	const { follower, log } = setUp();
	const objects = makeObjects([], [makeSecret('have', {})]);
	for (let time = 0; time < 2; time++) await follower.follow(selected, objects);
	expect(log.lines).toEqual([
		'warn: secret "lack": Secrets are not read from a cluster; pass a manifest of it with -f',
	]);
});

test('a source that cannot start: the error is its own, and close frees the source', async () => {
	const { follower, calls, failures } = setUp();
	failures.push(new Error('forbidden'));
	await expect(follower.follow(fromMaps('a'), NONE)).rejects.toThrow('forbidden');
	await follower.close();
	expect(calls).toEqual(['close default/a']);
});
