/**
 * Directories in the root of a volume that are not its own: for a subPath that does not exist, and mount points of other
 * volumes. As root and as an ordinary user, with each driver.
 */

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DRIVERS } from '../../support/drivers.js';
import { Machine, stopMachines } from '../../support/machine.js';
import { ROOT_WAY, USER_WAY } from '../../support/namespace-child.js';
import { configMap, ManifestFile, pod, secret } from '../../support/pod-manifest.js';
import { startRun, stopRuns } from '../../support/run-process.js';
import { removeTemporaries } from '../../support/temporary.js';
import { until } from '../../support/until.js';
import { APP, OF_APP, podWith } from './volume-pods.js';

afterAll(async () => {
	await stopMachines();
	removeTemporaries();
});

for (const way of [ROOT_WAY, USER_WAY]) {
	const skipped = way.missing === undefined ? '' : ` (skipped: ${way.missing})`;
	describe.skipIf(way.missing !== undefined)(`${way.name}${skipped}`, () => {
		let machine: Machine;
		beforeAll(async () => {
			machine = await Machine.start();
		});
		afterEach(stopRuns);

		for (const driver of DRIVERS) {
			describe.skipIf(driver.unavailable() !== undefined)(`--driver ${driver.name}`, () => {
				const args = ['--driver', driver.name];

				test('a missing subPath and a later key of its name: no link, none dangles; the directory goes with the key', async () => {
					const mounts = [
						{ name: 'v', mountPath: '/cmfs-late/x', subPath: 'late' },
						{ name: 'v', mountPath: '/cmfs-complete' },
					];
					const manifest = new ManifestFile(configMap('app', { key: '1', old: 'o' }), podWith({ v: OF_APP }, mounts));
					const run = startRun(machine, way, manifest, {
						command: ['sh', '-c', 'echo started; exec sleep 1000'],
						args,
					});
					await run.waitForOutput('started');
					const state = async () => {
						const script =
							'cd /cmfs-complete; for n in *; do test -d $n && echo "$n/" || echo "$n $(cat $n)"; done; cat ..data/key';
						return (await run.exec('sh', '-c', script)).stdout.trim();
					};
					const becomes = async (wanted: string) => {
						let seen = '';
						await until(
							async () => {
								seen = await state();
								return seen === wanted;
							},
							() => `${seen}\n${run.stderr}`,
						);
					};
					await becomes('key 1\nlate/\nold o\n1');
					manifest.put(configMap('app', { key: '2', late: 'L' }));
					await becomes('key 2\nlate/\n2');
					manifest.put(configMap('app', { key: '3' }));
					await becomes('key 3\n3');
					manifest.put(configMap('app', { key: '4', late: 'M' }));
					await becomes('key 4\nlate M\n4');
					expect(run.stderr).not.toMatch(/EEXIST|EISDIR|ENOTEMPTY|cannot write| at .*\.js/);
					await run.stop();
					expect(run.left).toEqual([]);
				});

				test('modes of volume roots by medium, of missing subPaths, and of mount points', async () => {
					const item = { path: 'name', fieldRef: { fieldPath: 'metadata.name' } };
					const volumes = {
						c: OF_APP,
						s: { secret: { secretName: 'token' } },
						p: { projected: { sources: [{ configMap: { name: 'app' } }] } },
						d: { downwardAPI: { items: [item] } },
						e: { emptyDir: {} },
						m: { emptyDir: { medium: 'Memory' } },
					};
					const manifest = new ManifestFile(
						APP,
						secret('token', { key: 'x' }),
						podWith(volumes, [
							...Object.keys(volumes).map((name) => ({ name, mountPath: `/cmfs-roots/${name}` })),
							...Object.keys(volumes).map((name) => ({ name, mountPath: `/cmfs-made/${name}`, subPath: 'new/er' })),
							{ name: 'c', mountPath: '/cmfs-roots/e/parts/one' },
						]),
					);
					const script =
						'cd /cmfs-roots; stat -c "%n %a" *; for v in *; do stat -c "%n %a" $v/new /cmfs-made/$v; done; stat -c "%n %a" e/parts';
					const run = startRun(machine, way, manifest, { command: ['sh', '-c', script], args });
					const { code, stdout } = await run.end();
					expect(code).toBe(0);
					const roots = { c: '777', d: '1777', e: '777', m: '1777', p: '1777', s: '1777' };
					const lines = Object.entries(roots).map(([name, mode]) => `${name} ${mode}`);
					const made = Object.entries(roots).map(([name, mode]) => `${name}/new 755\n/cmfs-made/${name} ${mode}`);
					expect(stdout.trim().split('\n')).toEqual([...lines, ...made.join('\n').split('\n'), 'e/parts 755']);
				});

				// Only root can give its files to a group that it is not in.
				const rootOnly = way === ROOT_WAY ? [way] : [];
				test.for(rootOnly)('with an fsGroup: setgid, and every link has the group, after a change, too', async () => {
					const mounts = [
						{ name: 'c', mountPath: '/cmfs-group/c' },
						{ name: 's', mountPath: '/cmfs-group/s' },
						{ name: 'm', mountPath: '/cmfs-group/m' },
						{ name: 'c', mountPath: '/cmfs-made', subPath: 'new/er' },
					];
					const volumes = {
						c: OF_APP,
						s: { secret: { secretName: 'token' } },
						m: { emptyDir: { medium: 'Memory' } },
					};
					const spec = {
						volumes: Object.entries(volumes).map(([name, source]) => ({ name, ...source })),
						securityContext: { fsGroup: 3000 },
					};
					const manifest = new ManifestFile(
						APP,
						secret('token', { key: 'x' }),
						pod('p', { volumeMounts: mounts }, spec),
					);
					const run = startRun(machine, way, manifest, {
						command: ['sh', '-c', 'echo started; exec sleep 1000'],
						args,
					});
					await run.waitForOutput('started');
					const facts = async () => {
						const script = 'cd /cmfs-group; stat -c "%n %a %g" c s m c/new /cmfs-made; find c s ! -group 3000';
						return (await run.exec('sh', '-c', script)).stdout;
					};
					const wanted = 'c 2777 3000\ns 3777 3000\nm 3777 3000\nc/new 2755 3000\n/cmfs-made 2777 3000\n';
					expect(await facts()).toBe(wanted);
					manifest.put(configMap('app', { key: 'two', more: 'x' }));
					await until(
						async () => (await run.exec('cat', '/cmfs-group/c/key')).stdout === 'two',
						() => run.stderr,
					);
					expect(await facts()).toBe(wanted);
				});

				test('several mounts inside a volume share a parent directory', async () => {
					const manifest = new ManifestFile(
						APP,
						podWith({ top: OF_APP, one: OF_APP, two: OF_APP }, [
							{ name: 'top', mountPath: '/cmfs-shop' },
							{ name: 'one', mountPath: '/cmfs-shop/parts/one' },
							{ name: 'two', mountPath: '/cmfs-shop/parts/two' },
						]),
					);
					const script = 'cd /cmfs-shop; cat key parts/one/key parts/two/key; ls parts';
					const run = startRun(machine, way, manifest, { command: ['sh', '-c', script], args });
					expect(await run.end()).toMatchObject({ code: 0, stdout: 'oneoneoneone\ntwo\n', stderr: '' });
				});
			});
		}
	});
}
