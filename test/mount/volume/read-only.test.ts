/**
 * Only the daemon changes anything: every mutating system call fails, by root, by the user who mounted, in a user
 * namespace, through the daemon's own descriptors, and while real changes are under way.
 */

import { chownSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type DriverCase, FUSE_DRIVERS } from '../../support/drivers.js';
import { FixtureProcess, fixture, stopFixtures } from '../../support/fixture-process.js';
import { PYTHON, WITHOUT_PYTHON } from '../../support/inotify.js';
import { writeManifest } from '../../support/manifest.js';
import {
	canUnshare,
	type MountProcess,
	type ProcessOptions,
	runCommand,
	startMount,
	stopAll,
	unprivilegedUser,
} from '../../support/mount-process.js';
import { removeTemporaries, temporaryDirectory } from '../../support/temporary.js';
import { until } from '../../support/until.js';
import { stopVolumes, VolumeChild } from '../../support/volume-child.js';

afterEach(async () => {
	stopFixtures();
	await stopAll();
	await stopVolumes();
	removeTemporaries();
});

interface Report {
	readonly results: Readonly<Record<string, string>>;
	readonly before: object;
	readonly after: object;
}

/** Calls that fail on a read-only descriptor on every file system. */
const BY_DESCRIPTOR: Readonly<Record<string, readonly string[]>> = {
	fallocate: ['EBADF'],
	ftruncate: ['EINVAL'],
	"write to a reader's descriptor": ['EBADF'],
	'shared writable mapping': ['EACCES'],
	'mprotect of a shared mapping': ['EACCES'],
	FS_IOC_SETFLAGS: ['EROFS', 'ENOTTY', 'EPERM', 'EACCES', 'ENOSYS', 'EOPNOTSUPP', 'ENOTSUP'],
};

/** Errors: the calls that were let through or refused in another way than `refusals`. */
function unexpected({ results }: Report, refusals: readonly string[], driver: DriverCase): object {
	const wrong = Object.entries(results).filter(
		([call, result]) => !(driver.refusals[call] ?? BY_DESCRIPTOR[call] ?? refusals).includes(result),
	);
	return Object.fromEntries(wrong);
}

async function mutate(mount: MountProcess, volume: string, ...args: readonly string[]): Promise<Report> {
	const { stdout, stderr, code } = await mount.run(PYTHON, [fixture('mutate.py'), volume, ...args]);
	expect(code, stderr).toBe(0);
	return JSON.parse(stdout) as Report;
}

async function mountApp(driver: string, args: readonly string[], options: ProcessOptions = {}): Promise<MountProcess> {
	const manifests = temporaryDirectory('manifests', 0o777);
	const manifest = join(manifests, 'app.yaml');
	writeManifest(manifest, { name: 'app', data: { a: 'genuine', b: 'second' } });
	const directory = temporaryDirectory('mount');
	if (options.user !== undefined) chownSync(directory, options.user.uid, options.user.gid);
	return await startMount(directory, ['-f', manifest, '--driver', driver, ...args], options);
}

/** A mode for the owner only, the default mode, and modes that allow all users to write. */
const MODES = ['0600', '0644', '0666', '0777'];

