/** A mount session over a source and a driver that fail on request; the tree is a plain directory. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ConfigMapFsError } from '../../../src/base/errors.js';
import type { ControlEvent } from '../../../src/control/events.js';
import type { LayoutOptions } from '../../../src/mount/layout.js';
import { MountSession } from '../../../src/mount/mount-session.js';
import type { Source, SourceSink } from '../../../src/store/source.js';
import { configMapObject } from '../../../src/store/source-object.js';
import { DEFAULT_MODE, type Projection } from '../../../src/volume/projection.js';
import { FakeDriver } from '../../support/fake-driver.js';
import { removeTemporaries, temporaryDirectory } from '../../support/temporary.js';
import { RecordingLog } from '../run/recording-log.js';

afterEach(removeTemporaries);

const EVERY_KEY: Projection = { defaultMode: DEFAULT_MODE, optional: false };
const TREE: LayoutOptions = { kind: 'tree', byNamespace: false, projection: EVERY_KEY };

function configMap(name: string, value: string, namespace = 'default') {
	const key = { namespace, name };
	const data = new Map([['key', Buffer.from(value)]]);
	return configMapObject({ key, labels: new Map(), immutable: false, data, binaryData: new Map() }, 'test');
}

/** A source that reports what a test puts into its sink. */
class ManualSource implements Source {
	readonly description = '-f test';
	readonly #first: Parameters<SourceSink['replace']>[0];
	readonly #error: Error | undefined;
	isClosed = false;
	#sink: SourceSink | undefined;

	constructor(first: Parameters<SourceSink['replace']>[0], error?: Error) {
		this.#first = first;
		this.#error = error;
	}

