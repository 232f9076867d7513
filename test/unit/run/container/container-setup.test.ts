/** One container, set up with a driver that writes to a plain directory and fails on request. */

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ControlEvent } from '../../../../src/control/events.js';
import type { SelectedPod } from '../../../../src/inputs/pod-reader.js';
import { ContainerSetup, type ContainerSetupOptions } from '../../../../src/run/container/container-setup.js';
import { OnceLogger } from '../../../../src/run/once-logger.js';
import { FakeDriver } from '../../../support/fake-driver.js';
import { removeTemporaries, temporaryDirectory } from '../../../support/temporary.js';
import { decode, type Json, podValue } from '../../pod/decode/decoding.js';
import { makeConfigMap, makeObjects, SURROUNDINGS } from '../../pod/environment/environment-pod.js';
import { RecordingLog } from '../recording-log.js';

const UID = process.getuid?.() ?? 0;
const GID = process.getgid?.() ?? 0;

let stage: string;
let driver: FakeDriver;
let log: RecordingLog;
let events: ControlEvent[];
let flips: string[];
let deaths: string[];
let groups: (number | undefined)[];

beforeEach(() => {
	stage = temporaryDirectory('stage');
	mkdirSync(join(stage, 'volumes'));
	driver = new FakeDriver(join(stage, 'volumes'));
	log = new RecordingLog();
	events = [];
	flips = [];
	deaths = [];
	groups = [];
});
afterEach(removeTemporaries);

function setUp(options: Partial<ContainerSetupOptions> = {}): ContainerSetup {
	return new ContainerSetup({
		command: undefined,
		keepArgs: false,
		envInherit: { base: 'path', names: [] },
		strictEnvNames: false,
		allowHostPath: false,
		localVolumes: new Map(),
		liveSubPaths: false,
		retention: { snapshotGraceMs: 0, history: 1 },
		caller: { uid: UID, gid: GID, groups: [], mayBeUser: () => true, mayBeGroup: () => true },
		callerEnvironment: { PATH: '/bin', SECRET: 'no' },
		cwd: '/caller',
		surroundings: SURROUNDINGS,
		stage,
		takeDriver(group) {
			groups.push(group);
			return driver;
		},
		now: () => new Date(),
		log: log.log,
		onEvent: (event) => void events.push(event),
		warnings: new OnceLogger(log.log),
		onFlip: (volume) => void flips.push(volume),
		onDriverDeath: (detail) => void deaths.push(detail),
		...options,
	});
}

function select(container: Json, spec: Json = {}): SelectedPod {
	const pod = decode(podValue(spec, container));
	const [first] = pod.spec.containers;
	if (first === undefined) throw new Error('no container');
	return { pod, container: first };
}

/** A container with the ConfigMap `app` at /etc/app, and more mounts of it. */
function withVolume(more: readonly Json[] = [], spec: Json = {}): SelectedPod {
	return select(
		{ command: ['serve'], volumeMounts: [{ name: 'v', mountPath: '/etc/app' }, ...more] },
		{ volumes: [{ name: 'v', configMap: { name: 'app' } }], ...spec },
	);
}

const app = (key: string) => makeObjects([makeConfigMap('app', { key })]);
const NONE = makeObjects();
const messages = (missing: readonly { readonly message: string }[]) => missing.map(({ message }) => message);
const content = () => readFileSync(join(stage, 'volumes/v/key'), 'utf8');

