/**
 * The user namespace in which an ordinary user mounts, and the errors on a machine that refuses it, or a mount
 * namespace.
 */

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import {
	NamespaceChild,
	type NamespaceOptions,
	type NamespaceWay,
	ROOT_WAY,
	stopNamespaces,
	USER_WAY,
} from '../../support/namespace-child.js';
import { removeTemporaries, temporaryDirectory } from '../../support/temporary.js';

afterEach(async () => {
	await stopNamespaces();
	removeTemporaries();
});

const ROOT_ONLY = ROOT_WAY.missing !== undefined;

/** A process with a directory on its stage. */
async function start(way: NamespaceWay, options: NamespaceOptions = {}): Promise<NamespaceChild> {
	const child = await NamespaceChild.start(way, options);
	await child.files({ 'one/key': 'value' });
	return child;
}

describe.skipIf(ROOT_ONLY || USER_WAY.missing !== undefined)('an ordinary user', () => {
	test('the second execution is in the same process, with arguments, environment and descriptors', async () => {
		const args = ['--', 'two words', '', 'ключ', '$(x)'];
		const third = join(temporaryDirectory('third'), 'file');
		writeFileSync(third, 'through');
		const child = await start(USER_WAY, { args, env: { CMFS_TEST: 'a\nb' }, third });
		const self = await child.self();
		expect(self.pid).toBe(child.pid);
		expect(self.args).toEqual(args);
		expect(self.env).toMatchObject({ CMFS_TEST: 'a\nb' });
		expect(Object.keys(self.env).filter((name) => name.startsWith('CONFIGMAPFS_USER'))).toEqual([]);
		expect(await child.read('/proc/self/fd/3')).toBe('through');
	});

	test('with mapRoot the user is root of the namespace, and owns the files', async () => {
		const child = await start(USER_WAY, { mapRoot: true });
		const directory = temporaryDirectory('by-root', 0o777);
		await child.build({ source: 'one', target: '/cmfs-test', readOnly: false });
		expect((await child.run('sh', '-c', 'id -u; cat /cmfs-test/key; echo >"$0/made"', directory)).stdout).toBe(
			'0\nvalue',
		);
		const owner = spawnSync('stat', ['-c', '%U', join(directory, 'made')], { encoding: 'utf8' });
		expect(owner.stdout).toBe('nobody\n');
	});

	test('cannot write where the machine does not allow it', async () => {
		const child = await start(USER_WAY);
		await child.build({ source: 'one', target: '/etc/cmfs-test' }, { source: 'one', target: '/cmfs-test' });
		const touched = await child.run('touch', '/etc/new', '/new');
		expect(touched.stderr.match(/Permission denied/g)).toHaveLength(2);
	});

	test('a read-only bind keeps the flags that root has set', async () => {
		const machine = temporaryDirectory('flags', 0o777);
		const child = await start(USER_WAY, {
			prepare: 'mount -t tmpfs -o nosuid,nodev,noexec,noatime m "$MACHINE"; mkdir -m 777 "$MACHINE/sub"',
			env: { MACHINE: machine },
		});
		await child.build({ source: `${machine}/sub`, target: '/srv', recursive: true });
		const table = (await child.run('cat', '/proc/self/mountinfo')).stdout;
		expect([...table.matchAll(/ \/srv (\S+) /g)].at(-1)?.[1]).toBe('ro,nosuid,nodev,noexec,noatime');
	});

	test('a directory that the user may not enter, or not list', async () => {
		const machine = temporaryDirectory('closed', 0o755);
		for (const [name, mode] of [
			['none', 0o700],
			['search', 0o711],
		] as const) {
			mkdirSync(join(machine, name));
			chmodSync(join(machine, name), mode);
		}
		const child = await start(USER_WAY);
		await expect(child.build({ source: 'one', target: `${machine}/none/config` })).rejects.toThrow(
			`cannot mount at "${machine}/none/config": permission denied at "${machine}/none/config"; run as root, or use --root-dir DIR`,
		);
		await expect(child.build({ source: 'one', target: `${machine}/search/config` })).rejects.toThrow(
			`it must be created in "${machine}/search", and this user may not list that directory; run as root, or use --root-dir DIR`,
		);
	});
});

