/**
 * Programs that read while generations flip: nothing mixed, torn or missing, no error; open files stay
 * unchanged; and the kernel alone answers for files that were read once.
 */

import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { DRIVERS, type DriverCase, FUSE_DRIVERS } from '../../support/drivers.js';
import { FixtureProcess, fixture, stopFixtures } from '../../support/fixture-process.js';
import { PYTHON, WITHOUT_PYTHON } from '../../support/inotify.js';
import { writeManifest } from '../../support/manifest.js';
import { startMount, stopAll } from '../../support/mount-process.js';
import { texts } from '../../support/oracle.js';
import { removeTemporaries, temporaryDirectory } from '../../support/temporary.js';
import { until } from '../../support/until.js';
import { stopVolumes, VolumeChild } from '../../support/volume-child.js';

afterEach(async () => {
	stopFixtures();
	await stopAll();
	await stopVolumes();
	removeTemporaries();
});

const KEYS = 5;
/** Flips end after this long or this many, but not before every reader has seen GENERATIONS. Unit: milliseconds. */
const FLIPPING_MS = 4000;
const FLIPS = 3000;
const GENERATIONS = 11;
/** Longer than a reader may be kept from running between two of its system calls. Unit: milliseconds. */
const SNAPSHOT_GRACE_MS = 10_000;
/** A name of an old generation resolves for two seconds; less than that. Unit: milliseconds. */
const NAME_GRACE_MS = 1500;

interface Seen {
	readonly reads: number;
	readonly rounds: number;
	readonly torn: number;
	readonly mixed: number;
	readonly back: number;
	readonly generations: number;
	readonly errors: Readonly<Record<string, number>>;
}

const FAULTLESS = { torn: 0, mixed: 0, back: 0, errors: {} };

/** Errors: the first fault. If a driver cannot keep open directories, a walk may very rarely be too slow for a flip. */
function expectFaultless(seen: Seen, driver: DriverCase): void {
	const { ENOENT = 0, ...others } = seen.errors;
	const late = driver.keepsWhatIsOpen ? ENOENT : Math.max(0, ENOENT - Math.ceil(seen.reads / 1000));
	expect({ ...seen, errors: late === 0 ? others : seen.errors }).toMatchObject(FAULTLESS);
	expect(seen.generations).toBeGreaterThan(10);
}

/** Repeats `flip` at least until `isLong` and until every reader has seen GENERATIONS. */
async function flipUntilSeen(
	readers: readonly FixtureProcess[],
	flip: () => Promise<void>,
	isLong: () => boolean,
): Promise<void> {
	let haveSeen = false;
	const lines = Promise.all(readers.map((reader) => reader.line())).finally(() => {
		haveSeen = true;
	});
	while (!haveSeen || !isLong()) await flip();
	expect(new Set(await lines)).toEqual(new Set(['enough']));
}

/** Returns how many generations were published. */
async function flipFor(volume: VolumeChild, readers: readonly FixtureProcess[], everyMs: number): Promise<number> {
	const started = performance.now();
	let flips = 0;
	const flip = async () => {
		flips += await volume.flip(25, { keys: KEYS, everyMs });
	};
	await flipUntilSeen(readers, flip, () => flips >= FLIPS || performance.now() - started >= FLIPPING_MS);
	return flips;
}

async function startReaders(volume: string, hows: readonly string[]): Promise<readonly FixtureProcess[]> {
	const readers = hows.map(
		(how) => new FixtureProcess([PYTHON, fixture('reader.py'), how, volume, String(KEYS), String(GENERATIONS)]),
	);
	for (const reader of readers) expect(await reader.line()).toBe('ready');
	return readers;
}

async function results(readers: readonly FixtureProcess[]): Promise<readonly Seen[]> {
	for (const reader of readers) reader.finish();
	return (await Promise.all(readers.map((reader) => reader.json()))) as readonly Seen[];
}

