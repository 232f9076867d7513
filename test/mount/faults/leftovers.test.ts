/**
 * What becomes of an application's namespace when the daemon is killed: the server ends everything in it, and removes
 * what the daemon would have removed.
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
	/** What is to be removed, its parent, and what is mounted in it. */
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
	const said = (await daemon.json()) as Pick<Started, 'namespace' | 'pids'>;
	left.push(...said.pids);
	return { daemon, directory, removed, runtime, ...said };
}

describe.skipIf(!canUnshare() && process.getuid?.() !== 0)('a guarded namespace', () => {
	test('a killed daemon: every process in it is ended, the mount and the directory are gone', async () => {
		const { daemon, directory, removed, runtime, namespace, pids } = await start('kernel');
		expect(namespace).not.toBe(mountNamespaceOf('self'));
		expect(membersOfMountNamespace(namespace)).toEqual(expect.arrayContaining([...pids]));
		expect(mountsBelow(directory)).toEqual([directory]);
		daemon.kill('SIGKILL');
		await until(() => membersOfMountNamespace(namespace).length === 0, 'the end of everything in the namespace');
		expect(pids.filter(isRunning)).toEqual([]);
		await until(() => mountsBelow(directory).length === 0, 'the mount to go');
		await until(() => !existsSync(removed), 'the directory to go');
		await until(() => !existsSync(join(runtime, 'configmapfs')), 'its parent to go');
	});

	test('a daemon that ends in good order: nothing is ended or removed by the server', async () => {
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

test('the members of our own namespace are never asked for', () => {
	expect(() => membersOfMountNamespace(mountNamespaceOf('self') ?? '')).toThrow(/is its own/);
});
