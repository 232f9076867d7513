/**
 * `mount -t configmapfs` and fstab: mount(8) calls /sbin/mount.configmapfs, which is a link to the program.
 */

import { existsSync, lstatSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { writeManifest } from '../../support/manifest.js';
import { AS_ROOT, titleOf } from '../../support/mount-modes.js';
import { DIST, runCommand, runProgram } from '../../support/mount-process.js';
import { mountsBelow, removeTemporaries, temporaryDirectory } from '../../support/temporary.js';

const HELPER = '/sbin/mount.configmapfs';

function isThere(): boolean {
	return lstatSync(HELPER, { throwIfNoEntry: false }) !== undefined;
}

const missing = AS_ROOT.missing ?? (isThere() ? `${HELPER} is there already` : undefined);

describe.skipIf(missing !== undefined)(
	`mount(8) ${missing === undefined ? titleOf(AS_ROOT) : `(skipped: ${missing})`}`,
	() => {
		beforeAll(() => symlinkSync(join(DIST, 'main.js'), HELPER));
		afterAll(() => rmSync(HELPER, { force: true }));
		afterEach(async () => {
			for (const dir of mounted.splice(0))
				if (mountsBelow(dir).length > 0) await runProgram(['unmount', '--force', dir]);
			removeTemporaries();
		});

		const mounted: string[] = [];

		function directory(): string {
			const dir = temporaryDirectory('mnt');
			mounted.push(dir);
			return dir;
		}

		function manifest(): string {
			const file = join(temporaryDirectory('src'), 'app.yaml');
			writeManifest(file, { name: 'app', data: { key: 'one' } }, { name: 'other', data: { key: 'two' } });
			return file;
		}

		test('mounts, with options as in fstab, and umount unmounts', async () => {
			const dir = directory();
			const options = 'ro,nofail,_netdev,x-systemd.automount,volume=app,default-mode=0440';
			const result = await runCommand('mount', ['-t', 'configmapfs', manifest(), dir, '-o', options]);
			expect(result).toMatchObject({ code: 0 });
			expect(readFileSync(join(dir, 'key'), 'utf8')).toBe('one');
			expect((await runCommand('stat', ['-L', '-c', '%a', join(dir, 'key')])).stdout).toBe('440\n');
			expect((await runCommand('umount', [dir])).code).toBe(0);
		});

		test('-v, -n and -s are accepted, -f mounts nothing', async () => {
			const dir = directory();
			expect(
				(await runCommand('mount', ['-t', 'configmapfs', '-v', '-n', '-s', manifest(), dir, '-o', 'whatever'])).code,
			).toBe(0);
			expect(existsSync(join(dir, 'other/key'))).toBe(true);
			const fake = directory();
			expect((await runCommand('mount', ['-f', '-t', 'configmapfs', manifest(), fake])).code).toBe(0);
			expect(mountsBelow(fake)).toEqual([]);
		});

		test('its statuses are those of mount(8)', async () => {
			const dir = directory();
			const unknown = await runCommand('mount', ['-t', 'configmapfs', manifest(), dir, '-o', 'whatever']);
			expect(unknown.code).toBe(1);
			expect(unknown.stderr).toContain(
				'error: unknown mount option "whatever"; "configmapfs mount --help" lists the flags\n',
			);
			const absent = await runCommand('mount', ['-t', 'configmapfs', '/nonexistent.yaml', dir]);
			expect(absent.code).toBe(32);
			expect(absent.stderr).toContain('error: the path "/nonexistent.yaml" does not exist\n');
			expect(mountsBelow(dir)).toEqual([]);
		});
	},
);
