/**
 * What readers find: names, kinds, modes, owners, link counts, sizes, targets and bytes, compared with a directory that
 * an independent writer made by kubelet's rules; and what of it changes with an update.
 */

import { readdirSync } from 'node:fs';
import { readdir, readFile, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { DRIVERS, type DriverCase } from '../../support/drivers.js';
import { type ManifestSpec, manifestText, writeAtomically, writeManifest } from '../../support/manifest.js';
import { type MountProcess, startMount, stopAll } from '../../support/mount-process.js';
import { Oracle, type OraclePayload, texts } from '../../support/oracle.js';
import { removeTemporaries, temporaryDirectory, tmpfsDirectory } from '../../support/temporary.js';
import { comparable, readTree, SNAPSHOT_NAME, type Tree } from '../../support/tree-snapshot.js';
import { until } from '../../support/until.js';
import { stopVolumes, VolumeChild } from '../../support/volume-child.js';

afterEach(async () => {
	await stopAll();
	await stopVolumes();
	removeTemporaries();
});

const BINARY = Buffer.from(Array.from({ length: 125 }, (_, at) => (at * 37) % 256));
const DEEP = '1/2/3/4/5/6/7/8/9/10/.dotfile.lib';

/** Each row is written over the one before it. */
const PAYLOADS: readonly (readonly [string, OraclePayload])[] = [
	['nothing', {}],
	['one key', texts({ a: '1' })],
	['keys and a nested item', texts({ a: '1', b: '22', 'dir/x': '333' })],
	[
		'every mode that kubelet is tested with',
		Object.fromEntries(
			[0o777, 0o400, 0o407, 0o440, 0o666, 0o644, 0o640, 0o600].map((mode) => [
				`mode-${mode.toString(8)}`,
				{ bytes: Buffer.from(mode.toString(8)), mode },
			]),
		),
	],
	['dot files and a deep path', texts({ '.dotfile': 'd', '.dotfile.file': 'e', '.binary.bin': 'f', [DEEP]: 'g' })],
	['another file in a directory that stays', texts({ '1/2/other': 'h', [DEEP]: 'g' })],
	['a file where a directory was', texts({ '1': 'i' })],
	[
		'binary bytes and an empty file',
		{ bin: { bytes: BINARY, mode: 0o644 }, none: { bytes: Buffer.alloc(0), mode: 0o644 } },
	],
	['a file of one page, and of one byte more', texts({ page: 'p'.repeat(4096), more: 'q'.repeat(4097) })],
	['the longest key, and umlauts in a path', texts({ ['k'.repeat(253)]: 'long', 'ä/ö€': 'ü' })],
	['a value of 1 MiB', { big: { bytes: Buffer.alloc(1 << 20, 'big value\n'), mode: 0o644 } }],
	['1000 keys', texts(Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`key.${at}`, `value ${at}`])))],
	['nothing again', {}],
];

/** The directory driver leaves the mode of the directory that a person made alone. */
function likeOracle(driver: DriverCase, tree: Tree): object {
	const { '.': root, ...rest } = comparable(tree);
	return driver.isMount ? { '.': root, ...rest } : { '.': { ...root, mode: '777' }, ...rest };
}

