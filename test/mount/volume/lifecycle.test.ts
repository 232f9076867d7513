/**
 * Starting and stopping: by every signal, at every moment, in every way to mount. Afterwards nothing is left: no mount,
 * no process, no file, and DIR is what it was.
 */

import { spawn } from 'node:child_process';
import {
	chmodSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	renameSync,
	rmdirSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { PYTHON, WITHOUT_PYTHON } from '../../support/inotify.js';
import { writeManifest } from '../../support/manifest.js';
import {
	AS_ROOT,
	AS_USER,
	isRunning,
	launchIn,
	leftIn,
	messages,
	startIn,
	stateOf,
	titleOf,
	WAYS,
} from '../../support/mount-modes.js';
import { DIST, type MountProcess, runCommand, runProgram, stopAll } from '../../support/mount-process.js';
import { mountsBelow, removeTemporaries, temporaryDirectory, tmpfsDirectory } from '../../support/temporary.js';
import { expectSoon, until, WAIT_MS, within } from '../../support/until.js';

const children: { kill(signal: NodeJS.Signals): boolean }[] = [];

afterEach(async () => {
	for (const child of children.splice(0)) child.kill('SIGKILL');
	await stopAll();
	removeTemporaries();
});

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function manifest(): string {
	const path = join(temporaryDirectory('src'), 'app.yaml');
	writeManifest(path, { name: 'app', data: { key: 'one' } });
	return path;
}

function mountPoint(): string {
	return temporaryDirectory('mnt', 0o777);
}

function look(path: string): object {
	const { ino, dev, mode, uid, gid, mtimeMs } = statSync(path);
	return { ino, dev, mode, uid, gid, mtimeMs };
}

async function expectNothingLeft(mount: MountProcess, server: number, runtime: string): Promise<void> {
	await until(() => !isRunning(server), 'the end of the server');
	expect(mountsBelow(mount.dir)).toEqual([]);
	expect(leftIn(runtime)).toEqual([]);
}

describe.each(WAYS)('$name', (way) => {
	describe.skipIf(way.missing !== undefined)(titleOf(way), () => {
		test.each(SIGNALS)('%s unmounts, and nothing is left', async (signal) => {
			const dir = mountPoint();
			const before = look(dir);
			const { mount, runtime } = await startIn(way, dir, ['-f', manifest()]);
			const server = mount.serverPid() ?? 0;
			expect((await mount.run('cat', [`${dir}/app/key`])).stdout).toBe('one');
			expect(await mount.stop(signal)).toEqual({ code: 0, signal: null });
			expect(messages(mount)).toEqual([expect.stringMatching(/^mounted 1 ConfigMap on /), `unmounted after ${signal}`]);
			await expectNothingLeft(mount, server, runtime);
			expect(look(dir)).toEqual(before);
		});

		test('more signals while it unmounts change nothing', async () => {
			const { mount, runtime } = await startIn(way, mountPoint(), ['-f', manifest()]);
			const server = mount.serverPid() ?? 0;
			for (const signal of ['SIGTERM', 'SIGINT', 'SIGTERM', 'SIGHUP', 'SIGINT'] as const) mount.child.kill(signal);
			expect(await mount.stop('SIGTERM')).toEqual({ code: 0, signal: null });
			await expectNothingLeft(mount, server, runtime);
		});

		test('a signal at any moment of the start leaves nothing', async () => {
			const file = manifest();
			const outcomes = new Set<string>();
			const started = performance.now();
			await (await startIn(way, mountPoint(), ['-f', file])).mount.stop();
			const wholeMs = performance.now() - started;
			for (const share of [0, 0.1, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 'ready'] as const) {
				const dir = mountPoint();
				const { mount, ready, runtime } = launchIn(way, dir, ['-f', file]);
				await (share === 'ready' ? ready : sleep(share * wholeMs));
				const server = mount.serverPid() ?? 0;
				const status = await mount.stop('SIGTERM');
				// Killed before it listens, stopped while it starts, unmounted.
				outcomes.add(status.signal ?? String(status.code));
				expect(['SIGTERM', '143', '0']).toContain(status.signal ?? String(status.code));
				await expectNothingLeft(mount, server, runtime);
				expect((await runCommand('ls', ['-A', dir])).stdout).toBe('');
			}
			expect(outcomes.size).toBeGreaterThan(1);
		});

		test.each([
			['SIGINT', 130],
			['SIGTERM', 143],
			['SIGHUP', 129],
		] as const)('%s while a required ConfigMap is missing: %d, and nothing is left', async (signal, code) => {
			const dir = mountPoint();
			const { mount, runtime } = launchIn(way, dir, ['--volume', 'later', '-f', manifest()]);
			await mount.waitForLog(({ msg }) => msg?.includes('waiting') === true);
			expect(await mount.stop(signal)).toEqual({ code, signal: null });
			await expectNothingLeft(mount, 0, runtime);
		});

		test('--mkdir removes only the directories that it made', async () => {
			const parent = mountPoint();
			const dir = join(parent, 'a/b/c');
			const { mount, runtime } = await startIn(way, dir, ['-f', manifest(), '--mkdir']);
			await mount.stop();
			expect(existsSync(join(parent, 'a'))).toBe(false);
			expect(existsSync(parent)).toBe(true);
			expect(leftIn(runtime)).toEqual([]);
		});

		test('a person unmounts by hand: the daemon notices at once and ends with 0', async () => {
			const dir = mountPoint();
			const commands =
				way === AS_USER
					? [
							['fusermount3', '-u', dir],
							['fusermount3', '-u', '-z', dir],
						]
					: [
							['umount', dir],
							['umount', '-l', dir],
						];
			for (const [command = '', ...args] of commands) {
				const { mount, runtime } = await startIn(way, dir, ['-f', manifest()]);
				const server = mount.serverPid() ?? 0;
				const done = await mount.run(command, args);
				expect(done).toMatchObject({ code: 0, stderr: '' });
				expect(await within(WAIT_MS, 'the end of the daemon', mount.ended)).toEqual({ code: 0, signal: null });
				expect(messages(mount)).toContain('unmounted from outside');
				await expectNothingLeft(mount, server, runtime);
			}
		});

		test.each(['SIGTERM', 'SIGKILL'] as const)(
			'a directory above it gets another name: changes go on, %s leaves nothing',
			async (signal) => {
				const parent = mountPoint();
				const [before, after] = [join(parent, 'before'), join(parent, 'after')];
				mkdirSync(join(before, 'mnt'), { recursive: true });
				chmodSync(join(before, 'mnt'), 0o777);
				const file = manifest();
				const { mount, runtime } = await startIn(way, join(before, 'mnt'), ['-f', file]);
				const server = mount.serverPid() ?? 0;
				renameSync(before, after);
				writeManifest(file, { name: 'app', data: { key: 'two' } });
				await mount.waitForLog(({ event }) => event === 'published');
				expect((await mount.run('cat', [`${after}/mnt/app/key`])).stdout).toBe('two');
				await mount.stop(signal);
				await expectNothingLeft(mount, server, runtime);
				await until(() => mountsBelow(parent).length === 0, 'the end of the mount');
				// In a mount namespace where it is still mounted this would be refused.
				rmdirSync(join(after, 'mnt'));
			},
		);
	});
});

test.skipIf(AS_ROOT.missing !== undefined)('of concurrent starts on one directory, one makes the mount', async () => {
	const dir = mountPoint();
	const file = manifest();
	const starts = [1, 2, 3, 4].map(() => launchIn(AS_ROOT, dir, ['-f', file]));
	const ends = await Promise.all(
		starts.map(({ mount, ready }) => Promise.race([ready, mount.ended.then(({ code }) => code)])),
	);
	expect(ends.toSorted()).toEqual([75, 75, 75, 'ready']);
	expect(mountsBelow(dir)).toEqual([dir]);
});

interface Holder {
	readonly name: string;
	readonly code: string;
}

const HOLDERS: readonly Holder[] = [
	{ name: 'a working directory', code: 'process.chdir(process.argv[1] + "/app")' },
	{ name: 'an open file', code: 'fs.openSync(process.argv[1] + "/app/key")' },
	{ name: 'an open directory', code: 'fs.opendirSync(process.argv[1])' },
];

/** A process that uses the mount until it is killed. */
async function hold(dir: string, holder: Holder): Promise<number> {
	const code = `const fs = require('fs'); const held = (() => ${holder.code})();
		console.log('held'); setInterval(() => void held, 1000);`;
	const child = spawn(process.execPath, ['-e', code, dir], { cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] });
	children.push(child);
	await new Promise((resolve) => child.stdout.once('data', resolve));
	return child.pid ?? 0;
}

