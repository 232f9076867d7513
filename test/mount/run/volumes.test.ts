/**
 * Where `configmapfs run` puts volumes, what they hold while their objects come, change and go, and what it waits for.
 * As root and as an ordinary user.
 */

import {
	chmodSync,
	chownSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Machine, stopMachines } from '../../support/machine.js';
import { writeAtomically } from '../../support/manifest.js';
import { ROOT_WAY, USER_WAY } from '../../support/namespace-child.js';
import { configMap, type Fields, ManifestFile, pod, secret } from '../../support/pod-manifest.js';
import { type RunOptions, type RunProcess, startRun, stopRuns } from '../../support/run-process.js';
import { removeTemporaries, temporaryDirectory } from '../../support/temporary.js';
import { expectSoon, until } from '../../support/until.js';

/** How soon a waiting pod starts when everything is there, on whatever machine. Unit: milliseconds. */
const SOON_MS = 5000;

type Volumes = Readonly<Record<string, Fields>>;
type Mount = Fields & { readonly name: string; readonly mountPath: string };

const APP = configMap('app', { key: 'one', 'b.conf': 'two' });
const OF_APP = { configMap: { name: 'app' } };
const EMPTY = { emptyDir: {} };

function podWith(volumes: Volumes, volumeMounts: readonly Mount[], container: Fields = {}) {
	return pod(
		'p',
		{ volumeMounts, ...container },
		{ volumes: Object.entries(volumes).map(([name, source]) => ({ name, ...source })) },
	);
}

afterAll(async () => {
	await stopMachines();
	removeTemporaries();
});