	get sink(): SourceSink {
		if (this.#sink === undefined) throw new Error('the source was not started');
		return this.#sink;
	}

	async start(sink: SourceSink): Promise<void> {
		if (this.#error !== undefined) throw this.#error;
		this.#sink = sink;
		sink.replace(this.#first);
	}

	async close(): Promise<void> {
		this.isClosed = true;
	}
}

function setUp(first: readonly ReturnType<typeof configMap>[], layout = TREE, sourceError?: Error) {
	const root = temporaryDirectory('mount-session');
	const driver = new FakeDriver(root);
	const source = new ManualSource(first, sourceError);
	const log = new RecordingLog();
	const events: ControlEvent[] = [];
	const session = new MountSession({
		sources: [source],
		filter: {},
		layout,
		driver,
		retention: { snapshotGraceMs: 0, history: 1 },
		now: () => new Date(),
		log: log.log,
		onEvent: (event) => void events.push(event),
	});
	const read = (path: string) => readFileSync(join(root, path), 'utf8');
	return { root, driver, source, log, events, session, read };
}

function volume(optional: boolean): LayoutOptions {
	return { kind: 'volume', name: 'app', namespace: undefined, projection: { ...EVERY_KEY, optional } };
}

describe('start', () => {
	test('mounts once, with every ConfigMap in it', async () => {
		const { driver, events, session, read } = setUp([configMap('b', '2'), configMap('a', '1')]);
		await session.start();
		expect(driver.calls).toEqual(['mount']);
		expect(session.volumePaths).toEqual(['a', 'b']);
		expect([read('a/key'), read('b/key')]).toEqual(['1', '2']);
		expect(events).toMatchObject([
			{ type: 'published', isInitial: true },
			{ type: 'published', isInitial: true },
		]);
		await session.close();
	});

	test('holds changes that arrive while the driver mounts, and shows them as flips', async () => {
		const { driver, events, source, session, read } = setUp([configMap('a', '1')]);
		driver.onMount = () => {
			source.sink.put(configMap('a', '2'));
			expect(read('a/key')).toBe('1');
		};
		await session.start();
		expect(read('a/key')).toBe('2');
		expect(events.at(-1)).toMatchObject({ type: 'published', changed: ['key'], isInitial: false });
		await session.close();
	});

	test('passes on an error of the driver, and leaves nothing open', async () => {
		const { driver, source, session } = setUp([configMap('a', '1')]);
		driver.mountError = new ConfigMapFsError('MOUNT_REFUSED', 'no');
		await expect(session.start()).rejects.toBe(driver.mountError);
		expect(source.isClosed).toBe(true);
		expect(driver.calls).toEqual(['mount', 'unmount']);
	});

	test('passes on an error of a source, and mounts nothing', async () => {
		const error = new ConfigMapFsError('INPUT_MISSING', 'the path "x" does not exist');
		const { driver, source, session } = setUp([], TREE, error);
		await expect(session.start()).rejects.toBe(error);
		expect(source.isClosed).toBe(true);
		expect(driver.calls).toEqual(['unmount']);
	});

	test('waits for a required ConfigMap, and mounts when it arrives', async () => {
		const { driver, events, source, session, read } = setUp([], volume(false));
		const started = session.start();
		await expect.poll(() => events.length).toBe(1);
		expect(events[0]).toMatchObject({ type: 'waiting', message: 'configmap "app" not found' });
		expect(driver.calls).toEqual([]);
		source.sink.put(configMap('other', '0'));
		expect(driver.calls).toEqual([]);
		source.sink.put(configMap('app', '1'));
		await started;
		expect(driver.calls).toEqual(['mount']);
		expect(read('key')).toBe('1');
		await session.close();
	});

	test('mounts nothing if it is closed while it waits', async () => {
		const { driver, events, session } = setUp([], volume(false));
		const started = session.start();
		await expect.poll(() => events.length).toBe(1);
		await session.close();
		await expect(started).rejects.toThrow('stopped before the mount was made');
		expect(driver.calls).not.toContain('mount');
	});
});

describe('a deleted ConfigMap', () => {
	const gone = configMap('app', '');

	test('takes its directory along in a tree', async () => {
		const { root, events, source, session } = setUp([configMap('app', '1')]);
		await session.start();
		source.sink.remove(gone);
		expect(readdirSync(root)).toEqual([]);
		expect(events.at(-1)).toEqual({ type: 'removed', configMap: 'default/app' });
		await session.close();
	});

	test('keeps its content in a required volume', async () => {
		const { events, source, session, read } = setUp([configMap('app', '1')], volume(false));
		await session.start();
		source.sink.remove(gone);
		expect(read('key')).toBe('1');
		expect(events.at(-1)).toMatchObject({ type: 'kept', message: 'configmap "app" not found' });
		await session.close();
	});

	test('empties an optional volume', async () => {
		const { root, source, session } = setUp([configMap('app', '1')], volume(true));
		await session.start();
		source.sink.remove(gone);
		expect(existsSync(join(root, 'key'))).toBe(false);
		expect(readdirSync(join(root, '..data'))).toEqual([]);
		await session.close();
	});

	test('gives its name to one of another namespace', async () => {
		const { log, source, session, read } = setUp([configMap('app', '1', 'a'), configMap('app', '2', 'b')]);
		await session.start();
		expect(read('app/key')).toBe('1');
		expect(log.take().join()).toContain('"a/app"');
		source.sink.remove(configMap('app', '', 'a'));
		expect(read('app/key')).toBe('2');
		await session.close();
	});
});

test('an object that the tree refuses costs no other object, and is shown with its next change', async () => {
	const { driver, log, source, session, read } = setUp([configMap('a', '1')]);
	await session.start();
	driver.treeError = new Error('no space left on device');
	source.sink.put(configMap('a', '2'));
	expect(log.take()).toEqual(['error: cannot be shown; the last valid content stays']);
	expect(read('a/key')).toBe('1');
	driver.treeError = undefined;
	source.sink.put(configMap('b', '1'));
	source.sink.put(configMap('a', '3'));
	expect([read('a/key'), read('b/key')]).toEqual(['3', '1']);
	await session.close();
});

test('an exception of the server and the problems of a source are events', async () => {
	const { driver, events, source, session } = setUp([configMap('a', '1')]);
	await session.start();
	events.length = 0;
	driver.fail({ where: 'LOOKUP', stack: 'Error: planted' });
	source.sink.problems([{ location: 'app.yaml:1:1', reason: 'invalid' }]);
	source.sink.problems([]);
	expect(events.map(({ type }) => type)).toEqual(['server-fault', 'problem', 'resolved']);
	await session.close();
});