describe.skipIf(AS_ROOT.missing !== undefined)(`a mount in use, ${titleOf(AS_ROOT)}`, () => {
	test.each(HOLDERS)('$name: unmount refuses with 75, --force works', async (holder) => {
		const dir = mountPoint();
		const { mount } = await startIn(AS_ROOT, dir, ['-f', manifest()]);
		const server = mount.serverPid() ?? 0;
		const pid = await hold(dir, holder);
		const refused = await runProgram(['unmount', dir]);
		expect(refused.code).toBe(75);
		expect(refused.stderr).toBe(
			`error: cannot unmount "${dir}": it is in use; "fuser -vm ${dir}" shows by which process; --force unmounts anyway\n`,
		);
		expect(mountsBelow(dir)).toEqual([dir]);
		expect(await runProgram(['unmount', '--force', dir])).toMatchObject({ code: 0, stderr: '' });
		expect(mountsBelow(dir)).toEqual([]);
		expect(await within(WAIT_MS, 'the end of the daemon', mount.ended)).toEqual({ code: 0, signal: null });
		expect(isRunning(server)).toBe(false);
		expect(stateOf(pid)).not.toBe('D');
	});

	test.each(HOLDERS)('$name: SIGTERM detaches it, and the server ends about a second later', async (holder) => {
		const dir = mountPoint();
		const { mount, runtime } = await startIn(AS_ROOT, dir, ['-f', manifest()]);
		const server = mount.serverPid() ?? 0;
		const pid = await hold(dir, holder);
		const started = performance.now();
		const ended = mount.stop('SIGTERM');
		await until(() => mountsBelow(dir).length === 0, 'the mount to go');
		expect(await ended).toEqual({ code: 0, signal: null });
		expectSoon(performance.now() - started, 10_000);
		expect(messages(mount)).toContain('the mount was in use and was detached; its open files are lost');
		await expectNothingLeft(mount, server, runtime);
		expect(stateOf(pid)).not.toBe('D');
	});
});