describe.each(FUSE_DRIVERS)('$name', (driver) => {
	test('every change that root tries is EROFS and changes nothing', async (ctx) => {
		ctx.skip(WITHOUT_PYTHON !== undefined, WITHOUT_PYTHON);
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		ctx.skip(process.getuid?.() !== 0, 'needs root');
		for (const mode of MODES) {
			const mount = await mountApp(driver.name, ['--default-mode', mode]);
			const report = await mutate(mount, join(mount.dir, 'app'));
			expect(unexpected(report, ['EROFS'], driver), mode).toEqual({});
			expect(report.after).toEqual(report.before);
			expect(Object.keys(report.results).length).toBeGreaterThan(50);
			await mount.stop();
		}
	});

	test('through fusermount3 the user himself can change nothing, whatever the modes', async (ctx) => {
		ctx.skip(WITHOUT_PYTHON !== undefined, WITHOUT_PYTHON);
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		const user = unprivilegedUser();
		if (user === undefined) return ctx.skip('no other user can run the program here');
		for (const mode of MODES) {
			const mount = await mountApp(driver.name, ['--default-mode', mode], { user });
			const report = await mutate(mount, join(mount.dir, 'app'));
			expect(unexpected(report, ['EROFS', 'EACCES', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP'], driver), mode).toEqual({});
			expect(report.after).toEqual(report.before);
			const { stdout } = await mount.run('cat', [join(mount.dir, 'app/a')]);
			expect(stdout).toBe('genuine');
			await mount.stop();
		}
	});

	test('in a user namespace its root can change nothing', async (ctx) => {
		ctx.skip(WITHOUT_PYTHON !== undefined, WITHOUT_PYTHON);
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		const user = unprivilegedUser();
		if (user === undefined) return ctx.skip('no other user can run the program here');
		ctx.skip(!canUnshare(user), 'user namespaces are off');
		const mount = await mountApp(driver.name, ['--default-mode', '0666'], { user, unshare: true });
		const report = await mutate(mount, join(mount.dir, 'app'));
		expect(unexpected(report, ['EROFS'], driver), JSON.stringify(report.results)).toEqual({});
		expect(report.after).toEqual(report.before);
	});

	test('no path leads to the hidden mount, and what root finds behind a descriptor refuses every name', async (ctx) => {
		ctx.skip(WITHOUT_PYTHON !== undefined, WITHOUT_PYTHON);
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		ctx.skip(process.getuid?.() !== 0, 'needs root');
		const mount = await mountApp(driver.name, []);
		const rows = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
		const own = rows.find((row) => row.split(' ')[4] === mount.dir)?.split(' ') ?? [];
		expect(own[5]?.split(',')).toContain('ro');
		const same = rows.filter((row) => row.split(' ')[2] === own[2]).map((row) => row.split(' ')[4]);
		expect(same).toEqual([mount.dir]);
		const descriptors = readdirSync(`/proc/${mount.pid}/fd`).map((fd) => `/proc/${mount.pid}/fd/${fd}`);
		let tried = 0;
		for (const path of descriptors) {
			const there = await runCommand('test', ['-L', `${path}/app/..data`]);
			if (there.code !== 0) continue;
			tried++;
			const report = await mutate(mount, `${path}/app`, 'names');
			expect(unexpected(report, ['EROFS'], driver), path).toEqual({});
			expect(report.after).toEqual(report.before);
		}
		expect(tried).toBeGreaterThan(0);
		const lock = descriptors.map(linkOf).find((path) => path.endsWith('/lock')) ?? '';
		expect(readdirSync(dirname(lock), { withFileTypes: true }).filter((entry) => entry.isDirectory())).toEqual([]);
	});

	test('while generations flip, operations with other names are refused and the flips go on', async (ctx) => {
		ctx.skip(WITHOUT_PYTHON !== undefined, WITHOUT_PYTHON);
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		ctx.skip(process.getuid?.() !== 0, 'needs root');
		const volume = await VolumeChild.start(driver);
		await volume.flip(1, { keys: 2, everyMs: 0 });
		const forger = new FixtureProcess([PYTHON, fixture('forger.py'), await hiddenRoot(volume)]);
		expect(await forger.line()).toBe('ready');
		const flips = await volume.flip(300, { keys: 2, everyMs: 1, forMs: 2000 });
		forger.finish();
		const said = (await forger.json()) as Record<string, number>;
		expect(said.OK).toBeUndefined();
		expect(said.EROFS).toBeGreaterThan(0);
		expect(volume.stderr).toBe('');
		const last = String(flips).padStart(7, '0');
		expect(readFileSync(join(volume.directory, 'key0'), 'utf8').slice(0, 7)).toBe(last);
		expect(readlinkSync(join(volume.directory, 'key1'))).toBe('..data/key1');
	});
});

/** The writable mount of a volume process, by a descriptor of its own: what only root can name. */
async function hiddenRoot(volume: VolumeChild): Promise<string> {
	return await until(async () => {
		for (const fd of readdirSync(`/proc/${volume.pid}/fd`)) {
			const path = `/proc/${volume.pid}/fd/${fd}`;
			if ((await runCommand('test', ['-L', `${path}/..data`])).code === 0) return path;
		}
		return undefined;
	}, 'the descriptor of the hidden mount');
}

function linkOf(path: string): string {
	try {
		return readlinkSync(path);
	} catch {
		return '';
	}
}