describe.each(DRIVERS)('$name', (driver) => {
	test('every payload is shown as in a directory that kubelet wrote', async (ctx) => {
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		const expected = tmpfsDirectory('oracle', 0o777);
		const oracle = new Oracle(expected);
		const volume = await VolumeChild.start(driver);
		for (const [what, payload] of PAYLOADS) {
			oracle.write(payload);
			await volume.write(payload);
			const tree = await readTree(volume.directory);
			expect(likeOracle(driver, tree), what).toEqual(comparable(await readTree(expected)));
			const own = [...tree.keys()].filter((path) => path.startsWith('..') && !path.includes('/') && path !== '..data');
			expect(own, what).toEqual([expect.stringMatching(SNAPSHOT_NAME)]);
			for (const [path, seen] of tree) expect(seen.listedAs, path).toBe(seen.kind);
		}
		expect(volume.stderr).toBe('');
	});

	test('an update gives every file a new inode and its own time, and leaves root and links as they are', async (ctx) => {
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		const volume = await VolumeChild.start(driver);
		await volume.write(texts({ a: '1', b: '2', 'dir/x': '3' }));
		const before = await readTree(volume.directory);
		const started = Date.now();
		await volume.write(texts({ a: 'one', b: '2', 'dir/x': '3' }));
		const finished = Date.now();
		const after = await readTree(volume.directory);
		const [oldName, newName] = [snapshotOf(before), snapshotOf(after)];
		expect(newName).not.toBe(oldName);
		for (const path of ['.', 'a', 'b', 'dir']) expect(after.get(path)?.ino, path).toBe(before.get(path)?.ino);
		for (const path of ['', '/a', '/b', '/dir', '/dir/x']) {
			const [was, is] = [before.get(oldName + path), after.get(newName + path)];
			expect(is?.ino, path).not.toBe(was?.ino);
			// File systems take the time of the last tick.
			expect(is?.mtimeMs, path).toBeGreaterThanOrEqual(started - 20);
			expect(is?.mtimeMs, path).toBeLessThanOrEqual(finished + 20);
		}
		for (const path of ['a', 'b', 'dir']) expect(after.get(path)?.mtimeMs, path).toBe(before.get(path)?.mtimeMs);
		expect(after.get('..data')?.ino).not.toBe(before.get('..data')?.ino);
		expect(after.get('.')?.mtimeMs).toBeGreaterThanOrEqual(started - 20);
	});

	test('an equal payload, and one where only modes differ, change nothing at all', async (ctx) => {
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		const volume = await VolumeChild.start(driver);
		await volume.write(texts({ a: '1', 'dir/x': '2' }));
		const before = await readTree(volume.directory);
		await volume.write(texts({ a: '1', 'dir/x': '2' }));
		await volume.write(texts({ a: '1', 'dir/x': '2' }, 0o600));
		expect(await readTree(volume.directory)).toEqual(before);
		await volume.write(texts({ a: '2', 'dir/x': '2' }, 0o600));
		const after = await readTree(volume.directory);
		expect(after.get(`${snapshotOf(after)}/dir/x`)?.mode).toBe('600');
	});

	test('--history keeps N generations listed and complete', async (ctx) => {
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		const volume = await VolumeChild.start(driver, { history: 3 });
		for (let i = 0; i < 5; i++) await volume.write(texts({ a: `value ${i}` }));
		const names = await until(async () => {
			const listed = (await readdir(volume.directory)).filter((name) => SNAPSHOT_NAME.test(name));
			return listed.length === 3 && listed;
		}, 'three generations');
		const values = await Promise.all(names.map((name) => readFile(join(volume.directory, name, 'a'), 'utf8')));
		expect(values.sort()).toEqual(['value 2', 'value 3', 'value 4']);
		expect((await stat(volume.directory)).nlink).toBe(5);
	});

	test('--snapshot-grace keeps an old generation listed and complete for that time', async (ctx) => {
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		const start = async (snapshotGraceMs: number) => {
			const volume = await VolumeChild.start(driver, { snapshotGraceMs });
			await volume.write(texts({ a: 'old' }));
			const [old = ''] = (await readdir(volume.directory)).filter((name) => SNAPSHOT_NAME.test(name));
			return { volume, old };
		};
		const long = await start(600_000);
		await long.volume.write(texts({ a: 'new' }));
		expect(await readdir(long.volume.directory)).toContain(long.old);
		expect(await readFile(join(long.volume.directory, long.old, 'a'), 'utf8')).toBe('old');
		expect(await readFile(join(long.volume.directory, 'a'), 'utf8')).toBe('new');
		const short = await start(400);
		const flipped = performance.now();
		await short.volume.write(texts({ a: 'new' }));
		await until(async () => !(await readdir(short.volume.directory)).includes(short.old), 'the end of the grace');
		expect(performance.now() - flipped).toBeGreaterThan(390);
	});
});

