/**
 * The events that watchers receive: the ten changes that were recorded from kubelet's own writer, event by event, on the
 * volume's root and on everything else that programs watch; the same over every driver.
 */

import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { DRIVERS } from '../../support/drivers.js';
import { Inotify, stopWatchers, type Watch, WITHOUT_PYTHON } from '../../support/inotify.js';
import { writeManifest } from '../../support/manifest.js';
import { startMount, stopAll } from '../../support/mount-process.js';
import { Oracle, type OraclePayload, texts } from '../../support/oracle.js';
import { removeTemporaries, temporaryDirectory, tmpfsDirectory } from '../../support/temporary.js';
import { SNAPSHOT_NAME } from '../../support/tree-snapshot.js';
import { stopVolumes, VolumeChild } from '../../support/volume-child.js';

const handles: FileHandle[] = [];

afterEach(async () => {
	stopWatchers();
	for (const handle of handles.splice(0)) await handle.close().catch(() => {});
	await stopAll();
	await stopVolumes();
	removeTemporaries();
});

/** Payload, and the events of the root's watcher: `<n>` is the n-th generation. */
type Change = readonly [what: string, payload: OraclePayload, events: readonly string[]];

/** The switch to generation `to`, with the links that come and go, and the end of the generation before. */
function flip(to: number, links: readonly string[] = []): readonly string[] {
	return [
		...[`<${to}> CREATE`, `<${to}> ATTRIB`, '..data_tmp CREATE', '..data_tmp MOVED_FROM', '..data MOVED_TO'],
		...links,
		...(to === 1 ? [] : [`<${to - 1}> DELETE`]),
	];
}

const MODE_OF_A = { a: { bytes: Buffer.from('2'), mode: 0o600 } };

/** Source: recorded from kubelet's AtomicWriter with the order of 1.23 and later; its own reads are left out. */
const TEN_CHANGES: readonly Change[] = [
	['first write', texts({ a: '1', b: '1', 'dir/x': '1' }), flip(1, ['a CREATE', 'b CREATE', 'dir CREATE'])],
	['nothing changed', texts({ a: '1', b: '1', 'dir/x': '1' }), []],
	['the value of a changed', texts({ a: '2', b: '1', 'dir/x': '1' }), flip(2)],
	['key c added', texts({ a: '2', b: '1', c: '1', 'dir/x': '1' }), flip(3, ['c CREATE'])],
	['key b removed', texts({ a: '2', c: '1', 'dir/x': '1' }), flip(4, ['b DELETE'])],
	['only the mode of a changed', { ...texts({ c: '1', 'dir/x': '1' }), ...MODE_OF_A }, []],
	['dir/x became dir/y, file c became c/inner', texts({ a: '2', 'c/inner': '1', 'dir/y': '1' }), flip(5)],
	['every key removed', {}, flip(6, ['a DELETE', 'c DELETE', 'dir DELETE'])],
	['empty again', {}, []],
	['key a made again', texts({ a: '3' }), flip(7, ['a CREATE'])],
];

/** A directory and the way to change it: every driver, and the independent writer on tmpfs as the measure. */
interface Subject {
	readonly name: string;
	readonly keepsWhatIsOpen: boolean;
	unavailable(): string | undefined;
	start(): Promise<{ readonly directory: string; write(payload: OraclePayload): Promise<void> }>;
}

const SUBJECTS: readonly Subject[] = [
	{
		name: 'the measure',
		keepsWhatIsOpen: true,
		unavailable: () => undefined,
		async start() {
			const directory = tmpfsDirectory('oracle', 0o777);
			const oracle = new Oracle(directory);
			return { directory, write: async (payload) => oracle.write(payload) };
		},
	},
	...DRIVERS.map((driver) => ({
		name: driver.name,
		keepsWhatIsOpen: driver.keepsWhatIsOpen,
		unavailable: driver.unavailable,
		start: async () => await VolumeChild.start(driver),
	})),
];

/** Events of the other watchers when the value of `a` changes; unordered rows are in the order of the directory. */
interface Told {
	readonly watch: string;
	readonly follow?: false;
	readonly first: readonly string[];
	readonly last: readonly string[];
}

const GONE = ['DELETE_SELF', 'IGNORED'];

const OTHER_WATCHERS: readonly Told[] = [
	{ watch: 'a', first: [], last: ['ATTRIB', ...GONE] },
	{ watch: 'b', first: [], last: ['ATTRIB', ...GONE] },
	{ watch: 'dir/x', first: [], last: ['ATTRIB', ...GONE] },
	{ watch: '..data', first: ['a DELETE', 'b DELETE', 'dir DELETE'], last: GONE },
	{ watch: '..data', follow: false, first: [], last: ['ATTRIB', ...GONE] },
	{ watch: 'dir', first: ['x DELETE'], last: GONE },
	{ watch: 'a', follow: false, first: [], last: [] },
];

const BEFORE = texts({ a: '1', b: '1', 'dir/x': '1' });
const AFTER = texts({ a: '2', b: '1', 'dir/x': '1' });

