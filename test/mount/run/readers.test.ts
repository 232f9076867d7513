/**
 * Readers in a run while its volumes flip, as root and as an ordinary user: no content is mixed, torn or missing, from
 * the edit of a manifest to the paths of the pod. Readers of a single mount are in test/mount/volume/readers.test.ts.
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fixture } from '../../support/fixture-process.js';
import { PYTHON, WITHOUT_PYTHON } from '../../support/inotify.js';
import { Machine, stopMachines } from '../../support/machine.js';
import { ROOT_WAY, USER_WAY } from '../../support/namespace-child.js';
import { configMap, type Manifest, ManifestFile, pod } from '../../support/pod-manifest.js';
import { startRun, stopRuns } from '../../support/run-process.js';
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

/**
 * Each has a reader that opens every key by its path, and one that opens ..data once. All show the same ConfigMap, so
 * one edit flips each.
 */
const VOLUMES = [
	'/etc/one',
	'/etc/two/config',
	'/srv/three',
	'/four',
	'/var/lib/five',
	'/opt/six/a',
	'/opt/six/b',
	'/seven',
];
const FLIPS = 500;
const KEYS = 3;
const GENERATIONS = 6;

/** Generation `number`, as reader.py expects it: every line is the number. */
function numbered(number: number): Manifest {
	const line = `${String(number).padStart(7, '0')}\n`;
	const keys = Array.from({ length: KEYS }, (_, key) => [`key${key}`, line.repeat(1 + key * 400)]);
	return configMap('app', Object.fromEntries(keys));
}

/** Readers have the lowest priority, because otherwise there would be few flips. */
const START_READERS = `exec 3<&0
for volume in "$@"; do for how in path snapshot; do
nice -n 19 ${PYTHON} ${fixture('reader.py')} $how "$volume" ${KEYS} ${GENERATIONS} <&3 &
done; done
wait`;

for (const way of [ROOT_WAY, USER_WAY]) {
	describe.skipIf(way.missing !== undefined)(way.name, () => {
		test('sixteen readers find every file, complete and of one generation, during five hundred flips', async (ctx) => {
			ctx.skip(WITHOUT_PYTHON !== undefined, WITHOUT_PYTHON);
			const container = {
				command: ['sh', '-c', START_READERS, 'sh', ...VOLUMES],
				volumeMounts: VOLUMES.map((mountPath, at) => ({ name: `volume-${at}`, mountPath })),
			};
			const volumes = VOLUMES.map((_, at) => ({ name: `volume-${at}`, configMap: { name: 'app' } }));
			const manifest = new ManifestFile(numbered(0), pod('app', container, { volumes }));
			const run = startRun(machine, way, manifest, {
				args: ['--log-level', 'info', '--snapshot-grace', '20s'],
				stdin: true,
			});
			const readers = 2 * VOLUMES.length;
			await until(
				() => run.stdout.split('ready').length > readers,
				() => `readers:\n${run.stderr}`,
			);
			const published = () => run.log.filter(({ event }) => event === 'published').length;
			const before = published();
			const enough = () => run.stdout.split('enough').length - 1;
			for (let number = 1; published() - before < FLIPS || enough() < readers; number++) {
				manifest.put(numbered(number));
				const isSeen = () => published() - before === number * VOLUMES.length;
				await until(isSeen, () => `flip ${number}:\n${run.stderr}`);
			}
			run.stdin.end();
			const { code, stdout } = await run.end();
			expect(code).toBe(0);
			const seen = stdout.split('\n').filter((line) => line.startsWith('{'));
			expect(seen).toHaveLength(readers);
			for (const line of seen) {
				const found = JSON.parse(line);
				expect(found).toMatchObject({ torn: 0, mixed: 0, back: 0, errors: {} });
				expect(found.generations).toBeGreaterThan(5);
			}
			expect(run.left).toEqual([]);
		});
	});
}
