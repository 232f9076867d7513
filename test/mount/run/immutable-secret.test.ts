/** Immutable objects of a running `configmapfs run`: a save cannot change them, a deletion and a new object can. */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Machine, stopMachines } from '../../support/machine.js';
import { configMap, secret } from '../../support/pod-manifest.js';
import { stopRuns } from '../../support/run-process.js';
import { removeTemporaries } from '../../support/temporary.js';
import { until } from '../../support/until.js';
import { ANY_WAY, expectStopped, startReady, waitForFile } from './on-change-pods.js';
import { podWith } from './volume-pods.js';

let machine: Machine;

beforeAll(async () => {
	machine = await Machine.start();
});

afterEach(stopRuns);

afterAll(async () => {
	await stopMachines();
	removeTemporaries();
});

const config = (value: string) => configMap('fixed', { key: value }, { immutable: true });
const token = (value: string) => ({ ...secret('token', { key: value }), immutable: true });
const marker = (value: string) => configMap('marker', { key: value });

const POD = podWith(
	{
		config: { configMap: { name: 'fixed' } },
		token: { secret: { secretName: 'token' } },
		marker: { configMap: { name: 'marker' } },
	},
	['config', 'token', 'marker'].map((name) => ({ name, mountPath: `/cmfs-fixed/${name}` })),
	{ command: ['sh', '-c', 'echo ready; exec sleep 1000'] },
);
const FORBIDDEN = 'is invalid: data: Forbidden: field is immutable when `immutable` is set';

test('a save that changes an immutable Secret and an immutable ConfigMap changes neither, and the log gives the reason', async () => {
	const run = await startReady(machine, ANY_WAY, [config('1'), token('1'), marker('1'), POD], []);
	const read = async (name: string) => (await run.exec('cat', `/cmfs-fixed/${name}/key`)).stdout;
	run.manifest.put(config('2'), token('2'), marker('2'));
	await waitForFile(run, '/cmfs-fixed/marker/key', '2');
	expect([await read('config'), await read('token')]).toEqual(['1', '1']);
	const logged = (text: string) => run.log.some(({ level, msg }) => level === 'error' && msg?.endsWith(text));
	for (const text of [`: ConfigMap "fixed" ${FORBIDDEN}`, `: Secret "token" ${FORBIDDEN}`]) {
		await until(
			() => logged(text),
			() => `the line "${text}"; the log is ${run.stderr}`,
		);
	}
	// Deleted, and created again with other content.
	run.manifest.remove(token('2'));
	run.manifest.put(config('1'), marker('3'));
	await waitForFile(run, '/cmfs-fixed/marker/key', '3');
	expect(await read('token')).toBe('1');
	run.manifest.put(token('3'));
	await waitForFile(run, '/cmfs-fixed/token/key', '3');
	expect(await read('config')).toBe('1');
	await expectStopped(run);
});
