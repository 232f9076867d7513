/**
 * Killed processes and dead mounts: readers get errors at worst, no process hangs, and the next mount or unmount cleans
 * up.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { killProcess } from '../../../src/native/proc.js';
import { writeManifest } from '../../support/manifest.js';
import {
	AS_ROOT,
	AS_USER,
	IN_NAMESPACE,
	isRunning,
	leftIn,
	messages,
	startIn,
	stateOf,
	titleOf,
} from '../../support/mount-modes.js';
import { type MountProcess, runCommand, runProgram, startMount, stopAll } from '../../support/mount-process.js';
import { mountsBelow, removeTemporaries, temporaryDirectory } from '../../support/temporary.js';
import { expectSoon, until, WAIT_MS, within } from '../../support/until.js';

const children: ChildProcess[] = [];

afterEach(async () => {
	for (const child of children.splice(0)) child.kill('SIGKILL');
	await stopAll();
	removeTemporaries();
});

const VALUE = 'v'.repeat(100_000);

function write(file: string, generation: number): void {
	writeManifest(file, { name: 'app', data: { key: `${generation}`, big: `${generation}\n${VALUE}` } });
}

function manifest(): string {
	const file = join(temporaryDirectory('src'), 'app.yaml');
	write(file, 0);
	return file;
}

function mountPoint(): string {
	return temporaryDirectory('mnt', 0o777);
}

/** Reads without pause; any answer is accepted, but there must be one. */
const READER = `const fs = require('fs'); const [dir] = process.argv.slice(1); let good = 0, bad = 0;
	setInterval(() => console.log(good, bad), 20);
	const turn = () => {
		for (let i = 0; i < 5; i++) try {
			fs.readdirSync(dir); fs.statSync(dir + '/app/key'); fs.readFileSync(dir + '/app/big'); good++;
		} catch { bad++; }
		setTimeout(turn, 1);
	};
	turn();`;

class Reader {
	readonly child: ChildProcess;
	/** Time of its last output. Unit: milliseconds. */
	lastTurn = performance.now();
	good = 0;

	constructor(dir: string) {
		this.child = spawn(process.execPath, ['-e', READER, dir], { cwd: '/', stdio: ['ignore', 'pipe', 'ignore'] });
		children.push(this.child);
		this.child.stdout?.on('data', (chunk: Buffer) => {
			this.lastTurn = performance.now();
			this.good = Number(chunk.toString().trim().split('\n').at(-1)?.split(' ')[0]);
		});
	}

	/** It continues to read, so every call returns. */
	async expectAlive(): Promise<void> {
		const now = performance.now();
		await until(
			() => this.lastTurn > now,
			() => `a turn of the reader (${stateOf(this.child.pid ?? 0)})`,
		);
	}
}

/** A mount in the table, gone from it, or dead in it; a child checks, which may hang. */
async function conditionOf(dir: string): Promise<'gone' | 'dead' | 'alive'> {
	if (mountsBelow(dir).length === 0) return 'gone';
	const result = await runCommand('stat', ['-f', dir], { env: { LC_ALL: 'C' } });
	return result.code === 0 ? 'alive' : 'dead';
}

const VICTIMS = ['daemon', 'server', 'both', 'both, the server first'] as const;
type Victim = (typeof VICTIMS)[number];

function kill(mount: MountProcess, victim: Victim): void {
	const server = mount.serverPid() ?? 0;
	const pids = { daemon: [mount.pid], server: [server], both: [mount.pid, server] };
	const order = victim === 'both, the server first' ? [server, mount.pid] : pids[victim];
	for (const pid of order) killProcess(pid);
}

