/**
 * What is particular to the driver on libfuse 2: its mount, its end, what it asks for, and where it differs from the
 * kernel driver and from tmpfs. Everything that it has in common with the other drivers is tested over all of them.
 */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { DRIVERS, type DriverCase } from '../../support/drivers.js';
import { FixtureProcess, stopFixtures } from '../../support/fixture-process.js';
import { PYTHON, WITHOUT_PYTHON } from '../../support/inotify.js';
import { texts } from '../../support/oracle.js';
import { removeTemporaries, temporaryDirectory } from '../../support/temporary.js';
import { expectSoon, until, WAIT_MS } from '../../support/until.js';
import { stopVolumes, VolumeChild } from '../../support/volume-child.js';

afterEach(async () => {
	stopFixtures();
	await stopVolumes();
	removeTemporaries();
});

const NATIVE = DRIVERS.find(({ name }) => name === 'fuse-native') as DriverCase;
const WITHOUT = NATIVE.unavailable();

/** Runs a program that touches the mount; it may not hang. */
function run(command: string, ...args: readonly string[]): { code: number | null; stdout: string; stderr: string } {
	const { status, stdout, stderr } = spawnSync(command, args, {
		encoding: 'utf8',
		timeout: WAIT_MS,
		killSignal: 'SIGKILL',
	});
	return { code: status, stdout, stderr };
}

function serverOf(volume: VolumeChild): number {
	const pids = readFileSync(`/proc/${volume.pid}/task/${volume.pid}/children`, 'utf8').trim().split(' ');
	return Number(pids[0]);
}

function isAlive(pid: number): boolean {
	return existsSync(`/proc/${pid}/exe`);
}

function mountLine(directory: string): string {
	const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
	return lines.findLast((line) => line.split(' ')[4] === directory) ?? '';
}

const HOLDER = `
import errno, json, mmap, os, sys
os.chdir(sys.argv[1])
small = os.open('small', os.O_RDONLY); os.read(small, 100)
large = os.open('large', os.O_RDONLY); os.read(large, 1)
mapped = mmap.mmap(small, 5, prot=mmap.PROT_READ)
print('ready', flush=True)
sys.stdin.readline()
def attempt(f):
    try: return f()
    except OSError as e: return errno.errorcode[e.errno]
print(json.dumps({
    'fstat': attempt(lambda: os.fstat(small).st_nlink),
    'read before': attempt(lambda: os.pread(small, 5, 0).decode()),
    'mapped before': mapped[:5].decode(),
    'never read': attempt(lambda: os.pread(large, 5, (1 << 20) - 5).decode()),
    'close': attempt(lambda: os.close(large)),
}), flush=True)
`;

