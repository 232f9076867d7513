/** The start of a container's process, with a recorded placement and no real process. */

import { expect, test } from 'vitest';
import { NOTHING_INHERITED } from '../../../src/run/application/inheritance.js';
import { EMPTY_PLAN } from '../../../src/run/container/mount-plan.js';
import {
	ContainerStarter,
	type ContainerStarterOptions,
	type ReadyContainer,
} from '../../../src/run/container-starter.js';
import { OnceLogger } from '../../../src/run/once-logger.js';
import type { PlacedApplication } from '../../../src/run/placement/placement.js';
import { RecordingLog } from './recording-log.js';

function setUp(placed: Partial<PlacedApplication> = {}) {
	const log = new RecordingLog();
	const calls: string[] = [];
	const started: object[] = [];
	const failures: Error[] = [];
	let placements = 0;
	const starter = new ContainerStarter({
		placement: {
			machineDirectory: '/run/machine',
			build(plan: readonly { readonly target: string }[]) {
				const id = ++placements;
				calls.push(`build ${id} ${plan.map(({ target }) => target).join()}`);
				return {
					mountNamespace: `mnt:[${id}]`,
					copyOnWrite: ['/', '/home/me/src', '/etc'],
					unreachable: ['/media/x'],
					within: <T>(act: () => T) => act(),
					replace: (source: string, target: string) => void calls.push(`replace ${id} ${target} ${source}`),
					members: () => [id],
					close: () => void calls.push(`close ${id}`),
					...placed,
				};
			},
		} as unknown as ContainerStarterOptions['placement'],
		setup: {
			process: (_selected, _environment, variables) => ({
				command: ['serve'],
				env: { A: '1', ...variables },
				cwd: '/srv',
				credentials: undefined,
			}),
			cleanUpAfterKill: (namespace, directory) => void calls.push(`clean up ${namespace} ${directory}`),
		},
		command: undefined,
		localVolumes: new Map(),
		stdin: 'ignore',
		inheritance: NOTHING_INHERITED,
		cwd: '/home/me/src/project',
		callerEnvironment: { HOME: '/home/me' },
		log: log.log,
		warnings: new OnceLogger(log.log),
		startProcess: (async (options: object) => {
			const failure = failures.shift();
			if (failure !== undefined) throw failure;
			calls.push('start');
			started.push(options);
			return { pid: 1 };
		}) as unknown as NonNullable<ContainerStarterOptions['startProcess']>,
	});
	const ready = (targets: readonly string[]): ReadyContainer =>
		({
			selected: {},
			environment: {},
			plan: {
				...EMPTY_PLAN,
				mounts: targets.map((target) => ({ source: '/v', target, readOnly: true })),
				liveSubPaths: targets.map((target) => ({ volume: 'v', target, source: () => '/v/now' })),
			},
		}) as unknown as ReadyContainer;
	return { starter, calls, started, failures, log, ready };
}

test('the mounts come first, then the clean-up after a kill, then the process', async () => {
	const { starter, calls, started, ready } = setUp();
	expect(starter.members()).toEqual([]);
	const { surroundings } = await starter.start(ready(['/etc/a']));
	expect(calls).toEqual(['build 1 /etc/a', 'clean up mnt:[1] /run/machine', 'start']);
	expect(started).toEqual([
		{
			command: ['serve'],
			env: { A: '1' },
			cwd: '/srv',
			credentials: undefined,
			stdin: 'ignore',
			inheritance: NOTHING_INHERITED,
			within: expect.any(Function),
		},
	]);
	expect(surroundings).toEqual({ ...started[0], command: undefined });
	expect(surroundings.within(() => 7)).toBe(7);
	expect(starter.members()).toEqual([1]);
});

test('a placement in the mount namespace of the machine has no clean-up, and gives its variables', async () => {
	const { starter, calls, started, ready } = setUp({
		mountNamespace: undefined as unknown as string,
		variables: { CONFIGMAPFS_ROOT: '/pod' },
	});
	await starter.start(ready([]));
	expect(calls).toEqual(['build 1 ', 'start']);
	expect(started).toMatchObject([{ env: { A: '1', CONFIGMAPFS_ROOT: '/pod' } }]);
});

test('the next start closes the earlier placement, and only its subPaths follow', async () => {
	const { starter, calls, ready } = setUp();
	await starter.start(ready(['/etc/a']));
	starter.flipped('v');
	await starter.start(ready(['/etc/b']));
	starter.flipped('v');
	starter.close();
	starter.flipped('v');
	expect(calls.filter((call) => !/^clean|^start/.test(call))).toEqual([
		'build 1 /etc/a',
		'replace 1 /etc/a /v/now',
		'close 1',
		'build 2 /etc/b',
		'replace 2 /etc/b /v/now',
		'close 2',
	]);
});

test('a process that cannot start leaves nothing that follows', async () => {
	const { starter, calls, failures, ready } = setUp();
	failures.push(new Error('not found in PATH'));
	await expect(starter.start(ready(['/etc/a']))).rejects.toThrow('not found in PATH');
	starter.flipped('v');
	expect(calls).toEqual(['build 1 /etc/a', 'clean up mnt:[1] /run/machine']);
	starter.close();
	expect(calls.at(-1)).toBe('close 1');
});

test('copies in a work directory, and unreachable paths, are warnings, once', async () => {
	const { starter, log, ready } = setUp();
	for (let time = 0; time < 2; time++) await starter.start(ready([]));
	expect(log.take()).toEqual([
		'warn: /home/me/src: files created or changed directly in this directory are visible only to this run, and lost at its end',
		'warn: /media/x: cannot be reached while the application runs',
	]);
});