describe('volumes', () => {
	test('a container without volumes of objects takes no driver, and open does nothing', async () => {
		const setup = setUp();
		expect(setup.prepare(select({}), NONE).missing).toEqual([]);
		await setup.open();
		await setup.close();
		expect([groups, driver.calls]).toEqual([[], []]);
	});

	test('a missing object is reported with the missing variables; its volume is written once it arrives', async () => {
		const setup = setUp();
		const env = [{ name: 'KEY', valueFrom: { configMapKeyRef: { name: 'app', key: 'key' } } }];
		const selected = select(
			{ env, volumeMounts: [{ name: 'v', mountPath: '/etc/app' }] },
			{ volumes: [{ name: 'v', configMap: { name: 'app' } }] },
		);
		expect(messages(setup.prepare(selected, NONE).missing)).toEqual([
			'MountVolume.SetUp failed for volume "v" : configmap "app" not found',
			'configmap "app" not found',
		]);
		const { environment, missing } = setup.prepare(selected, app('one'));
		expect([missing, environment.variables.get('KEY')?.value]).toEqual([[], 'one']);
		expect(content()).toBe('one');
	});

	test('flips are reported once the volumes are open', async () => {
		const setup = setUp();
		for (const key of ['one', 'two']) setup.update(withVolume(), app(key));
		expect(flips).toEqual([]);
		await setup.open();
		await setup.open();
		setup.update(withVolume(), app('two'));
		setup.update(withVolume(), app('three'));
		expect(flips).toEqual(['v']);
		expect(driver.calls).toEqual(['mount']);
		expect(content()).toBe('three');
		await setup.close();
		expect(driver.calls).toEqual(['mount', 'unmount']);
	});

	test('a local volume needs no object', () => {
		const setup = setUp({ localVolumes: new Map([['v', stage]]) });
		expect(setup.prepare(withVolume(), NONE).missing).toEqual([]);
		expect(groups).toEqual([]);
	});

	test.each([
		[{}, undefined],
		[{ fsGroup: 4242 }, 4242],
	])('the driver is taken once, with the group of %j', (securityContext, group) => {
		const setup = setUp();
		for (const key of ['one', 'two']) setup.update(withVolume([], { securityContext }), app(key));
		expect(groups).toEqual([group]);
	});

	test('an fsGroup that the caller may not give becomes the group of the caller', () => {
		const setup = setUp({
			caller: { uid: UID, gid: GID, groups: [], mayBeUser: () => false, mayBeGroup: () => false },
		});
		setup.update(withVolume([], { securityContext: { fsGroup: GID + 4242 } }), app('one'));
		expect(groups).toEqual([GID]);
	});
});

describe('a driver that fails', () => {
	test('to mount: the error is its own, and nothing counts as open', async () => {
		const setup = setUp();
		setup.update(withVolume(), app('one'));
		driver.mountError = new Error('no mount');
		await expect(setup.open()).rejects.toThrow('no mount');
		setup.update(withVolume(), app('two'));
		driver.end({ reason: 'died', detail: 'exit status 1' });
		await turn();
		expect([flips, deaths]).toEqual([[], []]);
	});

	test('to write: the start fails, and a running container keeps the last content', async () => {
		const setup = setUp();
		driver.treeError = new Error('no space');
		expect(() => setup.prepare(withVolume(), app('one'))).toThrow('no space');
		driver.treeError = undefined;
		const other = setUp();
		other.update(withVolume(), app('one'));
		await other.open();
		driver.treeError = new Error('no space');
		expect(other.update(withVolume(), app('two'))).toEqual([]);
		expect(log.take()).toEqual(['error: cannot write the volume; the last content stays']);
		driver.treeError = undefined;
		expect(content()).toBe('one');
		other.update(withVolume(), app('two'));
		expect(content()).toBe('two');
	});

	test.each([
		[{ reason: 'died', detail: 'killed by SIGKILL' } as const, ['killed by SIGKILL']],
		[{ reason: 'unmounted' } as const, []],
	])('%j while it is open', async (end, expected) => {
		const setup = setUp();
		setup.update(withVolume(), app('one'));
		await setup.open();
		driver.end(end);
		await turn();
		expect(deaths).toEqual(expected);
	});

	test('what its server process cleans up after a kill', () => {
		const setup = setUp();
		setup.cleanUpAfterKill('mnt:[1]', '/run/x');
		setup.update(withVolume(), app('one'));
		setup.cleanUpAfterKill('mnt:[1]', '/run/x');
		expect(driver.leftovers).toEqual([{ mountNamespace: 'mnt:[1]', removeDirectory: '/run/x' }]);
	});
});

describe('the process', () => {
	const process = (setup: ContainerSetup, selected: SelectedPod, variables = {}) =>
		setup.process(selected, setup.environment(selected, NONE), variables);

	test('the command of the container, in its directory, with its variables over the inherited ones', () => {
		const selected = select(
			{ command: ['serve', '$(A)'], workingDir: '/srv', env: [{ name: 'A', value: '1' }] },
			{ hostname: 'host' },
		);
		expect(process(setUp(), selected, { CONFIGMAPFS_ROOT: '/root', A: 'hidden' })).toEqual({
			command: ['serve', '1'],
			env: { PATH: '/bin', HOSTNAME: 'host', CONFIGMAPFS_ROOT: '/root', A: '1' },
			cwd: '/srv',
			credentials: undefined,
		});
	});

	test('a command of the caller starts in the directory of the caller, with the name of the pod as HOSTNAME', () => {
		const selected = select({ command: ['serve'], workingDir: '/srv' });
		const { command, cwd, env } = process(setUp({ command: ['env', '-0'] }), selected);
		expect([command, cwd, env.HOSTNAME]).toEqual([['env', '-0'], '/caller', 'web']);
	});

	test('credentials are the wanted ones; what the caller may not have is a warning, once', () => {
		const spec = { securityContext: { runAsUser: UID + 1, runAsGroup: GID + 1 } };
		const selected = select({ command: ['serve'] }, spec);
		expect(process(setUp(), selected).credentials).toEqual({ uid: UID + 1, gid: GID + 1, groups: [] });
		const setup = setUp({
			caller: { uid: UID, gid: GID, groups: [], mayBeUser: () => false, mayBeGroup: () => false },
		});
		for (let time = 0; time < 2; time++) expect(process(setup, selected).credentials).toBeUndefined();
		expect(log.take()).toEqual([expect.stringContaining('runAsUser'), expect.stringContaining('runAsGroup')]);
	});

	test('without any command it is an error of usage', () => {
		expect(() => process(setUp(), select({}))).toThrow(expect.objectContaining({ code: 'USAGE' }));
	});
});