describe.skipIf(WITHOUT !== undefined)('fuse-native', () => {
	test('the mount table names the program, and libfuse 2 answers', async () => {
		const volume = await VolumeChild.start(NATIVE);
		await volume.write(texts({ key: 'value' }));
		expect(mountLine(volume.directory)).toMatch(/ - fuse\.configmapfs configmapfs /);
		expect(readFileSync(`/proc/${serverOf(volume)}/maps`, 'utf8')).toContain('libfuse.so.2');
		expect(readFileSync(`/proc/${volume.pid}/maps`, 'utf8')).not.toContain('libfuse.so.2');
	});

	test('a mount path of shell characters, commas and spaces is only a path', async () => {
		const parent = temporaryDirectory('native');
		const directory = join(parent, `a,b=c $(touch made-by-shell) \`x\` "'\\ü`);
		mkdirSync(directory);
		const volume = await VolumeChild.start({ ...NATIVE, directory: () => directory });
		await volume.write(texts({ key: 'value' }));
		expect(run('cat', `${directory}/key`).stdout).toBe('value');
		await volume.stop();
		expect(existsSync('made-by-shell')).toBe(false);
		expect(run('ls', '-A', directory).stdout).toBe('');
	});

	test('a warm open asks for names and links, and reads nothing', async () => {
		const volume = await VolumeChild.start(NATIVE);
		await volume.write(texts({ key: 'value' }));
		const read = ['-c', `for i in 1 2 3 4 5 6 7 8 9 10; do read -r line < ${volume.directory}/key; done; true`];
		run('sh', ...read);
		const before = await volume.upcalls();
		run('sh', ...read);
		const after = await volume.upcalls();
		const grown = (opcode: string) => (after[opcode] ?? 0) - (before[opcode] ?? 0);
		expect({ READ: grown('READ'), OPEN: grown('OPEN') }).toEqual({ READ: 0, OPEN: 0 });
		expect(grown('READLINK')).toBe(20);
		expect(grown('LOOKUP')).toBeLessThanOrEqual(42);
	});

	test.skipIf(WITHOUT_PYTHON !== undefined)(
		'of a file that is open across a flip, pages that were read stay, and the rest is ENOENT',
		async () => {
			const volume = await VolumeChild.start(NATIVE);
			await volume.write(texts({ small: '1 one', large: 'x'.repeat(1 << 20) }));
			const holder = new FixtureProcess([PYTHON, '-c', HOLDER, volume.directory]);
			expect(await holder.line()).toBe('ready');
			await volume.write(texts({ small: '2 two', large: 'y'.repeat(1 << 20) }));
			await until(() => run('ls', '-A', volume.directory).stdout.match(/\.\.2/g)?.length === 1, 'one generation');
			holder.send('go');
			expect(await holder.json()).toEqual({
				fstat: 'ENOENT',
				'read before': '1 one',
				'mapped before': '1 one',
				'never read': 'ENOENT',
				close: null,
			});
		},
	);

	test('a file that stays open does not hold a flip up', async () => {
		const volume = await VolumeChild.start(NATIVE);
		await volume.write(texts({ key: 'one' }));
		const holder = new FixtureProcess(['sh', '-c', `exec 9< ${volume.directory}/key; echo ready; read -r line`]);
		await holder.line();
		const started = performance.now();
		for (const value of ['two', 'three', 'four']) await volume.write(texts({ key: value }));
		expectSoon(performance.now() - started, 15_000);
		expect(run('cat', `${volume.directory}/key`).stdout).toBe('four');
	});

	test('flips leave no inodes behind', async () => {
		const volume = await VolumeChild.start(NATIVE);
		await volume.write(texts({ key: 'value' }));
		const inodes = () => Number(run('stat', '-f', '-c', '%c', volume.directory).stdout);
		const before = inodes();
		await volume.flip(300, { keys: 1, everyMs: 0 });
		await until(
			async () => {
				await volume.flip(1, { keys: 1, everyMs: 0 });
				// Removed names count for the time of their grace.
				await sleep(500);
				return inodes() <= before + 40;
			},
			() => `${inodes()} inodes, ${before} before`,
		);
	});

	test('the server ends with the mount, also when it was detached and its last user goes later', async () => {
		const volume = await VolumeChild.start(NATIVE);
		await volume.write(texts({ key: 'value' }));
		const server = serverOf(volume);
		const user = spawn('sleep', ['60'], { cwd: volume.directory, stdio: 'ignore' });
		await until(() => user.pid !== undefined, 'a user');
		expect(run('umount', '-l', volume.directory).code).toBe(0);
		await volume.stop();
		user.kill('SIGKILL');
		await until(() => !isAlive(server), 'the end of the server');
	});

	test('a killed server leaves errors, not waiting readers', async () => {
		const volume = await VolumeChild.start(NATIVE);
		await volume.write(texts({ key: 'value' }));
		process.kill(serverOf(volume), 'SIGKILL');
		await until(() => run('cat', `${volume.directory}/key`).code !== 0, 'an error');
	});

	test('a killed daemon leaves no mount and no server', async () => {
		const volume = await VolumeChild.start(NATIVE);
		await volume.write(texts({ key: 'value' }));
		const server = serverOf(volume);
		process.kill(volume.pid, 'SIGKILL');
		await until(() => mountLine(volume.directory) === '', 'the mount is gone');
		await until(() => !isAlive(server), 'the server is gone');
	});
});