describe.each(SUBJECTS)('$name', (subject) => {
	test('the root tells the ten recorded changes event by event', async (ctx) => {
		ctx.skip(WITHOUT_PYTHON !== undefined, WITHOUT_PYTHON);
		ctx.skip(subject.unavailable() !== undefined, subject.unavailable());
		const volume = await subject.start();
		const inotify = await Inotify.start([{ path: volume.directory }]);
		const expected: string[] = [];
		for (const [what, payload, events] of TEN_CHANGES) {
			await volume.write(payload);
			expected.push(...events);
			await inotify.waitFor(() => inotify.events().length >= expected.length, what);
			expect(inotify.events(), what).toEqual(expected);
		}
		await inotify.stop();
		expect(inotify.events()).toEqual(expected);
		const cookies = inotify.cookies();
		expect(cookies).toHaveLength(14);
		for (let at = 0; at < cookies.length; at += 2) expect(cookies[at]).toBe(cookies[at + 1]);
		expect(new Set(cookies).size).toBe(7);
	});

	test('watchers of files, of ..data and of inner directories are notified of the end of their inode', async (ctx) => {
		ctx.skip(WITHOUT_PYTHON !== undefined, WITHOUT_PYTHON);
		ctx.skip(subject.unavailable() !== undefined, subject.unavailable());
		const volume = await subject.start();
		await volume.write(BEFORE);
		const watches = OTHER_WATCHERS.map(({ watch, follow }): Watch => {
			return { path: join(volume.directory, watch), follow: follow ?? true };
		});
		const inotify = await Inotify.start(watches);
		await volume.write(AFTER);
		const complete = () =>
			OTHER_WATCHERS.every(({ first, last }, at) => inotify.events(at).length >= first.length + last.length);
		await inotify.waitFor(complete, 'the events of every watcher');
		await inotify.stop();
		OTHER_WATCHERS.forEach(({ watch, follow, first, last }, at) => {
			const events = inotify.events(at);
			const what = `${watch}${follow === false ? ' itself' : ''}`;
			expect(events.slice(0, first.length).toSorted(), what).toEqual(first);
			expect(events.slice(first.length), what).toEqual(last);
		});
	});

	test('an open file delays the end of its inode until it is closed', async (ctx) => {
		ctx.skip(WITHOUT_PYTHON !== undefined, WITHOUT_PYTHON);
		ctx.skip(subject.unavailable() !== undefined, subject.unavailable());
		const volume = await subject.start();
		await volume.write(BEFORE);
		const handle = await open(join(volume.directory, 'a'), 'r');
		handles.push(handle);
		const inotify = await Inotify.start([{ path: join(volume.directory, 'a') }, { path: volume.directory }]);
		await volume.write(AFTER);
		await inotify.waitFor(() => inotify.events(1).some((event) => event.endsWith('> DELETE')), 'the flip');
		await inotify.waitFor(() => inotify.events(0).length > 0, 'ATTRIB');
		expect(inotify.events(0)).toEqual(['ATTRIB']);
		if (subject.keepsWhatIsOpen) {
			expect((await handle.stat()).nlink).toBe(0);
			expect((await handle.readFile()).toString()).toBe('1');
		}
		await handle.close();
		await inotify.waitFor(() => inotify.events(0).length === 3, 'DELETE_SELF');
		expect(inotify.events(0)).toEqual(['ATTRIB', ...GONE]);
		await inotify.stop();
	});
});

describe.each(DRIVERS)('configmapfs mount --driver $name', (driver) => {
	test('an edit of a manifest is one flip, in a tree, too', async (ctx) => {
		ctx.skip(WITHOUT_PYTHON !== undefined, WITHOUT_PYTHON);
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		const manifest = join(temporaryDirectory('manifests'), 'app.yaml');
		writeManifest(manifest, { name: 'app', data: { a: '1', b: '1' } });
		const mount = await startMount(driver.directory(), ['-f', manifest, '--driver', driver.name]);
		const volume = join(mount.dir, 'app');
		const known = (await readdir(volume)).filter((name) => SNAPSHOT_NAME.test(name));
		const inotify = await Inotify.start([{ path: volume }, { path: mount.dir }, { path: join(volume, 'a') }]);
		writeManifest(manifest, { name: 'app', data: { a: '2', c: '1' } });
		const expected = flip(2, ['c CREATE', 'b DELETE']);
		await inotify.waitFor(() => inotify.events(0).length >= expected.length, 'the flip');
		await inotify.waitFor(() => inotify.events(2).length >= 3, 'the end of the file');
		expect(inotify.events(0, known)).toEqual(expected);
		expect(inotify.events(1)).toEqual([]);
		expect(inotify.events(2)).toEqual(['ATTRIB', ...GONE]);
		// Removal of a volume: the watcher of its root is notified of every name and of the end.
		writeManifest(manifest, { name: 'other', data: { a: '1' } });
		await inotify.waitFor(() => inotify.events(0).includes('DELETE_SELF'), 'the end of the volume');
		await inotify.waitFor(() => inotify.events(1).includes('app DELETE'), 'the end of the directory');
		await inotify.waitFor(() => inotify.events(1).includes('other CREATE'), 'the new directory');
		expect(inotify.events(0, known).slice(expected.length)).toEqual([
			...['a DELETE', 'c DELETE', '..data DELETE', '<2> DELETE'],
			...GONE,
		]);
		await inotify.stop();
	});

	test('watchers are notified of the end of the mount', async (ctx) => {
		ctx.skip(WITHOUT_PYTHON !== undefined, WITHOUT_PYTHON);
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		const manifest = join(temporaryDirectory('manifests'), 'app.yaml');
		writeManifest(manifest, { name: 'app', data: { a: '1' } });
		const mount = await startMount(driver.directory(), ['-f', manifest, '--driver', driver.name]);
		const inotify = await Inotify.start([{ path: join(mount.dir, 'app') }]);
		await mount.stop();
		const last = driver.isMount ? ['UNMOUNT', 'IGNORED'] : GONE;
		await inotify.waitFor(() => inotify.events().includes('IGNORED'), 'the end of the watch');
		expect(inotify.events().slice(-2)).toEqual(last);
		await inotify.stop();
	});
});