/** What is the same for everybody is tested once. */
const ANY_WAY = ROOT_WAY.missing === undefined ? ROOT_WAY : USER_WAY;
const SLEEP = ['sh', '-c', 'echo started; exec sleep 1000'] as const;

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

		/** A directory of the user, with these files. */
		function ownDirectory(name: string, files: Readonly<Record<string, string>> = {}): string {
			const path = temporaryDirectory(name);
			for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
			if (way.user === undefined) return path;
			const { uid, gid } = way.user;
			for (const one of [path, ...Object.keys(files).map((file) => join(path, file))]) chownSync(one, uid, gid);
			return path;
		}

		describe('the place', () => {
			test('is there, or is made: in /, in /etc, behind a link, by a relative path, with any letters', async () => {
				const directory = ownDirectory('places');
				for (const name of ['existing', 'real']) mkdirSync(join(directory, name));
				symlinkSync('real', join(directory, 'link'));
				writeFileSync(join(directory, 'file'), 'of the host');
				const whole = [
					join(directory, 'existing'),
					join(directory, 'link/deep/er'),
					'/etc/cmfs-places/config',
					'/cmfs-places/config',
					'etc/cmfs-relative',
					'/etc/./cmfs-dots//x/../config/',
					'/cmfs a,b:c\n$(KEY)/d\\e',
				];
				const file = join(directory, 'file');
				const manifest = new ManifestFile(
					APP,
					podWith({ v: OF_APP }, [
						...whole.map((mountPath) => ({ name: 'v', mountPath })),
						{ name: 'v', mountPath: file, subPath: 'key' },
					]),
				);
				const seen = [
					...whole.slice(0, 4).map((path) => `${path}/key`),
					join(directory, 'real/deep/er/key'),
					'/etc/cmfs-relative/key',
					'/etc/cmfs-dots/config/key',
					'/cmfs a,b:c\n$(KEY)/d\\e/key',
					file,
				];
				const script = 'for path; do cat "$path" || exit; touch "$path" 2>/dev/null && exit 9; done';
				const { code, stdout, stderr } = await toEnd(manifest, { command: ['sh', '-c', script, 'sh', ...seen] });
				expect({ code, stdout }).toEqual({ code: 1, stdout: 'one'.repeat(seen.length) });
				expect(stderr).not.toContain('cat:');
				expect(readFileSync(file, 'utf8')).toBe('of the host');
				expect(readdirSync(directory).sort()).toEqual(['existing', 'file', 'link', 'real']);
				expect(readdirSync(join(directory, 'real'))).toEqual([]);
				expect(existsSync('/etc/cmfs-places')).toBe(false);
			});

			test('in the working directory: what is new there is gone afterwards, and that is said', async () => {
				const directory = ownDirectory('work', { old: 'old\n' });
				const sub = join(directory, 'sub');
				mkdirSync(sub);
				chmodSync(sub, 0o777);
				const manifest = new ManifestFile(
					APP,
					podWith({ v: OF_APP }, [{ name: 'v', mountPath: `${directory}/etc/app` }]),
				);
				const script = 'cat etc/app/key; echo new >new; echo more >>old; cat old; echo stays >sub/new';
				const { stdout, stderr } = await toEnd(manifest, { command: ['sh', '-c', script], cwd: directory });
				expect(stdout).toBe('oneold\nmore\n');
				expect(JSON.parse(stderr)).toMatchObject({
					level: 'warn',
					msg: `${directory}: files made or changed directly in this directory stay in this run and are gone with it`,
				});
				expect(readdirSync(directory).sort()).toEqual(['old', 'sub']);
				expect(readFileSync(join(directory, 'old'), 'utf8')).toBe('old\n');
				expect(readFileSync(join(directory, 'sub/new'), 'utf8')).toBe('stays\n');
			});

			test('inside another volume: in one of objects, in an emptyDir, in a local directory', async () => {
				const local = ownDirectory('local');
				const manifest = new ManifestFile(
					APP,
					podWith({ v: OF_APP, w: OF_APP, e: EMPTY, claim: { persistentVolumeClaim: { claimName: 'c' } } }, [
						// The innermost first: the order of the list does not matter.
						{ name: 'v', mountPath: '/cmfs-nest/empty/config/deep' },
						{ name: 'w', mountPath: '/cmfs-nest/conf.d/key', subPath: 'b.conf' },
						{ name: 'v', mountPath: '/cmfs-nest/claim/conf' },
						{ name: 'w', mountPath: '/cmfs-nest/empty/file', subPath: 'key' },
						{ name: 'e', mountPath: '/cmfs-nest/v/empty' },
						{ name: 'claim', mountPath: '/cmfs-nest/claim' },
						{ name: 'e', mountPath: '/cmfs-nest/empty' },
						{ name: 'v', mountPath: '/cmfs-nest/v' },
						{ name: 'e', mountPath: '/cmfs-nest/conf.d', subPath: 'sub/path' },
					]),
				);
				const script = `cd /cmfs-nest; cat v/key empty/config/deep/key conf.d/key claim/conf/key empty/file
					touch v/empty/written claim/written; ls v/empty; stat -c %a empty empty/sub/path`;
				const run = await toEnd(manifest, {
					command: ['sh', '-c', script],
					args: ['--local-volume', `claim=${local}`],
				});
				expect(run.stdout).toBe('oneonetwooneoneconfig\nfile\nsub\nwritten\n777\n777\n');
				expect(run.stderr).toContain(`\\"${local}/conf\\" was made on this machine to mount it on`);
				expect(readdirSync(local).sort()).toEqual(['conf', 'written']);
			});

			test('a key of the name of a mount inside gets no link, and the mount is there', async () => {
				const manifest = new ManifestFile(
					APP,
					podWith({ v: OF_APP, e: EMPTY }, [
						{ name: 'v', mountPath: '/cmfs-nest' },
						{ name: 'e', mountPath: '/cmfs-nest/key' },
					]),
				);
				const script = 'cd /cmfs-nest; stat -c %F key; cat b.conf; touch key/x; ls';
				expect(await toEnd(manifest, { command: ['sh', '-c', script] })).toMatchObject({
					stdout: 'directory\ntwob.conf\nkey\n',
					stderr: '',
				});
			});
		});

		describe('an emptyDir', () => {
			test('is for everybody, shared by its mounts, outlives a restart, and is gone afterwards', async () => {
				const volumes = { e: EMPTY, f: { emptyDir: { medium: 'Memory' } }, v: OF_APP };
				const manifest = new ManifestFile(
					APP,
					podWith(volumes, [
						{ name: 'e', mountPath: '/cmfs-cache' },
						{ name: 'e', mountPath: '/cmfs-again', readOnly: true },
						{ name: 'f', mountPath: '/cmfs-memory' },
						{ name: 'v', mountPath: '/cmfs-config' },
					]),
				);
				const script = `umask 077; cat /cmfs-cache/*; stat -c %a /cmfs-cache /cmfs-memory; touch /cmfs-again/x
					cat /cmfs-config/key >>/cmfs-cache/seen; mkdir -p /cmfs-cache/dir; echo "wrote $(cat /cmfs-again/seen)"; exec sleep 1000`;
				const run = start(manifest, { command: ['sh', '-c', script], args: ['--on-change', 'restart'] });
				await run.waitForOutput('wrote one\n');
				expect(run.stdout).toBe('777\n777\nwrote one\n');
				expect(run.stderr).toContain('Read-only file system');
				manifest.put(configMap('app', { key: 'two' }));
				await run.waitForOutput('wrote onetwo\n');
				expect(run.stdout).toBe('777\n777\nwrote one\none777\n777\nwrote onetwo\n');
				expect(await run.stop()).toEqual({ code: 143, signal: null });
				expect(run.left).toEqual([]);
			});

			test('a subPath in it is made with its mode, and one that a link leads out of is refused', async () => {
				const outside = ownDirectory('outside');
				const mounts = [
					{ name: 'e', mountPath: '/cmfs-cache' },
					{ name: 'e', mountPath: '/cmfs-sub', subPath: 'a/b' },
					{ name: 'v', mountPath: '/cmfs-config' },
				];
				const manifest = new ManifestFile(APP, podWith({ e: EMPTY, v: OF_APP }, mounts));
				const script = `umask 077; stat -c %a /cmfs-cache/a /cmfs-sub; touch /cmfs-sub/x; ls /cmfs-cache/a/b
					rm -r /cmfs-cache/a; ln -s ${outside}/new /cmfs-cache/a; echo ready; exec sleep 1000`;
				const run = start(manifest, { command: ['sh', '-c', script], args: ['--on-change', 'restart'] });
				await run.waitForOutput('777\n777\nx\nready\n');
				manifest.put(configMap('app', { key: 'two' }));
				const { code, stderr } = await run.end();
				expect(code).toBe(125);
				expect(stderr).toContain(
					'error: failed to prepare subPath for volumeMount "e" of container "test": "a/b" leads out of the volume',
				);
				expect(readdirSync(outside)).toEqual([]);
			});
		});

		describe('directories of this machine', () => {
			test('are given with consent alone, and what is missed is said', async () => {
				const host = ownDirectory('host', { name: 'host\n' });
				const local = ownDirectory('local', { name: 'local\n' });
				const volumes = {
					h: { hostPath: { path: host } },
					claim: { persistentVolumeClaim: { claimName: 'c' } },
					nfs: { nfs: { server: 's', path: '/' } },
					t: { projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
				};
				const mounts = Object.keys(volumes).map((name) => ({ name, mountPath: `/cmfs-host/${name}` }));
				const manifest = new ManifestFile(podWith(volumes, mounts));
				const script = 'cd /cmfs-host; cat */name; ls; echo x >h/made';
				const without = await toEnd(manifest, { command: ['sh', '-c', 'ls /cmfs-host'] });
				expect(without.stdout).toBe('t\n');
				const said = without.stderr.split('\n').map((line) => (line === '' ? '' : JSON.parse(line).msg));
				expect(said).toEqual([
					'volume "t": serviceAccountToken "token" will not be there: only a cluster can make it; to have one, add a secret source for its path',
					`volume "h": hostPath ${host} is not mounted without consent; --allow-host-path mounts ${host} of this machine, --local-volume h=DIR another directory`,
					'volume "claim": persistentVolumeClaim volumes exist only in a cluster; --local-volume claim=DIR mounts a directory of this machine instead',
					'volume "nfs": nfs volumes exist only in a cluster; --local-volume nfs=DIR mounts a directory of this machine instead',
					'',
				]);
				const args = ['--allow-host-path', '--local-volume', `claim=${local}`];
				const given = await toEnd(manifest, { command: ['sh', '-c', script], args });
				expect(given.stdout).toBe('local\nhost\nclaim\nh\nt\n');
				expect(statSync(join(host, 'made')).size).toBe(2);
				// An object's volume may be another directory, too; and relative to where the caller is.
				const other = new ManifestFile(podWith({ v: OF_APP }, [{ name: 'v', mountPath: '/cmfs-host' }]));
				const instead = { command: ['cat', '/cmfs-host/name'], args: ['--local-volume', 'v=.'], cwd: local };
				expect(await toEnd(other, instead)).toMatchObject({ stdout: 'local\n', stderr: '' });
			});
		});

		describe('waiting', () => {
			test('for everything that is missing, with the texts of kubelet, and a start at once when it is there', async () => {
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
					const said = run.log.map(({ msg }) => msg);
					expect(said.filter((text) => texts.includes(text ?? ''))).toEqual(texts);
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

			test('not for what is optional', async () => {
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
			/** Every file below the volumes, through their links, and what is in it. */
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
					() => `${wanted}, there is ${seen}; it said ${run.stderr}`,
				);
			}

			test('objects that come, change and go: required ones leave the last content, optional ones nothing', async () => {
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

				// The volume of the missing key is frozen as a whole, the others go on.
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

			test('a manifest that is bad for a while: its place is said, the last content stays', async () => {
				const good = podWith({ v: OF_APP }, [{ name: 'v', mountPath: '/cmfs-live/v' }]);
				const manifest = new ManifestFile(APP, good);
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
					/pod\.yaml:\d+:\d+: json: cannot unmarshal number into Go struct field VolumeMount\..*mountPath of type string; the last good one stays$/,
				);
				writeAtomically(manifest.path, '');
				await run.waitForLog(/^no workload; .*; the last good one stays$/);
				expect(await contentOf(run)).toBe('v/b.conf=two v/key=one');
				manifest.put(configMap('app', { key: 'new' }));
				await shows(run, 'v/key=new');
				await run.waitForLog('all sources are valid again');
				const recoveries = run.log.filter(({ event }) => event === 'resolved');
				expect(recoveries.map(({ level }) => level)).toEqual(recoveries.map(() => 'error'));
				expect(await run.stop()).toEqual({ code: 143, signal: null });
			});

			test('a restart for another workload waits for what that names, and mounts what is new in it', async () => {
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
			test('--kubelet-delay passes changes on at the next sync, the start waits for none', async () => {
				const ofApp = podWith({ v: OF_APP }, [{ name: 'v', mountPath: '/cmfs-live/v' }]);
				const waiting = new ManifestFile(ofApp);
				const never = start(waiting, { command: SLEEP, args: ['--kubelet-delay=1h'] });
				await never.waitForLog('configmap "app" not found');
				waiting.put(APP);
				await never.waitForOutput('started');
				expect(await never.stop()).toEqual({ code: 143, signal: null });

				const manifest = new ManifestFile(APP, ofApp);
				const run = start(manifest, { command: SLEEP, args: ['--kubelet-delay=1500ms'] });
				await run.waitForOutput('started');
				const flippedAt: number[] = [];
				for (const key of ['two', 'three']) {
					manifest.put(configMap('app', { key }));
					await shows(run, `v/key=${key}`);
					flippedAt.push(Number((await run.exec('stat', '-c', '%.Y', '/cmfs-live/v/..data')).stdout));
				}
				const [second = 0, third = 0] = flippedAt;
				expect(third - second).toBeGreaterThan(0.7);
				expect(await run.stop()).toEqual({ code: 143, signal: null });
			});

			test('--snapshot-grace keeps the old generation whole', async () => {
				const manifest = new ManifestFile(APP, podWith({ v: OF_APP }, [{ name: 'v', mountPath: '/cmfs-live/v' }]));
				const run = start(manifest, { command: SLEEP, args: ['--snapshot-grace', '1m'] });
				await run.waitForOutput('started');
				manifest.put(configMap('app', { key: 'new' }));
				await shows(run, 'v/key=new');
				const { stdout } = await run.exec('sh', '-c', 'cat /cmfs-live/v/..20*/key');
				expect([...stdout.matchAll(/one|new/g)].map(([word]) => word).sort()).toEqual(['new', 'one']);
			});
		});

		test.each(['fuse-native', 'directory'])('--driver %s: read-only, live, and nothing is left', async (driver) => {
			const manifest = new ManifestFile(APP, podWith({ v: OF_APP }, [{ name: 'v', mountPath: '/cmfs-driver' }]));
			const script = `touch /cmfs-driver/x; stat -f -c %T /cmfs-driver; cat /cmfs-driver/key
				while test "$(cat /cmfs-driver/key)" != new; do sleep 0.02; done; echo " changed"`;
			const run = start(manifest, { command: ['sh', '-c', script], args: ['--driver', driver] });
			await run.waitForOutput('one');
			manifest.put(configMap('app', { key: 'new' }));
			const { code, stdout, stderr } = await run.end();
			expect({ code, stdout }).toEqual({
				code: 0,
				stdout: `${driver === 'directory' ? 'tmpfs' : 'fuseblk'}\none changed\n`,
			});
			expect(stderr).toBe("touch: cannot touch '/cmfs-driver/x': Read-only file system\n");
			expect(run.left).toEqual([]);
		});

		if (way !== USER_WAY) return;
		test('--map-root: root in the namespace, the user outside', async () => {
			const uid = way.user?.uid ?? process.getuid?.();
			const directory = ownDirectory('owner');
			const manifest = new ManifestFile(APP, podWith({ v: OF_APP }, [{ name: 'v', mountPath: '/cmfs-root' }]));
			const script = `id -u; stat -c %u /cmfs-root/key; touch ${directory}/made`;
			const { stdout } = await toEnd(manifest, { command: ['sh', '-c', script], args: ['--map-root'] });
			expect(stdout).toBe('0\n0\n');
			expect(statSync(join(directory, 'made')).uid).toBe(uid);
			const { stdout: plain } = await toEnd(manifest, { command: ['sh', '-c', 'id -u; stat -c %u /cmfs-root/key'] });
			expect(plain).toBe(`${uid}\n${uid}\n`);
		});
	});
}
