/**
 * The content of a subPath while its ConfigMap changes: that of the start, or with `--subpath=live` the present one,
 * from one read to the next without anything in between.
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PYTHON, WITHOUT_PYTHON } from '../../support/inotify.js';
import { Machine, stopMachines } from '../../support/machine.js';
import { ROOT_WAY, USER_WAY } from '../../support/namespace-child.js';
import { configMap, type Manifest, ManifestFile, pod } from '../../support/pod-manifest.js';
import { type RunProcess, startRun, stopRuns } from '../../support/run-process.js';
import { removeTemporaries } from '../../support/temporary.js';
import { until } from '../../support/until.js';

let machine: Machine;

beforeEach(async () => {
	machine = await Machine.start();
});

afterEach(async () => {
	stopRuns();
	await stopMachines();
	removeTemporaries();
});

/** Reads both paths without a pause, and prints each new content. */
const READER = `import sys
seen = None
while True:
    try:
        now = (open("/etc/cmfs-test/app.conf").read(), open("/cmfs-test/dir/app.conf").read())
    except OSError as error:
        now = (repr(error), "")
    if now != seen:
        seen = now
        print("saw", *now, flush=True)
`;

const MOUNTS = [
	{ name: 'config', mountPath: '/etc/cmfs-test/app.conf', subPath: 'conf/app.conf' },
	{ name: 'config', mountPath: '/cmfs-test/dir', subPath: 'conf' },
];

function objects(data: Readonly<Record<string, string>>): readonly Manifest[] {
	const items = [
		{ key: 'app.conf', path: 'conf/app.conf' },
		{ key: 'other', path: 'other' },
	];
	const volumes = [{ name: 'config', configMap: { name: 'app', optional: true, items } }];
	const container = { command: [PYTHON, '-c', READER], volumeMounts: MOUNTS };
	return [configMap('app', data), pod('app', container, { volumes })];
}

const linesOf = (run: RunProcess) => run.stdout.split('\n').filter((line) => line.startsWith('saw'));

for (const way of [ROOT_WAY, USER_WAY]) {
	describe.skipIf((way.missing ?? WITHOUT_PYTHON) !== undefined)(way.name, () => {
		test('live: file and directory follow, with one mount each, and no read finds other content', async () => {
			const manifest = new ManifestFile(...objects({ 'app.conf': '0', other: '0' }));
			const run = startRun(machine, way, manifest, { args: ['--subpath=live'] });
			await run.waitForOutput('saw 0 0');
			const last = 20;
			for (let number = 1; number <= last; number++) {
				manifest.put(...objects({ 'app.conf': `${number}`, other: '0' }));
				await until(
					() => linesOf(run).at(-1) === `saw ${number} ${number}`,
					() => `generation ${number}; ${run.stdout}${run.stderr}`,
				);
			}
			for (const line of linesOf(run)) expect(line).toMatch(/^saw \d+ \d+$/);
			const { stdout } = await run.exec('cat', '/proc/self/mountinfo');
			const targets = stdout.split('\n').map((line) => line.split(' ')[4]);
			for (const { mountPath } of MOUNTS) expect(targets.filter((target) => target === mountPath)).toHaveLength(1);
		});

		test('live: its key is removed: the last content stays; when the key is back, it follows again', async () => {
			const manifest = new ManifestFile(...objects({ 'app.conf': '1', other: '1' }));
			const run = startRun(machine, way, manifest, { args: ['--subpath=live'] });
			await run.waitForOutput('saw 1 1');
			manifest.put(...objects({ other: '2' }));
			await run.waitForLog('the subPath at /etc/cmfs-test/app.conf no longer exists; the mount keeps its last content');
			expect((await run.exec('cat', '/etc/cmfs-test/app.conf')).stdout).toBe('1');
			manifest.put(...objects({ 'app.conf': '3', other: '2' }));
			await run.waitForOutput('saw 3 3');
			expect((await run.exec('cat', '/etc/cmfs-test/app.conf')).stdout).toBe('3');
		});
	});
}