describe('the plan', () => {
	const plan = async (setup: ContainerSetup, selected: SelectedPod) => {
		const { environment } = setup.prepare(selected, app('one'));
		await setup.open();
		return setup.plan(selected, environment);
	};

	test('a volume, a subPath that stays, and one that does not exist', async () => {
		const setup = setUp();
		const selected = withVolume([
			{ name: 'v', mountPath: '/etc/key', subPath: 'key' },
			{ name: 'v', mountPath: '/etc/none', subPath: 'none' },
		]);
		const { mounts, liveSubPaths, missing } = await plan(setup, selected);
		const root = join(stage, 'volumes/v');
		expect(mounts).toEqual([
			{ source: root, target: '/etc/app', readOnly: true, recursive: false },
			expect.objectContaining({ target: '/etc/key', readOnly: true, isFrozen: true }),
			{ source: join(root, 'none'), target: '/etc/none', readOnly: true, recursive: false, isFrozen: true },
		]);
		expect(readFileSync(mounts[1]?.source ?? '', 'utf8')).toBe('one');
		expect([liveSubPaths, missing]).toEqual([[], []]);
		expect(log.take()).toEqual([
			expect.stringContaining('subPath "key" at /etc/key keeps its present content'),
			expect.stringContaining('subPath "none"'),
			expect.stringContaining('subPath "none" at /etc/none keeps its present content'),
		]);
	});

	test('--subpath=live: the plan gives the source that a subPath leads to now', async () => {
		const setup = setUp({ liveSubPaths: true });
		const selected = withVolume([{ name: 'v', mountPath: '/etc/key', subPath: 'key' }]);
		const { liveSubPaths } = await plan(setup, selected);
		expect(liveSubPaths).toMatchObject([{ volume: 'v', target: '/etc/key' }]);
		setup.update(selected, app('two'));
		expect(readFileSync(liveSubPaths[0]?.source() ?? '', 'utf8')).toBe('two');
		setup.update(selected, makeObjects([makeConfigMap('app', { other: '' })]));
		expect(liveSubPaths[0]?.source()).toBeUndefined();
		expect(log.take()).toEqual([]);
	});

	test('a subPathExpr waits for its variable', async () => {
		const { missing } = await plan(setUp(), withVolume([{ name: 'v', mountPath: '/etc/x', subPathExpr: '$(NONE)' }]));
		expect(messages(missing)).toEqual(['missing value for NONE']);
	});

	test('a volume that only a cluster has is left out, with a warning', async () => {
		const setup = setUp();
		const selected = select(
			{ volumeMounts: [{ name: 'claim', mountPath: '/data' }] },
			{ volumes: [{ name: 'claim', persistentVolumeClaim: { claimName: 'c' } }] },
		);
		expect((await plan(setup, selected)).mounts).toEqual([]);
		expect(log.take()).toEqual([expect.stringContaining('exist only in a cluster')]);
	});

	test('an emptyDir is writable, and the mount point of a volume inside it is made', async () => {
		const setup = setUp();
		const selected = select(
			{
				volumeMounts: [
					{ name: 'v', mountPath: '/data/config' },
					{ name: 'data', mountPath: '/data' },
				],
			},
			{
				volumes: [
					{ name: 'v', configMap: { name: 'app' } },
					{ name: 'data', emptyDir: {} },
				],
			},
		);
		const { mounts } = await plan(setup, selected);
		expect(mounts.map(({ target, readOnly }) => [target, readOnly])).toEqual([
			['/data', false],
			['/data/config', true],
		]);
		expect(() => mkdirSync(join(stage, 'empty/data/config'))).toThrow('EEXIST');
	});
});