describe.skipIf(AS_ROOT.missing !== undefined)(`kill -9, ${titleOf(AS_ROOT)}`, () => {
	test('20 times at random moments, during reads and flips', async () => {
		const dir = mountPoint();
		const file = manifest();
		let generation = 0;
		const flips = setInterval(() => write(file, ++generation), 7);
		const readers = [new Reader(dir), new Reader(dir)];
		let healed = 0;
		try {
			for (let round = 0; round < 20; round++) {
				const victim = VICTIMS[round % VICTIMS.length] ?? 'daemon';
				const mount = await startMount(dir, ['-f', file]);
				if (messages(mount).includes(`removing the mount of a killed daemon from "${dir}"`)) healed++;
				const server = mount.serverPid() ?? 0;
				await sleep(Math.random() * 250);
				kill(mount, victim);
				const status = await within(WAIT_MS, `the end of the daemon (${victim})`, mount.ended);
				if (victim === 'server') {
					expect(status).toEqual({ code: 70, signal: null });
					expect(mount.stderr).toContain('error: the server process ended (killed by SIGKILL); mount again\n');
				}
				// A server without a daemon serves its last readers for two seconds.
				await until(() => mountsBelow(dir).length === 0 || !isRunning(server), `no living mount (${victim})`);
				expect(await conditionOf(dir)).not.toBe('alive');
				for (const reader of readers) await reader.expectAlive();
				for (const pid of [mount.pid, server]) expect(stateOf(pid)).not.toBe('D');
			}
		} finally {
			clearInterval(flips);
		}
		expect(healed).toBeGreaterThan(0);
		const last = await startMount(dir, ['-f', file]);
		expect((await runCommand('cat', [`${dir}/app/key`])).stdout).not.toBe('');
		expect(await last.stop()).toEqual({ code: 0, signal: null });
		expect(mountsBelow(dir)).toEqual([]);
	});

	test('a killed daemon leaves nothing behind', async () => {
		const dir = mountPoint();
		const { mount, runtime } = await startIn(AS_ROOT, dir, ['-f', manifest()]);
		const server = mount.serverPid() ?? 0;
		kill(mount, 'daemon');
		await until(() => mountsBelow(dir).length === 0, 'the mount to go');
		await until(() => leftIn(runtime).length === 0, 'the journal to go');
		await until(() => !isRunning(server), 'the end of the server');
	});

	test('the daemon of a killed server ends soon, with a reason', async () => {
		const dir = mountPoint();
		const { mount, runtime } = await startIn(AS_ROOT, dir, ['-f', manifest()]);
		const started = performance.now();
		kill(mount, 'server');
		expect(await mount.ended).toEqual({ code: 70, signal: null });
		expectSoon(performance.now() - started, 5000);
		expect(mountsBelow(dir)).toEqual([]);
		expect(leftIn(runtime)).toEqual([]);
	});

	test('readers of a stopped server are released when it is killed', async () => {
		const dir = mountPoint();
		const file = manifest();
		const { mount } = await startIn(AS_ROOT, dir, ['-f', file]);
		const server = mount.serverPid() ?? 0;
		process.kill(server, 'SIGSTOP');
		write(file, 1);
		await sleep(300);
		process.kill(server, 'SIGKILL');
		expect(await within(WAIT_MS, 'the end of the daemon', mount.ended)).toEqual({ code: 70, signal: null });
	});
});