describe.skipIf(AS_ROOT.missing !== undefined)(`processes, ${titleOf(AS_ROOT)}`, () => {
	test('the daemon does not open /dev/fuse, and the server only the descriptors that it needs', async () => {
		const dir = mountPoint();
		const { mount } = await startIn(AS_ROOT, dir, ['-f', manifest()]);
		const server = mount.serverPid() ?? 0;
		const own = (pid: number) =>
			openFiles(pid).filter((target) => !/^(pipe|anon_inode|socket):|^\/dev\/null$/.test(target));
		expect(openFiles(mount.pid)).not.toContain('/dev/fuse');
		expect(own(server).filter((target) => target === '/dev/fuse')).toHaveLength(1);
		expect(own(server).filter((target) => !/^\/dev\/fuse$|\/journal\.\d+$/.test(target))).toEqual([]);
	});

	test('descriptors of a shell are not inherited by the server', async () => {
		const dir = mountPoint();
		const marker = join(temporaryDirectory('marker'), 'open');
		writeFileSync(marker, '');
		const { mount } = await startIn(AS_ROOT, dir, ['-f', manifest()]);
		const script = `exec 63<${marker} 9<${marker}; exec "$@"`;
		const other = mountPoint();
		const program = readFileSync(`/proc/${mount.pid}/cmdline`, 'utf8').split('\0').slice(0, 2);
		const child = spawn('bash', ['-c', script, 'bash', ...program, 'mount', other, '-f', manifest()], {
			stdio: 'ignore',
		});
		children.push(child);
		await until(() => mountsBelow(other).length > 0, 'the second mount');
		const tasks = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
		const servers = tasks.trim().split(' ').map(Number);
		expect(servers).toHaveLength(1);
		expect(openFiles(servers[0] ?? 0)).not.toContain(marker);
		child.kill('SIGTERM');
		await until(() => child.exitCode !== null, 'its end');
	});

	test('a signal that any of their threads gets does not keep the daemon from noticing the end', async (ctx) => {
		ctx.skip(WITHOUT_PYTHON !== undefined, WITHOUT_PYTHON);
		const dir = mountPoint();
		const { mount } = await startIn(AS_ROOT, dir, ['-f', manifest()]);
		await until(() => openFiles(mount.pid).some((target) => target.endsWith('/mountinfo')), 'the watch of the table');
		for (const pid of [mount.pid, mount.serverPid() ?? 0]) {
			// The kernel gives a signal to another thread when the main thread has one already.
			const interrupt = 'import ctypes, os, sys; pid = int(sys.argv[1]); libc = ctypes.CDLL(None)';
			const each = 'for tid in os.listdir(f"/proc/{pid}/task"): libc.tgkill(pid, int(tid), 17)';
			expect(await runCommand(PYTHON, ['-c', `${interrupt}\n${each}`, String(pid)])).toMatchObject({ code: 0 });
		}
		expect(await mount.run('umount', [dir])).toMatchObject({ code: 0 });
		expect(await within(WAIT_MS, 'the end of the daemon', mount.ended)).toEqual({ code: 0, signal: null });
	});

	test('ps shows the names of the processes', async () => {
		const dir = mountPoint();
		const { mount } = await startIn(AS_ROOT, dir, ['-f', manifest()]);
		expect(readFileSync(`/proc/${mount.pid}/comm`, 'utf8')).toBe('configmapfs\n');
		expect(readFileSync(`/proc/${mount.pid}/cmdline`, 'utf8')).toContain(`main.js\0mount\0${dir}\0`);
		const server = readFileSync(`/proc/${mount.serverPid()}/cmdline`, 'utf8');
		expect(server).toContain('server.js\0');
		expect(server).toContain(dir);
	});
});

