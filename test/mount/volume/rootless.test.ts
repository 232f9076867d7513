/**
 * Refusals of fusermount3, and features that a container lacks: each error names the cure, and nothing is left behind.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { writeManifest } from '../../support/manifest.js';
import { AS_ROOT, AS_USER, IN_NAMESPACE, leftIn, startIn, titleOf } from '../../support/mount-modes.js';
import { DIST, type RunResult, runCommand, runProgram, stopAll } from '../../support/mount-process.js';
import { removeTemporaries, temporaryDirectory, tmpfsDirectory } from '../../support/temporary.js';

afterEach(async () => {
	await stopAll();
	removeTemporaries();
});

const FUSE_CONF = '/etc/fuse.conf';
const ALLOWS_OTHER = existsSync(FUSE_CONF) && /^\s*user_allow_other/m.test(readFileSync(FUSE_CONF, 'utf8'));
const PROGRAM = join(DIST, 'main.js');

function manifest(): string {
	const file = join(temporaryDirectory('src'), 'app.yaml');
	writeManifest(file, { name: 'app', data: { key: 'one' } });
	return file;
}

describe.skipIf(AS_USER.missing !== undefined)(titleOf(AS_USER), () => {
	test('a directory of another user', async () => {
		const dir = temporaryDirectory('mnt', 0o755);
		const runtime = tmpfsDirectory('runtime', 0o777);
		const result = await runProgram(['mount', dir, '-f', manifest()], {
			...AS_USER.options,
			env: { XDG_RUNTIME_DIR: runtime },
		});
		// For root of a test without other users the directory is its own.
		if (AS_USER.options.user === undefined) return;
		expect(result.code).toBe(71);
		expect(result.stderr).toMatch(
			/^error: cannot mount on ".*": fusermount3 reports "user has no write access to mountpoint .*"; choose a directory that you own\n$/,
		);
		expect(leftIn(runtime)).toEqual([]);
	});

	// Without root there is no other user to test with.
	test.skipIf(AS_USER.options.user === undefined)('manifests in a directory of another user', async () => {
		const closed = temporaryDirectory('closed', 0o700);
		const result = await runProgram(['mount', temporaryDirectory('mnt', 0o777), '-f', closed], AS_USER.options);
		expect(result.code).toBe(65);
		expect(result.stderr).toBe(`error: ${closed}: cannot be read: permission denied\n`);
	});

	test.skipIf(ALLOWS_OTHER)('--allow-other without user_allow_other', async () => {
		const dir = temporaryDirectory('mnt', 0o777);
		const result = await runProgram(['mount', dir, '-f', manifest(), '--allow-other'], AS_USER.options);
		expect(result.code).toBe(71);
		expect(result.stderr).toMatch(
			/user_allow_other.*; add the line "user_allow_other" to \/etc\/fuse.conf, or drop --allow-other\n$/,
		);
	});

	test('unmount of a mount in use shows how to find the process', async () => {
		const dir = temporaryDirectory('mnt', 0o777);
		const { mount } = await startIn(AS_USER, dir, ['-f', manifest()]);
		const script = 'cd "$0/app" && "$@"';
		const result = await mount.run('sh', ['-c', script, dir, process.execPath, PROGRAM, 'unmount', dir]);
		expect(result.code).toBe(75);
		expect(result.stderr).toMatch(/is in use; "fuser -vm .*" shows by which process; --force unmounts anyway\n$/);
		expect(await mount.run(process.execPath, [PROGRAM, 'unmount', '--force', dir])).toMatchObject({
			code: 0,
			stderr: '',
		});
		expect(await mount.ended).toEqual({ code: 0, signal: null });
	});
});

/** Runs the program as an ordinary user who may open /dev/fuse, after `prepare` as root in a mount namespace of its own. */
async function asUserAfter(prepare: string, args: readonly string[], path = process.env.PATH): Promise<RunResult> {
	const device =
		'd=$1; shift; mount -t tmpfs t "$d"; mknod -m 666 "$d/fuse" c 10 229; chmod 666 "$d/fuse"; mount --bind "$d/fuse" /dev/fuse; umount -l "$d"';
	const user = [
		'setpriv',
		'--reuid=65534',
		'--regid=65534',
		'--clear-groups',
		'env',
		'-u',
		'XDG_RUNTIME_DIR',
		`PATH=${path}`,
	];
	const script = `${device}; ${prepare}; exec "$@"`;
	const words = [temporaryDirectory('device'), ...user, process.execPath, PROGRAM, ...args];
	return await runCommand('unshare', ['-m', 'sh', '-ec', script, 'sh', ...words]);
}

describe.skipIf(AS_ROOT.missing !== undefined || AS_USER.missing !== undefined)(
	`a machine that lacks something, ${titleOf(AS_ROOT)}`,
	() => {
		test('no fusermount3', async () => {
			const dir = temporaryDirectory('mnt', 0o777);
			const result = await asUserAfter('true', ['mount', dir, '-f', manifest()], temporaryDirectory('bin'));
			expect(result.code).toBe(77);
			expect(result.stderr).toMatch(/^error: fusermount3, .*, is not installed; "apt-get install fuse3", .*\n$/);
		});

		test('fusermount3 without its privilege', async () => {
			const dir = temporaryDirectory('mnt', 0o777);
			const bin = temporaryDirectory('bin', 0o755);
			await runCommand('sh', ['-c', 'cp "$(command -v fusermount3)" "$0" && chmod 755 "$0"', join(bin, 'fusermount3')]);
			const result = await asUserAfter('true', ['mount', dir, '-f', manifest()], `${bin}:${process.env.PATH}`);
			expect(result.code).toBe(77);
			expect(result.stderr).toMatch(/; "chmod u\+s" on fusermount3 as root makes it setuid, /);
		});

		test.skipIf(!existsSync(FUSE_CONF))('mount_max is reached', async () => {
			const dir = temporaryDirectory('mnt', 0o777);
			const conf = join(temporaryDirectory('conf'), 'fuse.conf');
			const prepare = `echo "mount_max = 0" > ${conf}; mount --bind ${conf} ${FUSE_CONF}`;
			const result = await asUserAfter(prepare, ['mount', dir, '-f', manifest()]);
			expect(result.code).toBe(71);
			expect(result.stderr).toMatch(/too many FUSE filesystems.*raise "mount_max = N" in \/etc\/fuse.conf\n$/);
		});

		test('a user id without a name', async () => {
			const dir = temporaryDirectory('mnt', 0o777);
			const user = { uid: 54321, gid: 54321 };
			const result = await runProgram(['mount', dir, '-f', manifest()], { user });
			expect(result.code).toBe(71);
			expect(result.stderr).toMatch(
				/"could not determine username"; add this user id to \/etc\/passwd, or use --driver/,
			);
		});
	},
);

describe.skipIf(IN_NAMESPACE.missing !== undefined || AS_USER.options.user === undefined)(
	`a user namespace of an ordinary user`,
	() => {
		test('mounts as its root', async () => {
			const dir = temporaryDirectory('mnt', 0o777);
			const way = { ...AS_USER, options: { ...AS_USER.options, unshare: true } };
			const { mount } = await startIn(way, dir, ['-f', manifest()]);
			expect((await mount.run('cat', [`${dir}/app/key`])).stdout).toBe('one');
			expect(await mount.stop()).toEqual({ code: 0, signal: null });
		});
	},
);
