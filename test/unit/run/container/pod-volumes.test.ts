/** The volumes of a running pod, written to a real directory. */

import { existsSync, lstatSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ControlEvent } from '../../../../src/control/events.js';
import type { Driver } from '../../../../src/drivers/driver.js';
import { makeDriver } from '../../../../src/mount/driver-choice.js';
import type { PayloadVolume } from '../../../../src/pod/volumes/volume-files.js';
import type { VolumePayload } from '../../../../src/pod/volumes/volume-payload.js';
import { PodVolumes } from '../../../../src/run/container/pod-volumes.js';
import { OnceLogger } from '../../../../src/run/once-logger.js';
import { removeTemporaries, temporaryDirectory, tmpfsDirectory } from '../../../support/temporary.js';
import { RecordingLog } from '../recording-log.js';

let root: string;
let driver: Driver;
let log: RecordingLog;
let events: ControlEvent[];
let flips: string[];
let volumes: PodVolumes;

beforeEach(async () => {
	root = tmpfsDirectory('volumes');
	const runtime = temporaryDirectory('runtime');
	const uid = process.getuid?.() ?? 0;
	driver = makeDriver({
		choice: 'directory',
		mountPoint: root,
		allowOther: false,
		owner: {},
		rootMode: 0o755,
		caller: { uid, gid: process.getgid?.() ?? 0, groups: [] },
		runtime: { uid, xdgRuntimeDirectory: runtime, temporary: runtime },
		now: () => new Date(),
		trace: false,
	});
	log = new RecordingLog();
	events = [];
	flips = [];
	volumes = new PodVolumes({
		driver,
		retention: { snapshotGraceMs: 0, history: 1 },
		now: () => new Date(),
		log: log.log,
		onEvent: (event) => void (event.type === 'published' || events.push(event)),
		warnings: new OnceLogger(log.log),
		onFlip: (volume, { change }) => flips.push(`${volume} ${JSON.stringify(change)}`),
	});
});

afterEach(async () => {
	volumes.close();
	await driver.unmount();
	removeTemporaries();
});

const volume = (name: string, object = name) =>
	({
		name,
		source: { kind: 'configMap', name: object, projection: { defaultMode: 0o644, optional: false } },
	}) as PayloadVolume;
const payload = (data: Readonly<Record<string, string>>): VolumePayload => ({
	payload: new Map(Object.entries(data).map(([key, text]) => [key, { bytes: Buffer.from(text), mode: 0o644 }])),
	warnings: [],
});
const missing = (name: string): VolumePayload => ({
	missing: [{ reason: 'ContainerCreating', message: `configmap "${name}" not found` }],
	warnings: [],
});

function update(
	wanted: Readonly<Record<string, VolumePayload>>,
	nested: Readonly<Record<string, readonly string[]>> = {},
	object?: string,
) {
	const found = volumes.update(
		Object.keys(wanted).map((name) => volume(name, object)),
		({ name }) => wanted[name] ?? missing(name),
		new Map(Object.entries(nested)),
	);
	return found.map(({ message }) => message);
}

async function open(): Promise<void> {
	await driver.mount();
	volumes.opened();
}

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const names = (path: string) => readdirSync(join(root, path)).filter((name) => !name.startsWith('..'));