describe.skipIf(AS_ROOT.missing !== undefined)(`dead mounts, ${titleOf(AS_ROOT)}`, () => {
	async function deadMount(dir: string): Promise<void> {
		const mount = await startMount(dir, ['-f', manifest()]);
		kill(mount, 'both, the server first');
		await mount.ended;
		await until(async () => (await conditionOf(dir)) === 'dead', 'a dead mount');
	}

	test('the next mount removes it and logs that', async () => {
		const dir = mountPoint();
		await deadMount(dir);
		expect((await runCommand('ls', [dir], { env: { LC_ALL: 'C' } })).stderr).toContain('not connected');
		const mount = await startMount(dir, ['-f', manifest()]);
		expect(messages(mount)).toEqual([
			`removing the mount of a killed daemon from "${dir}"`,
			`mounted 1 ConfigMap on ${dir} (kernel driver)`,
		]);
		await mount.stop();
		expect(mountsBelow(dir)).toEqual([]);
	});

	test('--mkdir on a dead mount succeeds, and does not remove a directory that it did not create', async () => {
		const dir = mountPoint();
		await deadMount(dir);
		const mount = await startMount(dir, ['-f', manifest(), '--mkdir']);
		await mount.stop();
		expect(mountsBelow(dir)).toEqual([]);
		expect((await runCommand('ls', ['-d', dir])).code).toBe(0);
	});

	test('unmount removes it', async () => {
		const dir = mountPoint();
		await deadMount(dir);
		expect(await runProgram(['unmount', dir])).toMatchObject({ code: 0, stderr: '' });
		expect(mountsBelow(dir)).toEqual([]);
	});

	test('stacked: all are unmounted', async () => {
		const dir = mountPoint();
		await deadMount(dir);
		const aside = mountPoint();
		expect(spawnSync('mount', ['--move', dir, aside]).status).toBe(0);
		await deadMount(dir);
		expect(spawnSync('mount', ['--bind', aside, dir]).status).toBe(0);
		spawnSync('umount', ['-l', aside]);
		const mount = await startMount(dir, ['-f', manifest()]);
		await mount.stop();
		expect(messages(mount).filter((text) => text?.startsWith('removing'))).toHaveLength(2);
		expect(mountsBelow(dir)).toEqual([]);
	});

	test('the end of a living mount does not affect a file system on top of it', async () => {
		const dir = mountPoint();
		const { mount } = await startIn(AS_ROOT, dir, ['-f', manifest()]);
		expect(spawnSync('mount', ['-t', 'tmpfs', 'cmfs-test', dir]).status).toBe(0);
		expect(await mount.stop()).toEqual({ code: 0, signal: null });
		const types = readFileSync('/proc/self/mountinfo', 'utf8')
			.split('\n')
			.filter((line) => line.split(' ')[4] === dir)
			.map((line) => line.split(' - ')[1]?.split(' ')[0]);
		expect(types.at(-1)).toBe('tmpfs');
	});

	test('unmount --all unmounts living and dead mounts, only in its own mount namespace', async () => {
		const [living, dead] = [mountPoint(), mountPoint()];
		const { mount } = await startIn(AS_ROOT, living, ['-f', manifest()]);
		await deadMount(dead);
		const program = readFileSync(`/proc/${mount.pid}/cmdline`, 'utf8').split('\0').slice(0, 2);
		// The namespace keeps only the two mounts: `unmount --all` would abort mounts of other programs that do not answer.
		// Mounts may be stacked, so the loop repeats until no other one is left.
		const script = `others() {
				findmnt --raw --noheadings --output TARGET --types fuse.configmapfs | while read -r point; do
					point=$(printf %b "$point"); test "$point" = "$1" || test "$point" = "$2" || printf '%s\\0' "$point"
				done
			}
			while test -n "$(others "$1" "$2" | tr '\\0' x)"; do
				others "$1" "$2" | xargs -0 -n 1 umount --lazy --no-canonicalize -- || :
			done
			living=$1 dead=$2; shift 2; mount -t tmpfs cmfs-test /dev/shm; "$@" unmount --all
			echo left; grep -F -e " $living " -e " $dead " /proc/self/mountinfo`;
		const result = await runCommand('unshare', ['-m', 'sh', '-c', script, 'sh', living, dead, ...program], {
			env: { XDG_RUNTIME_DIR: '' },
		});
		expect(result.stdout).toContain(`unmounted ${living}\n`);
		expect(result.stdout).toContain(`unmounted ${dead}\n`);
		expect(result.stdout.split('left\n')[1]).toBe('');
		expect(mountsBelow(living)).toEqual([living]);
	});
});

describe.each([AS_USER, IN_NAMESPACE])('kill -9 $name', (way) => {
	test.skipIf(way.missing !== undefined).each(VICTIMS)(`the %s, ${titleOf(way)}`, async (victim) => {
		const dir = mountPoint();
		const { mount, runtime } = await startIn(way, dir, ['-f', manifest()]);
		const server = mount.serverPid() ?? 0;
		kill(mount, victim);
		const status = await within(WAIT_MS, 'the end of the daemon', mount.ended);
		if (victim === 'server') expect(status).toEqual({ code: 70, signal: null });
		await until(() => !isRunning(server), 'the end of the server');
		if (victim === 'server' || victim === 'daemon') expect(leftIn(runtime)).toEqual([]);
	});
});