describe.each(FUSE_DRIVERS)('$name', (driver) => {
	test('path walks during thousands of flips find every file, complete', async (ctx) => {
		ctx.skip(WITHOUT_PYTHON !== undefined, WITHOUT_PYTHON);
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		const volume = await VolumeChild.start(driver);
		await volume.flip(1, { keys: KEYS, everyMs: 0 });
		const readers = await startReaders(volume.directory, ['path', 'path', 'path', 'path']);
		const flips = await flipFor(volume, readers, 0);
		expect(flips).toBeGreaterThan(20);
		for (const seen of await results(readers)) {
			expectFaultless(seen, driver);
		}
		expect(volume.stderr).toBe('');
	});

	test('with --snapshot-grace, all keys read below one opened ..data are of one generation', async (ctx) => {
		ctx.skip(WITHOUT_PYTHON !== undefined, WITHOUT_PYTHON);
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		const volume = await VolumeChild.start(driver, { snapshotGraceMs: SNAPSHOT_GRACE_MS });
		await volume.flip(1, { keys: KEYS, everyMs: 0 });
		const readers = await startReaders(volume.directory, ['snapshot', 'snapshot', 'snapshot', 'path']);
		await flipFor(volume, readers, 1);
		for (const seen of await results(readers)) {
			expectFaultless(seen, driver);
		}
		expect(volume.stderr).toBe('');
	});

	test('the name of an old generation resolves for a while after it has left the listing', async (ctx) => {
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		const volume = await VolumeChild.start(driver);
		const text = async (path: string) => await readFile(path, 'utf8').catch((error) => error.code as string);
		const write = async (turn: number) => await volume.write(texts({ a: `${turn}`, 'dir/x': `${turn} too` }));
		let turn = 0;
		await write(turn);
		const { old, seen } = await until(async () => {
			const old = join(volume.directory, await readlink(join(volume.directory, '..data')));
			const flipped = performance.now();
			await write(++turn);
			const listed = await readdir(volume.directory);
			const seen = [listed.length, await text(join(old, 'a')), await text(join(old, 'dir/x'))];
			// Reads that are late, because the machine paused for a moment, prove nothing.
			return performance.now() - flipped < NAME_GRACE_MS && { old, seen };
		}, 'looks within the grace');
		expect(seen).toEqual([4, `${turn - 1}`, `${turn - 1} too`]);
		await until(async () => (await text(join(old, 'a'))) === 'ENOENT', 'the end of the grace');
	});
});

describe.each(DRIVERS.filter(({ keepsWhatIsOpen }) => keepsWhatIsOpen))('$name', (driver) => {
	test('files that were opened, mapped, entered or bound before a flip stay readable and unchanged', async (ctx) => {
		ctx.skip(WITHOUT_PYTHON !== undefined, WITHOUT_PYTHON);
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		const mayMount = process.getuid?.() === 0;
		const volume = await VolumeChild.start(driver);
		const old = 'old '.repeat(3000);
		await volume.write(texts({ a: old }));
		const target = join(temporaryDirectory('bind'), 'file');
		const enter = mayMount ? ['unshare', '-m', 'sh', '-ec', ': > "$1"; shift; exec "$@"', 'sh', target] : [];
		const command = [PYTHON, fixture('holder.py'), volume.directory, ...(mayMount ? [target] : [])];
		const holder = new FixtureProcess([...enter, ...command]);
		expect(await holder.line()).toBe('ready');
		await volume.write(texts({ a: 'new' }));
		await until(
			async () => (await readdir(volume.directory)).filter((name) => name.startsWith('..2')).length === 1,
			'',
		);
		// A directory goes a moment after its files.
		await until(async () => !(await hasOldCwd(volume.directory)), 'the end of the old directory');
		holder.send('flipped');
		const found = (await holder.json()) as Record<string, unknown>;
		expect(found).toMatchObject({
			head: 'old',
			rest: old.slice(3),
			'never read before': old,
			mapped: old,
			links: 0,
			proc: old,
			'proc name': 'a (deleted)',
			'cwd listing': [],
			'directory listing': [],
			'root file': 'new',
			bound: mayMount ? old : null,
		});
		// For a grace the old file can still be found by its name, where the driver can do that; never the new one.
		for (const what of ['cwd file', 'directory file']) expect([old, 'ENOENT'], what).toContain(found[what]);
	});
});