function snapshotOf(tree: Tree): string {
	return tree.get('..data')?.target ?? '';
}

const APP: ManifestSpec = { name: 'app', namespace: 'blue', data: { a: '1', b: '2' } };
const OTHER: ManifestSpec = { name: 'other', namespace: 'green', data: { c: '3' } };

describe.each(DRIVERS)('configmapfs mount --driver $name', (driver) => {
	async function mount(specs: readonly ManifestSpec[], ...args: readonly string[]): Promise<MountProcess> {
		const manifest = join(temporaryDirectory('manifests'), 'all.yaml');
		writeManifest(manifest, ...specs);
		return await startMount(driver.directory(), ['-f', manifest, '--driver', driver.name, ...args]);
	}

	async function listing(directory: string): Promise<readonly string[]> {
		return [...(await readTree(directory)).keys()].filter((path) => !path.includes('..')).sort();
	}

	test('the tree is flat, of one namespace, or by namespace', async (ctx) => {
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		const flat = await mount([APP, OTHER]);
		expect(await listing(flat.dir)).toEqual(['.', 'app', 'app/a', 'app/b', 'other', 'other/c']);
		const one = await mount([APP, OTHER], '-n', 'green');
		expect(await listing(one.dir)).toEqual(['.', 'other', 'other/c']);
		const all = await mount([APP, OTHER], '-A');
		const byNamespace = ['.', 'blue', 'blue/app', 'blue/app/a', 'blue/app/b', 'green', 'green/other', 'green/other/c'];
		expect(await listing(all.dir)).toEqual(byNamespace);
		const two = await mount([APP, OTHER, { ...APP, namespace: 'red' }], '-n', 'blue', '-n', 'green');
		expect(await listing(two.dir)).toEqual(byNamespace);
		const directory = { kind: 'dir', uid: 0, gid: 0 };
		const tree = await readTree(all.dir);
		expect(tree.get('blue')).toMatchObject({ ...directory, mode: '755', nlink: 3 });
		expect(tree.get('blue/app')).toMatchObject({ ...directory, mode: '777', nlink: 3 });
		expect(tree.get('.')).toMatchObject({ kind: 'dir', mode: '755', nlink: 4 });
		for (const each of [flat, one, all, two]) expect(await each.stop()).toEqual({ code: 0, signal: null });
		for (const each of [flat, one, all, two]) expect(readdirSync(each.dir)).toEqual([]);
	});

	test('a volume with items has them at their paths with their modes', async (ctx) => {
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		const args = ['--volume', 'app', '--item', 'a=some/path/x:0400', '--item', 'b=y', '--default-mode', '0440'];
		const { dir } = await mount([APP], ...args);
		const expected = tmpfsDirectory('oracle', 0o777);
		new Oracle(expected).write({
			'some/path/x': { bytes: Buffer.from('1'), mode: 0o400 },
			y: { bytes: Buffer.from('2'), mode: 0o440 },
		});
		expect(likeOracle(driver, await readTree(dir))).toEqual(comparable(await readTree(expected)));
	});

	test('owner and group are those of the flags', async (ctx) => {
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		ctx.skip(process.getuid?.() !== 0, 'only root may give files away');
		const { dir } = await mount([APP], '--uid', '1234', '--gid', '4321');
		const tree = await readTree(dir);
		for (const [path, seen] of tree) {
			if (path !== '.') expect(seen, path).toMatchObject({ uid: 1234, gid: 4321 });
		}
	});

	test('labels, comments and modes of a manifest change nothing that is shown', async (ctx) => {
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		const manifest = join(temporaryDirectory('manifests'), 'app.yaml');
		writeManifest(manifest, APP, { ...OTHER, data: { c: 'first' } });
		const running = await startMount(driver.directory(), ['-f', manifest, '--driver', driver.name]);
		const before = await readTree(join(running.dir, 'app'));
		const labelled = manifestText({ ...APP, labels: { version: 'new' } });
		writeAtomically(manifest, `# a comment\n---\n${labelled}---\n${manifestText({ ...OTHER, data: { c: 'second' } })}`);
		// The other object of the same file shows when the edit has been read.
		await until(async () => (await readFile(join(running.dir, 'other/c'), 'utf8')) === 'second', 'the edit');
		expect(await readTree(join(running.dir, 'app'))).toEqual(before);
		expect(running.flips('blue/app')).toBe(0);
	});

	test('an immutable object keeps its data, and may be deleted and created again', async (ctx) => {
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		const manifest = join(temporaryDirectory('manifests'), 'app.yaml');
		writeManifest(manifest, { ...APP, immutable: true });
		const running = await startMount(driver.directory(), ['-f', manifest, '--driver', driver.name]);
		writeManifest(manifest, { ...APP, immutable: true, data: { a: 'changed' } });
		await running.waitForLog((line) => line.level === 'error' && /immutable/.test(line.msg ?? ''));
		expect(await readFile(join(running.dir, 'app/a'), 'utf8')).toBe('1');
		writeManifest(manifest, OTHER);
		await until(async () => !(await readdir(running.dir)).includes('app'), 'the end of the directory');
		writeManifest(manifest, { ...APP, immutable: true, data: { a: 'changed' } });
		const a = await until(
			() => readFile(join(running.dir, 'app/a'), 'utf8').catch(() => undefined),
			'the new directory',
		);
		expect(a).toBe('changed');
	});

	test('a deleted object: its directory goes, an optional volume empties, a required one stays', async (ctx) => {
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		const manifest = join(temporaryDirectory('manifests'), 'app.yaml');
		writeManifest(manifest, APP, OTHER);
		const common = ['-f', manifest, '--driver', driver.name];
		const tree = await startMount(driver.directory(), common);
		const namespaces = await startMount(driver.directory(), [...common, '-A']);
		const optional = await startMount(driver.directory(), [...common, '--volume', 'app', '--optional']);
		const required = await startMount(driver.directory(), [...common, '--volume', 'app']);
		const before = await readTree(required.dir);
		writeManifest(manifest, OTHER);
		await until(async () => !(await readdir(tree.dir)).includes('app'), 'the end of the directory');
		await until(async () => !(await readdir(namespaces.dir)).includes('blue'), 'the end of the namespace');
		await until(async () => !(await readdir(optional.dir)).includes('a'), 'the end of the files');
		await required.waitForLog((line) => line.msg === 'configmap "app" not found; the last content stays');
		expect(await listing(tree.dir)).toEqual(['.', 'other', 'other/c']);
		expect((await stat(tree.dir)).nlink).toBe(3);
		expect(await readTree(required.dir)).toEqual(before);
		const expected = tmpfsDirectory('oracle', 0o777);
		new Oracle(expected).write({});
		expect(likeOracle(driver, await readTree(optional.dir))).toEqual(comparable(await readTree(expected)));
		writeManifest(manifest, APP, OTHER);
		await until(async () => (await readdir(optional.dir)).includes('a'), 'the files again');
		const a = await until(
			() => readFile(join(tree.dir, 'app/a'), 'utf8').catch(() => undefined),
			'the directory again',
		);
		expect(a).toBe('1');
	});

	test('statfs answers', async (ctx) => {
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		const { dir } = await mount([APP]);
		const facts = await statfs(dir);
		expect(facts.bsize).toBeGreaterThan(0);
		expect(facts.files).toBeGreaterThanOrEqual(0);
	});
});
