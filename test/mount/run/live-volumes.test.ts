/**
 * What `configmapfs run` waits for before the start, and what volumes show while their objects appear, change and
 * disappear. As root and as an ordinary user.
 */

import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Machine, stopMachines } from '../../support/machine.js';
import { writeAtomically } from '../../support/manifest.js';
import { ROOT_WAY, USER_WAY } from '../../support/namespace-child.js';
import { configMap, ManifestFile, secret } from '../../support/pod-manifest.js';
import { type RunOptions, type RunProcess, startRun, stopRuns } from '../../support/run-process.js';
import { removeTemporaries } from '../../support/temporary.js';
import { expectSoon, until } from '../../support/until.js';
import { APP, EMPTY, OF_APP, podWith } from './volume-pods.js';

/** How soon a waiting pod starts after its last object has arrived. Unit: milliseconds. */
const SOON_MS = 5000;

/** For behaviour that does not depend on the user. */
const ANY_WAY = ROOT_WAY.missing === undefined ? ROOT_WAY : USER_WAY;
const SLEEP = ['sh', '-c', 'echo started; exec sleep 1000'] as const;

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

		const start = (file: ManifestFile, options: RunOptions) => startRun(machine, way, file, options);
		const toEnd = async (file: ManifestFile, options: RunOptions) => await start(file, options).end();

		describe('waiting', () => {
			test('for each missing object and key, with the texts of kubelet; the start follows at once', async () => {
				const volumes = {
					v: { configMap: { name: 'vol', items: [{ key: 'k', path: 'p' }] } },
					s: { secret: { secretName: 'vol-secret' } },
					x: { projected: { sources: [{ configMap: { name: 'one' } }, { secret: { name: 'two' } }] } },
				};
				const manifest = new ManifestFile(
					podWith(
						volumes,
						Object.keys(volumes).map((name) => ({ name, mountPath: `/cmfs-wait/${name}` })),
						{
							env: [
								{ name: 'A', valueFrom: { configMapKeyRef: { name: 'app', key: 'a' } } },
								{ name: 'B', valueFrom: { secretKeyRef: { name: 'token', key: 'b' } } },
							],
							envFrom: [{ configMapRef: { name: 'more' } }],
						},
					),
				);
				const run = start(manifest, { command: ['sh', '-c', 'cd /cmfs-wait; cat v/p s/q x/one; echo $A$B$C'] });
				const VOLUME = (name: string, why: string) => `waiting: MountVolume.SetUp failed for volume "${name}" : ${why}`;
				const waitingFor = async (...texts: readonly string[]) => {
					for (const text of texts) await run.waitForLog(text);
					const messages = run.log.map(({ msg }) => msg);
					expect(messages.filter((text) => texts.includes(text ?? ''))).toEqual(texts);
				};
				await waitingFor(
					VOLUME('v', 'configmap "vol" not found'),
					VOLUME('s', 'secret "vol-secret" not found'),
					VOLUME('x', '[configmap "one" not found, secret "two" not found]'),
					'waiting: configmap "more" not found',
					'waiting: configmap "app" not found',
					'waiting: secret "token" not found',
				);
				const reasons = new Map(run.log.map(({ msg, reason }) => [msg, reason]));
				expect(reasons.get(VOLUME('v', 'configmap "vol" not found'))).toBe('ContainerCreating');
				expect(reasons.get('waiting: configmap "app" not found')).toBe('CreateContainerConfigError');
				manifest.put(configMap('vol', {}), secret('vol-secret', { q: '2' }), configMap('one', { one: '3' }));
				manifest.put(configMap('app', { b: '-' }), secret('token', {}), configMap('more', { C: '6' }));
				await waitingFor(
					VOLUME('v', 'configmap references non-existent config key: k'),
					VOLUME('x', 'secret "two" not found'),
					"waiting: couldn't find key a in ConfigMap default/app",
					"waiting: couldn't find key b in Secret default/token",
				);
				manifest.put(configMap('vol', { k: '1' }), secret('two', {}), secret('token', { b: '5' }));
				const last = performance.now();
				manifest.put(configMap('app', { a: '4' }));
				await run.waitForOutput('123456\n');
				expectSoon(performance.now() - last, SOON_MS);
				expect(await run.end()).toMatchObject({ code: 0, stdout: '123456\n' });
			});

			test('not for optional objects and keys', async () => {
				const optional = { name: 'app', optional: true };
				const manifest = new ManifestFile(
					podWith(
						{ v: { configMap: { ...optional, items: [{ key: 'key', path: 'p' }] } } },
						[{ name: 'v', mountPath: '/cmfs-wait' }],
						{
							env: [{ name: 'A', valueFrom: { configMapKeyRef: { ...optional, key: 'a' } } }],
							envFrom: [{ configMapRef: optional }, { secretRef: { name: 's', optional: true } }],
						},
					),
				);
				const script = 'ls -a /cmfs-wait | grep -v 20; env | grep ^A=; echo end';
				expect(await toEnd(manifest, { command: ['sh', '-c', script] })).toMatchObject({
					stdout: '.\n..\n..data\nend\n',
					stderr: '',
				});
			});
		});

		describe('while it runs', () => {
			/** Every file below the volumes, through their links, with its content. */
			async function contentOf(run: RunProcess): Promise<string> {
				const script = 'cd /cmfs-live; for f in */*; do test -e "$f" && printf "%s=%s " "$f" "$(cat "$f")"; done';
				return (await run.exec('sh', '-c', script)).stdout.trim();
			}

			async function shows(run: RunProcess, wanted: string): Promise<void> {
				let seen = '';
				await until(
					async () => {
						seen = await contentOf(run);
						return seen === wanted;
					},
					() => `${wanted}, there is ${seen}; the log is ${run.stderr}`,
				);
			}

			test('objects appear, change and disappear: required ones leave the last content, optional ones nothing', async () => {
				const items = [{ key: 'k1', path: 'p' }];
				const volumes = {
					item: { configMap: { name: 'r', items } },
					opt: { configMap: { name: 'o', optional: true } },
					optitem: { configMap: { name: 'o', optional: true, items: [...items, { key: 'k2', path: 'q' }] } },
					proj: { projected: { sources: [{ configMap: { name: 'r' } }, { secret: { name: 's', optional: true } }] } },
					req: { configMap: { name: 'r' } },
				};
				const mounts = Object.keys(volumes).map((name) => ({ name, mountPath: `/cmfs-live/${name}` }));
				const manifest = new ManifestFile(configMap('r', { k1: '1', k2: '2' }), podWith(volumes, mounts));
				const run = start(manifest, { command: SLEEP });
				await run.waitForOutput('started');
				const first = 'item/p=1 proj/k1=1 proj/k2=2 req/k1=1 req/k2=2';
				expect(await contentOf(run)).toBe(first);

				const o = configMap('o', { k1: 'a' });
				manifest.put(o);
				await shows(run, 'item/p=1 opt/k1=a optitem/p=a proj/k1=1 proj/k2=2 req/k1=1 req/k2=2');
				manifest.put(configMap('o', { k2: 'b' }), secret('s', { t: 'x' }));
				await shows(run, 'item/p=1 opt/k2=b optitem/q=b proj/k1=1 proj/k2=2 proj/t=x req/k1=1 req/k2=2');
				manifest.remove(o, secret('s', {}));
				await shows(run, first);

				// The complete volume of the missing key keeps its content; the others are updated.
				manifest.put(configMap('r', { k2: '22' }));
				await shows(run, 'item/p=1 proj/k2=22 req/k2=22');
				await run.waitForLog(
					'volume "item" : configmap references non-existent config key: k1; the last content stays',
				);
				manifest.put(configMap('r', { k1: '3' }));
				await shows(run, 'item/p=3 proj/k1=3 req/k1=3');
				manifest.remove(configMap('r', {}));
				await run.waitForLog('volume "req" : configmap "r" not found; the last content stays');
				expect(await contentOf(run)).toBe('item/p=3 proj/k1=3 req/k1=3');
				manifest.put(configMap('r', { k1: 'new', k9: '9' }));
				await shows(run, 'item/p=new proj/k1=new proj/k9=9 req/k1=new req/k9=9');
				expect(await run.stop()).toEqual({ code: 143, signal: null });
			});

			test('a manifest that is invalid for a while: its location is logged, the last content stays', async () => {
				const valid = podWith({ v: OF_APP }, [{ name: 'v', mountPath: '/cmfs-live/v' }]);
				const manifest = new ManifestFile(APP, valid);
				const run = start(manifest, { command: SLEEP });
				await run.waitForOutput('started');
				const text = readFileSync(manifest.path, 'utf8');
				writeAtomically(manifest.path, text.replace('"one"', '{'));
				await run.waitForLog(/pod\.yaml:\d+:\d+: yaml: /);
				writeAtomically(manifest.path, text.replace('"one"', '1'));
				await run.waitForLog(
					/pod\.yaml:8:12: json: cannot unmarshal number into Go struct field ConfigMap\.data of type string$/,
				);
				writeAtomically(manifest.path, text.replace('"/cmfs-live/v"', '5'));
				await run.waitForLog(
					/pod\.yaml:\d+:\d+: json: cannot unmarshal number into Go struct field VolumeMount\..*mountPath of type string; the last valid version stays in use$/,
				);
				writeAtomically(manifest.path, '');
				await run.waitForLog(/^no workload; .*; the last valid version stays in use$/);
				expect(await contentOf(run)).toBe('v/b.conf=two v/key=one');
				manifest.put(configMap('app', { key: 'new' }));
				await shows(run, 'v/key=new');
				await run.waitForLog('all sources are valid again');
				const recoveries = run.log.filter(({ event }) => event === 'resolved');
				expect(recoveries.map(({ level }) => level)).toEqual(recoveries.map(() => 'error'));
				expect(await run.stop()).toEqual({ code: 143, signal: null });
			});

			test('a restart for another workload waits for its objects, and mounts its new volumes', async () => {
				const mounts = [{ name: 'v', mountPath: '/cmfs-live/v' }];
				const of = (name: string) => ({ v: { configMap: { name } }, e: EMPTY });
				const manifest = new ManifestFile(APP, podWith(of('app'), mounts));
				const command = ['sh', '-c', 'echo "started $(ls /cmfs-live/v)"; exec sleep 1000'];
				const run = start(manifest, { command, args: ['--on-change', 'restart'] });
				await run.waitForOutput('started b.conf\nkey\n');
				manifest.put(podWith(of('other'), [...mounts, { name: 'e', mountPath: '/cmfs-live/v/inside' }]));
				await run.waitForLog('waiting: MountVolume.SetUp failed for volume "v" : configmap "other" not found');
				manifest.put(configMap('other', { new: '' }));
				await run.waitForOutput('started inside\nnew\n');
				expect(await run.stop()).toEqual({ code: 143, signal: null });
			});

			if (way !== ANY_WAY) return;
			test('--kubelet-delay shows changes at the next sync; the start does not wait for one', async () => {
				const ofApp = podWith({ v: OF_APP }, [{ name: 'v', mountPath: '/cmfs-live/v' }]);
				const waiting = new ManifestFile(ofApp);
				const never = start(waiting, { command: SLEEP, args: ['--kubelet-delay=1h'] });
				await never.waitForLog('configmap "app" not found');
				waiting.put(APP);
				await never.waitForOutput('started');
				expect(await never.stop()).toEqual({ code: 143, signal: null });

				const manifest = new ManifestFile(APP, ofApp);
				const run = start(manifest, { command: SLEEP, args: ['--kubelet-delay=3s'] });
				await run.waitForOutput('started');
				const flippedAt: number[] = [];
				for (const key of ['two', 'three']) {
					manifest.put(configMap('app', { key }));
					await shows(run, `v/key=${key}`);
					flippedAt.push(Number((await run.exec('stat', '-c', '%.Y', '/cmfs-live/v/..data')).stdout));
				}
				const [second = 0, third = 0] = flippedAt;
				// One sync apart, minus the time by which a busy machine delays the first one.
				expect(third - second).toBeGreaterThan(1);
				expect(await run.stop()).toEqual({ code: 143, signal: null });
			});

			test('--snapshot-grace keeps the old generation complete', async () => {
				const manifest = new ManifestFile(APP, podWith({ v: OF_APP }, [{ name: 'v', mountPath: '/cmfs-live/v' }]));
				const run = start(manifest, { command: SLEEP, args: ['--snapshot-grace', '1m'] });
				await run.waitForOutput('started');
				manifest.put(configMap('app', { key: 'new' }));
				await shows(run, 'v/key=new');
				const { stdout } = await run.exec('sh', '-c', 'cat /cmfs-live/v/..20*/key');
				expect([...stdout.matchAll(/one|new/g)].map(([word]) => word).sort()).toEqual(['new', 'one']);
			});
		});
	});
}
