/** A run session with a real process, over a manifest file, a driver that fails on request and a recorded placement. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SILENT } from '../../../src/base/log.js';
import type { ControlEvent } from '../../../src/control/events.js';
import { EarlySignals } from '../../../src/run/application/early-signals.js';
import { NOTHING_INHERITED } from '../../../src/run/application/inheritance.js';
import { ON_CHANGE_NONE, type OnChangePolicy } from '../../../src/run/on-change/on-change.js';
import { OnceLogger } from '../../../src/run/once-logger.js';
import type { Placement } from '../../../src/run/placement/placement.js';
import { RunSession, type RunSessionOptions } from '../../../src/run/run-session.js';
import { ManifestSource } from '../../../src/sources/manifests/manifest-source.js';
import { FakeDriver } from '../../support/fake-driver.js';
import { removeTemporaries, temporaryDirectory } from '../../support/temporary.js';
import { WAIT_MS } from '../../support/until.js';
import { SURROUNDINGS } from '../pod/environment/environment-pod.js';

let directory: string;
let driver: FakeDriver;
let events: ControlEvent[];
/** Calls of the placement, in order. */
let calls: string[];

beforeEach(() => {
	directory = temporaryDirectory('run-session');
	mkdirSync(join(directory, 'volumes'));
	driver = new FakeDriver(join(directory, 'volumes'));
	events = [];
	calls = [];
});
afterEach(removeTemporaries);

const path = (name: string) => join(directory, name);

/** A pod with the ConfigMap `app` as its environment and as volume `v`. */
function writeManifest(value: string | undefined): void {
	const app = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'app' }, data: { VALUE: value } };
	const pod = {
		apiVersion: 'v1',
		kind: 'Pod',
		metadata: { name: 'p' },
		spec: {
			volumes: [{ name: 'v', configMap: { name: 'app' } }],
			containers: [
				{
					name: 'c',
					image: 'x',
					envFrom: [{ configMapRef: { name: 'app' } }],
					volumeMounts: [{ name: 'v', mountPath: '/etc/app' }],
				},
			],
		},
	};
	writeFileSync(
		path('pod.json'),
		[pod, ...(value === undefined ? [] : [app])].map((one) => JSON.stringify(one)).join('\n'),
	);
}

function placement(): Placement {
	return {
		stage: directory,
		machineDirectory: directory,
		environment: { uid: 0, xdgRuntimeDirectory: undefined, temporary: directory },
		build(plan) {
			calls.push(`build ${plan.map(({ target }) => target).join()}`);
			return {
				within: (act) => act(),
				replace: () => {},
				members: () => [],
				copyOnWrite: [],
				unreachable: [],
				close: () => void calls.push('close the place'),
			};
		},
		close: () => void calls.push('close'),
	};
}

/** Runs `script` in a shell, in the directory of the test. */
function session(script: string, options: Partial<RunSessionOptions> = {}): RunSession {
	const identity = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
	return new RunSession({
		sources: [new ManifestSource({ path: path('pod.json'), defaultNamespace: 'default', log: SILENT })],
		cluster: undefined,
		defaultNamespace: 'default',
		workload: undefined,
		container: undefined,
		namespace: undefined,
		waitTimeoutMs: undefined,
		syncRange: undefined,
		stdin: 'ignore',
		inheritance: NOTHING_INHERITED,
		earlySignals: new EarlySignals(),
		placement: placement(),
		onChange: ON_CHANGE_NONE,
		log: SILENT,
		onEvent: (event) => void events.push(event),
		setup: {
			command: ['/bin/sh', '-c', script],
			keepArgs: false,
			envInherit: { base: 'path', names: [] },
			strictEnvNames: false,
			allowHostPath: false,
			localVolumes: new Map(),
			liveSubPaths: false,
			retention: { snapshotGraceMs: 0, history: 1 },
			caller: { ...identity, groups: [], mayBeUser: () => true, mayBeGroup: () => true },
			callerEnvironment: { PATH: process.env.PATH },
			cwd: directory,
			surroundings: SURROUNDINGS,
			takeDriver: () => driver,
			now: () => new Date(),
			log: SILENT,
			warnings: new OnceLogger(SILENT),
		},
		...options,
	});
}

const types = () => events.map(({ type }) => type);

async function until(type: ControlEvent['type']): Promise<void> {
	await expect.poll(types, { timeout: WAIT_MS }).toContain(type);
}

test('the process has the environment of the pod, its volumes are placed, and its exit status is returned', async () => {
	writeManifest('one');
	expect(await session('echo "$VALUE" > out; exit 7').run()).toBe(7);
	expect(readFileSync(path('out'), 'utf8')).toBe('one\n');
	expect(calls).toEqual(['build /etc/app', 'close the place', 'close']);
	expect(driver.calls).toEqual(['mount', 'unmount']);
});

test('a missing object is waited for', async () => {
	writeManifest(undefined);
	const status = session('exit 3').run();
	await until('waiting');
	expect(calls).toEqual([]);
	writeManifest('one');
	expect(await status).toBe(3);
	expect(types()).toContain('complete');
});

test('a wait that takes too long is an error, and everything is closed', async () => {
	writeManifest(undefined);
	const run = session('exit 0', { waitTimeoutMs: 50 }).run();
	await expect(run).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' });
	expect(calls).toEqual(['close']);
});

test('an unknown volume of --on-change is an error before anything is placed', async () => {
	writeManifest('one');
	const onChange = { ...ON_CHANGE_NONE, volumes: new Map([['w', { kind: 'none' as const }]]) } satisfies OnChangePolicy;
	await expect(session('exit 0', { onChange }).run()).rejects.toMatchObject({ code: 'USAGE' });
	expect(calls).toEqual(['close']);
});

test('a driver that cannot mount is an error, and everything is closed', async () => {
	writeManifest('one');
	driver.mountError = new Error('no');
	await expect(session('exit 0').run()).rejects.toBe(driver.mountError);
	expect(driver.calls).toEqual(['mount', 'unmount']);
	expect(calls).toEqual(['close']);
});

test('the end of the driver ends the application with the status of a failed run', async () => {
	writeManifest('one');
	const status = session('exec sleep 300').run();
	await until('application-started');
	driver.end({ reason: 'died', detail: 'SIGKILL' });
	expect(await status).toBe(125);
});

test('a change reaches the volume, and the variables that keep the old value are named', async () => {
	writeManifest('one');
	const status = session('while [ ! -e done ]; do sleep 0.1; done').run();
	await until('application-started');
	writeManifest('two');
	await until('environment-changed');
	expect(events.find(({ type }) => type === 'environment-changed')).toMatchObject({ names: ['VALUE'] });
	expect(readFileSync(path('volumes/v/VALUE'), 'utf8')).toBe('two');
	writeFileSync(path('done'), '');
	expect(await status).toBe(0);
});