/** Whether some generation beside the one that ..data names can still be entered by a listing. */
async function hasOldCwd(directory: string): Promise<boolean> {
	const live = await readlink(join(directory, '..data'));
	return (await readdir(directory)).some((name) => name.startsWith('..2') && name !== live);
}

test('manifest edits under readers: nothing mixed, torn or missing', async (ctx) => {
	ctx.skip(WITHOUT_PYTHON !== undefined, WITHOUT_PYTHON);
	const manifest = join(temporaryDirectory('manifests'), 'app.yaml');
	const write = (generation: number) => {
		const line = `${String(generation).padStart(7, '0')}\n`;
		const keys = Array.from({ length: KEYS }, (_, key) => [`key${key}`, line.repeat(1 + key * 400)]);
		writeManifest(manifest, { name: 'app', data: Object.fromEntries(keys) });
	};
	write(0);
	const directory = temporaryDirectory('mount');
	const mount = await startMount(directory, ['-f', manifest, '--snapshot-grace', '10s']);
	const readers = await startReaders(join(directory, 'app'), ['path', 'path', 'snapshot', 'snapshot']);
	let flips = 0;
	const flip = async () => {
		write(++flips);
		await until(
			() => mount.flips() === flips,
			() => `flip ${flips}\n${mount.stderr}`,
		);
	};
	await flipUntilSeen(readers, flip, () => flips >= 40);
	for (const seen of await results(readers)) expect(seen).toMatchObject(FAULTLESS);
	expect(mount.flips()).toBe(flips);
});

describe('the kernel driver', () => {
	const driver = FUSE_DRIVERS.find(({ name }) => name === 'kernel');

	test('100 000 operations on files that were read once cause no further request', async (ctx) => {
		ctx.skip(WITHOUT_PYTHON !== undefined, WITHOUT_PYTHON);
		if (driver === undefined) throw new Error('there is a kernel driver');
		const volume = await VolumeChild.start(driver);
		await volume.write(texts({ a: 'first '.repeat(1000), b: 'second', 'dir/x': 'third' }));
		await volume.write(texts({ a: 'first '.repeat(1000), b: 'changed', 'dir/x': 'third' }));
		// The removal of the old generation makes requests of its own.
		await until(async () => (await volume.upcalls()).RMDIR === 2, 'the end of the old generation');
		const reader = new FixtureProcess([PYTHON, fixture('warm.py'), volume.directory, '10000']);
		expect(await reader.line()).toBe('warm');
		const before = await volume.upcalls();
		reader.send('go');
		expect(await reader.line()).toBe('done');
		expect(await volume.upcalls()).toEqual(before);
	});

	test('the last line of the log counts all requests of the mount', async (ctx) => {
		ctx.skip(WITHOUT_PYTHON !== undefined, WITHOUT_PYTHON);
		const manifest = join(temporaryDirectory('manifests'), 'app.yaml');
		writeManifest(manifest, { name: 'app', data: { a: '1', b: '2' } });
		const mount = await startMount(temporaryDirectory('mount'), ['-f', manifest, '--driver', 'kernel']);
		const reader = new FixtureProcess([PYTHON, fixture('warm.py'), join(mount.dir, 'app'), '1000']);
		expect(await reader.line()).toBe('warm');
		reader.send('go');
		expect(await reader.line()).toBe('done');
		await mount.stop();
		const line = await mount.waitForLog(({ event }) => event === 'unmounted');
		const upcalls = line.upcalls as Record<string, number>;
		expect(upcalls.LOOKUP).toBeGreaterThan(0);
		const total = Object.values(upcalls).reduce((sum, count) => sum + count, 0);
		expect(total).toBeLessThan(100);
	});
});