describe.skipIf(AS_ROOT.missing !== undefined)(`missing terminals, space and directories, ${titleOf(AS_ROOT)}`, () => {
	test('closing the terminal unmounts', async (ctx) => {
		ctx.skip(WITHOUT_PYTHON !== undefined, WITHOUT_PYTHON);
		const dir = mountPoint();
		const code = `import os, pty, sys
pid, terminal = pty.fork()
if pid == 0: os.execv(sys.argv[1], sys.argv[1:])
shown = b""
while b"mounted" not in shown: shown += os.read(terminal, 4096)
os.close(terminal)
print(os.waitpid(pid, 0)[1])`;
		const program = [process.execPath, join(DIST, 'main.js'), 'mount', dir, '-f', manifest()];
		expect(await runCommand(PYTHON, ['-c', code, ...program])).toMatchObject({ stdout: '0\n', stderr: '' });
		expect(mountsBelow(dir)).toEqual([]);
	});

	test('no space for private files: names the directory and the cure, and leaves nothing', async () => {
		const runtime = tmpfsDirectory('runtime');
		expect(await runCommand('mount', ['-o', 'remount,size=4k', runtime])).toMatchObject({ code: 0 });
		writeFileSync(join(runtime, 'filler'), Buffer.alloc(4096));
		const dir = mountPoint();
		const { code, stderr } = await runProgram(['mount', dir, '-f', manifest()], { env: { XDG_RUNTIME_DIR: runtime } });
		expect(stderr).toMatch(/^error: no room for the content in "\S+" \(ENOSPC\); .*XDG_RUNTIME_DIR.*\n$/);
		expect(code).toBe(71);
		expect(leftIn(runtime)).toEqual(['filler']);
		expect(mountsBelow(dir)).toEqual([]);
	});
});

describe.skipIf(process.env.CONFIGMAPFS_DIST !== undefined)('npm start', () => {
	const root = fileURLToPath(new URL('../../..', import.meta.url));

	test('Ctrl-C reaches the program, which unmounts', async () => {
		const dir = mountPoint();
		const args = ['start', '--silent', '--', 'mount', dir, '-f', manifest()];
		const child = spawn('npm', args, { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
		child.stdout.resume();
		child.stderr.resume();
		const ended = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
		await until(() => mountsBelow(dir).length > 0, 'the mount');
		// As a terminal does: to the process group.
		process.kill(-(child.pid ?? 0), 'SIGINT');
		await within(WAIT_MS, 'the end of npm start', ended);
		await until(() => mountsBelow(dir).length === 0, 'the mount to go');
	});
});

function openFiles(pid: number): readonly string[] {
	return readdirSafe(`/proc/${pid}/fd`).map((fd) => {
		try {
			return readlinkSync(`/proc/${pid}/fd/${fd}`);
		} catch {
			return '';
		}
	});
}

function readdirSafe(path: string): readonly string[] {
	try {
		return readdirSync(path);
	} catch {
		return [];
	}
}
