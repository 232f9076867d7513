/** `configmapfs run --on-change restart`: the inputs of the next process, and what it waits for. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Machine, stopMachines } from '../../support/machine.js';
import { isRunning } from '../../support/mount-modes.js';
import { configMap, type Manifest, pod } from '../../support/pod-manifest.js';
import { type RunProcess, stopRuns } from '../../support/run-process.js';
import { removeTemporaries } from '../../support/temporary.js';
import { until } from '../../support/until.js';
import { expectStopped, keys, startReady, WAYS, warningsOf } from './on-change-pods.js';

let machine: Machine;

beforeEach(async () => {
	machine = await Machine.start();
});

afterEach(async () => {
	stopRuns();
	await stopMachines();
	removeTemporaries();
});

/** Prints its inputs, and ends at SIGTERM with the status from its environment. */
const REPORT = `trap 'exit $CODE' TERM
echo . >> /data/starts
echo "start $0 $COLOR $(cat /etc/frozen.conf) $(cat /etc/one/key) $(wc -l < /data/starts)"
test "$COLOR" != black || exit 9
echo ready; sleep 600 & while :; do wait; done`;

function reporting(): Manifest {
	const fromSettings = (name: string, key: string) => ({
		name,
		valueFrom: { configMapKeyRef: { name: 'settings', key } },
	});
	return pod(
		'app',
		{
			command: ['sh', '-c', REPORT],
			args: ['arg-$(COLOR)'],
			env: [fromSettings('COLOR', 'color'), fromSettings('CODE', 'code')],
			volumeMounts: [
				{ name: 'first', mountPath: '/etc/one' },
				{ name: 'first', mountPath: '/etc/frozen.conf', subPath: 'key' },
				{ name: 'data', mountPath: '/data' },
			],
		},
		{
			volumes: [
				{ name: 'first', configMap: { name: 'one' } },
				{ name: 'data', emptyDir: {} },
			],
		},
	);
}

const settings = (color: string, code: string, key: string) => [
	configMap('settings', { color, code }),
	configMap('one', { key }),
];

const startsOf = (run: RunProcess) => run.stdout.split('\n').filter((line) => line.startsWith('start '));

describe.each(WAYS)('restart, $name', (way) => {
	test('determines environment, arguments and subPaths again, keeps an emptyDir; the last process gives the exit status', async () => {
		const run = await startReady(machine, way, [...settings('red', '7', '1'), reporting()], ['restart']);
		run.manifest.put(...settings('green', '8', '2'));
		await until(
			() => startsOf(run).length === 2,
			() => `a second start: ${run.stdout}${run.stderr}`,
		);
		// Only the environment changes.
		run.manifest.put(configMap('settings', { color: 'blue', code: '5' }));
		await until(
			() => startsOf(run).length === 3,
			() => `a third start: ${run.stdout}${run.stderr}`,
		);
		await until(() => run.stdout.split('ready').length === 4, 'the third to be ready');
		expect(startsOf(run)).toEqual([
			'start arg-red red 1 1 1',
			'start arg-green green 2 2 2',
			'start arg-blue blue 2 2 3',
		]);
		await expectStopped(run, 5);
		expect(warningsOf(run)).toEqual([expect.stringContaining('subPath "key" at /etc/frozen.conf')]);
	});

	test('a process that then ends on its own is the last one', async () => {
		const run = await startReady(machine, way, [...settings('red', '7', '1'), reporting()], ['restart']);
		run.manifest.put(...settings('black', '7', '1'));
		expect((await run.end()).code).toBe(9);
		expect(startsOf(run)).toEqual(['start arg-red red 1 1 1', 'start arg-black black 1 1 2']);
		expect(run.left).toEqual([]);
	});

	test('waits for an object that is missing now, and starts when it arrives', async () => {
		const run = await startReady(machine, way, [...settings('red', '7', '1'), reporting()], ['restart']);
		const before = await run.application();
		run.manifest.remove(configMap('settings', {}));
		run.manifest.put(configMap('one', { key: '2' }));
		expect(await run.waitForLog('waiting: configmap "settings" not found')).toMatchObject({ level: 'warn' });
		expect(isRunning(before)).toBe(false);
		run.manifest.put(configMap('settings', { color: 'green', code: '8' }));
		await until(
			() => startsOf(run).length === 2,
			() => `a second start: ${run.stdout}${run.stderr}`,
		);
		expect(startsOf(run)[1]).toBe('start arg-green green 2 2 2');
		await until(() => run.stdout.split('ready').length === 3, 'the second to be ready');
		await expectStopped(run, 8);
	});

	test('uses a changed workload: another volume, one less, other arguments', async () => {
		const script = 'echo "start $* $(ls -d /etc/one /etc/three 2>/dev/null | xargs)"; echo ready; exec sleep 600';
		const workload = (args: readonly string[], volume: string, path: string) =>
			pod(
				'app',
				{ command: ['sh', '-c', script, 'sh'], args, volumeMounts: [{ name: volume, mountPath: path }] },
				{ volumes: [{ name: volume, configMap: { name: 'one' } }] },
			);
		const run = await startReady(machine, way, [...keys('1', '1'), workload(['a'], 'first', '/etc/one')], ['restart']);
		run.manifest.put(workload(['b', 'c'], 'third', '/etc/three'));
		await until(
			() => startsOf(run).length === 2,
			() => `a second start: ${run.stdout}${run.stderr}`,
		);
		expect(startsOf(run)).toEqual(['start a /etc/one', 'start b c /etc/three']);
		run.manifest.put(configMap('one', { key: '2' }));
		await until(
			() => startsOf(run).length === 3,
			() => `a third start: ${run.stdout}${run.stderr}`,
		);
		expect((await run.exec('cat', '/etc/three/key')).stdout).toBe('2');
		await expectStopped(run);
		expect(run.log.map(({ msg }) => msg)).toEqual([
			'the workload changed: restarting the application',
			'key changed in volume third: restarting the application',
		]);
	});
});