describe.skipIf(ROOT_ONLY || USER_WAY.missing !== undefined)('a machine that refuses', () => {
	const refusal = async (way: NamespaceWay, options: NamespaceOptions) => {
		const error: unknown = await NamespaceChild.start(way, options).catch((thrown: unknown) => thrown);
		return { message: (error as Error).message, code: (error as { code?: string }).code };
	};

	test('user namespaces', async () => {
		// Limits hold for a user namespace and those below it, so the test's own has one.
		const through = ['unshare', '-Ur', 'sh', '-ec', 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"', 'sh'];
		const withoutRights = ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--securebits=+noroot'];
		expect(await refusal(ROOT_WAY, { through: [...through, ...withoutRights] })).toEqual({
			code: 'FUSE_DEVICE_DENIED',
			message:
				'cannot create a user namespace: unshare reports "unshare failed: No space left on device"; ' +
				'user.max_user_namespaces is 0; "sysctl -w user.max_user_namespaces=15000" as root allows it; run as root, ' +
				'or use --root-dir DIR, which needs no namespace',
		});
	});

	test('unshare is missing, or another program', async () => {
		const bin = temporaryDirectory('bin', 0o755);
		const withPath = ['env', `PATH=${bin}`];
		const setpriv = spawnSync('sh', ['-c', 'command -v setpriv'], { encoding: 'utf8' }).stdout.trim();
		symlinkSync(setpriv, join(bin, 'setpriv'));
		expect((await refusal(USER_WAY, { through: withPath })).message).toMatch(
			/^cannot create a user namespace: the program unshare is not installed \("apt-get install util-linux"\); .*--root-dir DIR/,
		);
		writeFileSync(
			join(bin, 'unshare'),
			'#!/bin/sh\necho "unshare: unrecognized option: map-current-user" >&2; exit 1\n',
		);
		chmodSync(join(bin, 'unshare'), 0o755);
		expect((await refusal(USER_WAY, { through: withPath })).message).toMatch(
			/^cannot create a user namespace: the program unshare is not that of util-linux, or too old \(it reports "unrecognized option/,
		);
	});

	test('a user namespace gives no right to mount', async () => {
		expect(await refusal(USER_WAY, { env: { CONFIGMAPFS_USER_NAMESPACE: '1' } })).toMatchObject({
			code: 'FUSE_DEVICE_DENIED',
			message: expect.stringMatching(/^cannot create a user namespace: it was created, but gives no right to mount; /),
		});
	});

	test('mount namespaces', async () => {
		expect(await refusal(USER_WAY, { mayReexec: false })).toMatchObject({
			code: 'FUSE_DEVICE_DENIED',
			message: expect.stringMatching(
				/^cannot create a mount namespace: unshare: EPERM, not permitted; in a container, pass "--cap-add SYS_ADMIN .*, or use --root-dir DIR/,
			),
		});
	});

	test.each([
		['that is a mount', 'mount --rbind / "$CHROOT"'],
		[
			'that is a directory',
			// All directories of the machine, because the checkout and Node may be below any of them.
			'for d in /*; do test ! -d "$d" || { mkdir "$CHROOT$d"; mount --rbind "$d" "$CHROOT$d"; }; done',
		],
	])('inside a chroot %s', async (_, prepare) => {
		const chroot = temporaryDirectory('chroot');
		expect(await refusal(ROOT_WAY, { prepare, env: { CHROOT: chroot }, through: ['chroot', chroot] })).toEqual({
			code: 'MOUNT_REFUSED',
			message: 'cannot separate the mounts from the machine: this is a chroot; run outside it, or use --root-dir DIR',
		});
	});
});