describe('PodVolumes', () => {
	test('writes the existing objects, and returns the missing ones', async () => {
		expect(update({ a: payload({ key: 'one' }), b: missing('b') })).toEqual(['configmap "b" not found']);
		expect(update({ a: payload({ key: 'one' }), b: payload({}) })).toEqual([]);
		await open();
		expect(readdirSync(root).sort()).toEqual(['a', 'b']);
		expect(read('a/key')).toBe('one');
		expect(flips).toEqual([]);
		update({ a: payload({ key: 'two' }), b: payload({}) });
		expect(read('a/key')).toBe('two');
		expect(flips).toEqual([expect.stringMatching(/^a .*"key"/)]);
	});

	test('a volume that misses its object keeps the last content; each reason is one event', async () => {
		update({ a: payload({ key: 'one' }) });
		await open();
		for (const name of ['a', 'a', 'other']) expect(update({ a: missing(name) })).toEqual([]);
		const kept = (name: string) => ({ type: 'kept', volume: 'a', message: `configmap "${name}" not found` });
		expect(events.splice(0)).toEqual([kept('a'), kept('other')]);
		expect(read('a/key')).toBe('one');
		update({ a: payload({ key: 'one' }) });
		expect(events.splice(0)).toEqual([{ type: 'found', volume: 'a' }]);
		update({ a: missing('a') });
		expect(events.splice(0)).toEqual([kept('a')]);
	});

	test('the last content of another definition is not kept', async () => {
		update({ a: payload({ key: 'one' }) }, {}, 'first');
		await open();
		expect(update({ a: missing('second') }, {}, 'second')).toEqual(['configmap "second" not found']);
		expect(update({ a: missing('first') }, {}, 'first')).toEqual([]);
		update({ a: payload({ key: 'two' }) }, {}, 'second');
		expect(update({ a: missing('first') }, {}, 'first')).toEqual(['configmap "first" not found']);
	});

	test('a volume that cannot be written keeps its last content, and the others are written', async () => {
		update({ a: payload({ key: 'one' }), b: payload({ key: 'one' }) });
		await open();
		renameSync(join(root, 'a'), join(root, 'away'));
		expect(update({ a: payload({ key: 'two' }), b: payload({ key: 'two' }) })).toEqual([]);
		expect(log.take()).toContain('error: cannot write the volume; the last content stays');
		expect([read('away/key'), read('b/key')]).toEqual(['one', 'two']);
		expect(flips).toEqual([expect.stringMatching(/^b /)]);
		// A starting application needs the other definition, so the old content is of no use.
		for (const text of ['three', 'again']) {
			expect(() => update({ a: payload({ key: text }) }, {}, 'other')).toThrow('ENOENT');
		}
		renameSync(join(root, 'away'), join(root, 'a'));
		update({ a: payload({ key: 'four' }) }, {}, 'other');
		expect(read('a/key')).toBe('four');
	});

	test('directories for mounts inside exist before any key, and are added by a later start', async () => {
		update({ a: payload({ tls: 'hidden', key: 'one' }) }, { a: ['tls', 'deep/er'] });
		await open();
		expect(lstatSync(join(root, 'a/tls')).isDirectory()).toBe(true);
		expect(existsSync(join(root, 'a/deep/er'))).toBe(true);
		expect(names('a').sort()).toEqual(['deep', 'key', 'tls']);
		update({ a: payload({ tls: 'hidden', key: 'two' }) }, { a: ['tls', 'deep/er', 'new'] });
		expect(names('a').sort()).toEqual(['deep', 'key', 'new', 'tls']);
		expect(read('a/key')).toBe('two');
		update({ a: payload({ key: 'three' }) }, { a: ['tls'] });
		expect(lstatSync(join(root, 'a/tls')).isDirectory()).toBe(true);
	});

	test('a subPath that does not exist yet: no later key of its name gets a link, and none dangles', async () => {
		update({ a: payload({ k1: '1', old: 'o' }) });
		await open();
		volumes.makeSubPath('a', 'late');
		update({ a: payload({ k1: '2', late: 'L' }) });
		expect(names('a').sort()).toEqual(['k1', 'late']);
		expect(lstatSync(join(root, 'a/late')).isDirectory()).toBe(true);
		expect(read('a/..data/late')).toBe('L');
		update({ a: payload({ k1: '3' }) });
		expect(names('a')).toEqual(['k1']);
		expect(log.take().filter((line) => !line.startsWith('info'))).toEqual([]);
	});

	test('a mount point that a later start needs: no later key of its name gets a link, and it stays', async () => {
		update({ a: payload({ key: 'one' }) });
		await open();
		update({ a: payload({ key: 'one' }) }, { a: ['tls'] });
		update({ a: payload({ key: 'two', tls: 'hidden' }) }, { a: ['tls'] });
		expect(lstatSync(join(root, 'a/tls')).isDirectory()).toBe(true);
		update({ a: payload({ key: 'three' }) }, { a: ['tls'] });
		expect(names('a').sort()).toEqual(['key', 'tls']);
		expect(log.take().filter((line) => line.startsWith('error'))).toEqual([]);
	});

	test('a missing subPath has the mode of the root, its parents and mount points have 0755, whatever the umask', async () => {
		const umask = process.umask(0o077);
		update({ a: payload({ key: 'one' }) }, { a: ['parts/one', 'parts/two'] });
		await open();
		volumes.makeSubPath('a', 'late/er');
		process.umask(umask);
		const modes = ['a', 'a/parts', 'a/parts/one', 'a/parts/two', 'a/late', 'a/late/er'].map((path) =>
			(lstatSync(join(root, path)).mode & 0o7777).toString(8),
		);
		expect(modes).toEqual(['777', '755', '755', '755', '755', '777']);
	});

	test('warnings of a volume are logged once', async () => {
		const warned = { ...payload({}), warnings: [{ field: 'volume "a"', text: 'odd' }] };
		update({ a: warned });
		update({ a: warned });
		expect(log.take().filter((line) => line.startsWith('warn'))).toEqual(['warn: volume "a": odd']);
	});
});
