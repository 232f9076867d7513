/**
 * The mount namespace of an application whose daemon is killed: the server kills every process in it, and removes the
 * directories of the daemon.
 */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { killProcess, membersOfMountNamespace, mountNamespaceOf } from '../../../src/native/proc.js';
import { FixtureProcess, fixture, stopFixtures } from '../../support/fixture-process.js';
import { isRunning } from '../../support/mount-modes.js';
import { canUnshare, DIST } from '../../support/mount-process.js';
import { mountsBelow, removeTemporaries, temporaryDirectory, tmpfsDirectory } from '../../support/temporary.js';
import { until } from '../../support/until.js';

interface Started {
	readonly daemon: FixtureProcess;
	readonly directory: string;
	/** The directory to remove; a directory of files is in it. */
	readonly removed: string;
	readonly runtime: string;
	readonly namespace: string;
	readonly pids: readonly number[];
}

const left: number[] = [];

afterEach(() => {
	stopFixtures();
	for (const pid of left.splice(0)) if (isRunning(pid)) killProcess(pid);
	removeTemporaries();
});

async function start(driver: 'kernel' | 'directory'): Promise<Started> {
	const directory = temporaryDirectory('mnt');
	const runtime = tmpfsDirectory('runtime');
	const removed = join(runtime, 'configmapfs', 'run');
	mkdirSync(join(removed, 'inside'), { recursive: true });
	writeFileSync(join(removed, 'inside', 'file'), 'content');
	const daemon = new FixtureProcess([
		process.execPath,
		fixture('app-with-leftovers.mjs'),
		DIST,
		directory,
		driver,
		removed,
		runtime,
	]);
	const started = (await daemon.json()) as Pick<Started, 'namespace' | 'pids'>;
	left.push(...started.pids);
	return { daemon, directory, removed, runtime, ...started };
}

describe.skipIf(!canUnshare() && process.getuid?.() !== 0)('the mount namespace of an application', () => {
	test('a killed daemon: every process in it is killed, the mount and the directory are gone', async () => {
		const { daemon, directory, removed, runtime, namespace, pids } = await start('kernel');
		expect(namespace).not.toBe(mountNamespaceOf('self'));
		expect(membersOfMountNamespace(namespace)).toEqual(expect.arrayContaining([...pids]));
		expect(mountsBelow(directory)).toEqual([directory]);
		daemon.kill('SIGKILL');
		await until(() => membersOfMountNamespace(namespace).length === 0, 'the end of everything in the namespace');
		// A process leaves its namespace a moment before it is gone.
		await until(() => !pids.some(isRunning), 'every process to end');
		await until(() => mountsBelow(directory).length === 0, 'the mount to go');
		await until(() => !existsSync(removed), 'the directory to go');
		await until(() => !existsSync(join(runtime, 'configmapfs')), 'its parent to go');
	});

	test('a daemon that unmounts: the server kills and removes nothing', async () => {
		const { daemon, directory, removed, pids } = await start('kernel');
		daemon.finish();
		await until(() => daemon.hasEnded, 'the end of the daemon');
		expect(mountsBelow(directory)).toEqual([]);
		expect(pids.filter(isRunning)).toEqual([...pids]);
		expect(existsSync(removed)).toBe(true);
	});

	test('a driver without a server leaves the namespace and the directory of a killed daemon', async () => {
		const { daemon, removed, pids } = await start('directory');
		daemon.kill('SIGKILL');
		await until(() => daemon.hasEnded, 'the end of the daemon');
		expect(pids.filter(isRunning)).toEqual([...pids]);
		expect(existsSync(removed)).toBe(true);
	});
});

test('the members of our own namespace are never returned', () => {
	expect(() => membersOfMountNamespace(mountNamespaceOf('self') ?? '')).toThrow(/is its own/);
});
