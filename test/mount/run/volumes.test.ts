/**
 * Where `configmapfs run` mounts volumes: mount points that exist or are created, emptyDir volumes, directories of this
 * machine, and each driver. As root and as an ordinary user. Volumes that change are in live-volumes.test.ts.
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
import { ROOT_WAY, USER_WAY } from '../../support/namespace-child.js';
import { configMap, ManifestFile } from '../../support/pod-manifest.js';
import { type RunOptions, startRun, stopRuns } from '../../support/run-process.js';
import { removeTemporaries, temporaryDirectory } from '../../support/temporary.js';
import { APP, EMPTY, OF_APP, podWith } from './volume-pods.js';

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

		/** A directory of the user, with these files. */
		function ownDirectory(name: string, files: Readonly<Record<string, string>> = {}): string {
			const path = temporaryDirectory(name);
			for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
			if (way.user === undefined) return path;
			const { uid, gid } = way.user;
			for (const one of [path, ...Object.keys(files).map((file) => join(path, file))]) chownSync(one, uid, gid);
			return path;
		}

		describe('the mount point', () => {
			test('exists or is created: in /, in /etc, behind a link, by a relative path, with any letters', async () => {
				const directory = ownDirectory('places');
				for (const name of ['existing', 'real']) mkdirSync(join(directory, name));
				symlinkSync('real', join(directory, 'link'));
				writeFileSync(join(directory, 'file'), 'of the host');
				const absolute = [
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
						...absolute.map((mountPath) => ({ name: 'v', mountPath })),
						{ name: 'v', mountPath: file, subPath: 'key' },
					]),
				);
				const seen = [
					...absolute.slice(0, 4).map((path) => `${path}/key`),
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

			test('in the working directory: new files there are lost at the end, with a warning', async () => {
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
					msg: `${directory}: files created or changed directly in this directory are visible only to this run, and lost at its end`,
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
						// The innermost first, because the order of the list does not matter.
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
				expect(run.stderr).toContain(`created \\"${local}/conf\\" on this machine as its mount point`);
				expect(readdirSync(local).sort()).toEqual(['conf', 'written']);
			});

			test('a key with the name of a mount inside gets no link, and the mount is visible', async () => {
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
			test('is writable for every user, shared by its mounts, survives a restart, and is removed at the end', async () => {
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
				expect(run.stdout).toBe('777\n1777\nwrote one\n');
				expect(run.stderr).toContain('Read-only file system');
				manifest.put(configMap('app', { key: 'two' }));
				await run.waitForOutput('wrote onetwo\n');
				expect(run.stdout).toBe('777\n1777\nwrote one\none777\n1777\nwrote onetwo\n');
				expect(await run.stop()).toEqual({ code: 143, signal: null });
				expect(run.left).toEqual([]);
			});

			test('the last directory of a subPath in it gets its mode, its parents 0755, and one through a link that leads out is refused', async () => {
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
				await run.waitForOutput('755\n777\nx\nready\n');
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
			test('are mounted only with consent; each volume left out is a warning', async () => {
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
				const messages = without.stderr.split('\n').map((line) => (line === '' ? '' : JSON.parse(line).msg));
				expect(messages).toEqual([
					'volume "t": serviceAccountToken "token" is not available: only a cluster creates it; add a secret source with its path to replace it',
					`volume "h": hostPath ${host} is not mounted without consent; --allow-host-path mounts ${host} of this machine, --local-volume h=DIR another directory`,
					'volume "claim": persistentVolumeClaim volumes exist only in a cluster; --local-volume claim=DIR mounts a directory of this machine instead',
					'volume "nfs": nfs volumes exist only in a cluster; --local-volume nfs=DIR mounts a directory of this machine instead',
					'',
				]);
				const args = ['--allow-host-path', '--local-volume', `claim=${local}`];
				const given = await toEnd(manifest, { command: ['sh', '-c', script], args });
				expect(given.stdout).toBe('local\nhost\nclaim\nh\nt\n');
				expect(statSync(join(host, 'made')).size).toBe(2);
				// A volume of an object may be replaced too, by a path relative to the caller's directory.
				const other = new ManifestFile(podWith({ v: OF_APP }, [{ name: 'v', mountPath: '/cmfs-host' }]));
				const instead = { command: ['cat', '/cmfs-host/name'], args: ['--local-volume', 'v=.'], cwd: local };
				expect(await toEnd(other, instead)).toMatchObject({ stdout: 'local\n', stderr: '' });
			});
		});

		test('a pod read from a cluster starts without it: its token and certificate are left out', async () => {
			const sources = [
				{ serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
				{ configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
				{ downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
			];
			const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
			const name = 'kube-api-access-x7x7x';
			const pod = podWith({ [name]: { projected: { sources } } }, [{ name, mountPath, readOnly: true }]);
			const { code, stdout, stderr } = await toEnd(new ManifestFile(pod), {
				command: ['sh', '-c', `ls ${mountPath}; cat ${mountPath}/namespace`],
				args: ['--wait-timeout', '60s'],
			});
			expect({ code, stdout }).toEqual({ code: 0, stdout: 'namespace\ndefault' });
			expect(stderr).toContain(`volume \\"${name}\\": serviceAccountToken \\"token\\" and configMap`);
			expect(stderr.trim().split('\n')).toHaveLength(1);
		});

		test.each(['fuse-native', 'directory'])(
			'--driver %s: read-only, live, and nothing is left behind',
			async (driver) => {
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
			},
		);

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
