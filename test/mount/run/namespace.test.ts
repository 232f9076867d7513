/**
 * The private mount namespaces of `run`, on the real kernel: the application sees its volumes at their paths, the
 * machine does not see them, and refusals of the kernel are explained.
 */

import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { fixture } from '../../support/fixture-process.js';
import { PYTHON, WITHOUT_PYTHON } from '../../support/inotify.js';
import { isRunning, leftIn } from '../../support/mount-modes.js';
import {
	NamespaceChild,
	type NamespaceOptions,
	type NamespaceWay,
	ROOT_WAY,
	stopNamespaces,
	USER_WAY,
} from '../../support/namespace-child.js';
import { removeTemporaries, temporaryDirectory } from '../../support/temporary.js';
import { until } from '../../support/until.js';

const servers: Server[] = [];

afterEach(async () => {
	await stopNamespaces();
	for (const server of servers.splice(0)) server.close();
	removeTemporaries();
});

const WAYS = [ROOT_WAY, USER_WAY];
const ROOT_ONLY = ROOT_WAY.missing !== undefined;

function titleOf({ name, missing }: NamespaceWay): string {
	return missing === undefined ? name : `${name} (skipped: ${missing})`;
}

const FILES = { 'one/key': 'value', 'two/other': 'more' };

/** A process with two directories on its stage. */
async function start(way: NamespaceWay, options: NamespaceOptions = {}): Promise<NamespaceChild> {
	const child = await NamespaceChild.start(way, options);
	await child.files(FILES);
	return child;
}

/** A directory of the machine that every user may write to, with a file of each kind. */
function machineDirectory(way: NamespaceWay): string {
	const root = temporaryDirectory('machine dir, with:signs\\n', 0o777);
	for (const name of ['inner', 'odd name,:\\\nx', 'mounted']) {
		mkdirSync(join(root, name));
		chmodSync(join(root, name), 0o777);
	}
	writeFileSync(join(root, 'odd name,:\\\nx', 'text'), 'odd');
	writeFileSync(join(root, 'plain'), 'plain');
	writeFileSync(join(root, 'covered'), 'under');
	mkdirSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]));
	symlinkSync('inner', join(root, 'link'));
	spawnSync('mkfifo', [join(root, 'pipe')]);
	if (way.user !== undefined) chownSync(join(root, 'plain'), way.user.uid, way.user.gid);
	return root;
}

/** A socket at `path` that sends `hello` to each client. */
async function listenAt(path: string): Promise<void> {
	const server = createServer((socket) => socket.end('hello'));
	servers.push(server);
	await new Promise<void>((resolve) => server.listen(path, resolve));
	chmodSync(path, 0o777);
}

const CONNECT = 'require("net").connect(process.argv[1]).pipe(process.stdout)';

/** An application that sleeps until the end of the test, also after the end of its daemon. */
async function launchSleeper(child: NamespaceChild): Promise<number> {
	const pid = await child.launch('sh', '-c', 'echo; exec sleep 1000');
	onTestFinished(() => {
		if (isRunning(pid)) process.kill(pid, 'SIGKILL');
	});
	return pid;
}

/** A text that any change of these directories would alter. */
function stateOf(...directories: readonly string[]): string {
	const found = spawnSync('find', [...directories, '-printf', '%p %i %M %u %g %s %T@ %C@ %l\n'], { encoding: 'utf8' });
	return found.stdout;
}

for (const way of WAYS) {
	describe.skipIf(way.missing !== undefined)(titleOf(way), () => {
		test('mounts at existing and missing paths, and the machine is unchanged', async () => {
			const roots = () => `${stateOf('/etc')}${['/', '/srv', '/opt'].map((path) => readdirSync(path).join())}`;
			const before = roots();
			const child = await start(way);
			const built = await child.build(
				{ source: 'one', target: '/srv' },
				{ source: 'one', target: '/cmfs-test' },
				{ source: 'two', target: '/cmfs-test2/a', readOnly: false },
				{ source: 'one/key', target: '/etc/hosts' },
				{ source: 'one', target: '/etc/cmfs-test/a/config' },
				{ source: 'one/key', target: '/etc/cmfs-test/file.conf' },
				{ source: 'one', target: '/etc/cmfs test,:\\\n"/config' },
				{ source: 'two', target: '/var/run/cmfs-test/b', readOnly: false },
				{ source: 'one', target: '/usr/share/cmfs-test/c' },
				{ source: 'one', target: '/usr/cmfs-test' },
			);
			expect(built).toMatchObject({ copyOnWrite: ['/', '/etc', '/run', '/usr', '/usr/share'], unreachable: [] });
			const files = [
				...['/srv/key', '/cmfs-test/key', '/etc/hosts', '/etc/cmfs-test/a/config/key', '/etc/cmfs-test/file.conf'],
				...[
					'/etc/cmfs test,:\\\n"/config/key',
					'/usr/share/cmfs-test/c/key',
					'/usr/cmfs-test/key',
					'/cmfs-test2/a/other',
					'/run/cmfs-test/b/other',
				],
			];
			expect((await child.run('cat', ...files)).stdout).toBe(`${'value'.repeat(8)}${'more'.repeat(2)}`);
			// The files of the machine are all visible.
			expect((await child.run('sh', '-c', 'ls -A / && cat /etc/passwd && ls -A /etc')).stdout.split('\n')).toEqual(
				expect.arrayContaining([
					...readdirSync('/'),
					...readdirSync('/etc'),
					...readFileSync('/etc/passwd', 'utf8').split('\n'),
				]),
			);
			for (const path of ['/srv/x', '/cmfs-test/x', '/etc/hosts', '/etc/cmfs-test/a/config/key']) {
				const written = await child.run('sh', '-c', 'echo >"$0"', path);
				expect(written.stderr, path).toMatch(/Read-only file system/);
			}
			expect(await child.run('sh', '-c', 'cd /cmfs-test2/a && echo y >x && cat x')).toMatchObject({ stdout: 'y\n' });
			if (!ROOT_ONLY) expect(child.machineMounts('now')).toEqual(child.machineMounts('before'));
			expect(roots()).toBe(before);
			await child.stop();
			if (!ROOT_ONLY) expect(child.machineMounts('after')).toEqual(child.machineMounts('before'));
			expect(roots()).toBe(before);
			expect(leftIn(child.runtime)).toEqual([]);
		});

		test('neither the application nor the machine sees the mounts of the daemon', async () => {
			const child = await start(way);
			await child.build({ source: 'one', target: '/cmfs-test' });
			expect(await child.run('find', child.stage)).toMatchObject({ stdout: `${child.stage}\n` });
			expect((await child.run('cat', '/proc/self/mountinfo')).stdout).not.toContain(child.stage);
			await child.build({ source: 'one', target: '/srv' });
			expect(await child.run('find', child.stage)).toMatchObject({ stdout: `${child.stage}\n` });
			expect((await child.run('cat', '/proc/self/mountinfo')).stdout).not.toContain(child.stage);
			// The stage is below the directory that gets a stand-in.
			await child.build({ source: 'one', target: `${child.runtime}/cmfs-test/config` });
			expect((await child.run('find', child.stage, `${child.runtime}/cmfs-test`, '-type', 'f')).stdout).toBe(
				`${child.runtime}/cmfs-test/config/key\n`,
			);
			expect((await child.run('cat', '/proc/self/mountinfo')).stdout).not.toContain(child.stage);
			expect(readdirSync(child.onMachine(child.stage))).toEqual([]);
			expect(await child.read(`${child.stage}/one/key`)).toBe('value');
		});

		test('nested mounts are inside their outer mount', async () => {
			const child = await start(way);
			await child.files({ 'outer/inner/hidden': '' });
			await child.build(
				{ source: 'outer', target: '/etc/cmfs-test' },
				{ source: 'one', target: '/etc/cmfs-test/inner' },
			);
			expect((await child.run('find', '/etc/cmfs-test')).stdout.split('\n').sort()).toEqual([
				'',
				'/etc/cmfs-test',
				'/etc/cmfs-test/inner',
				'/etc/cmfs-test/inner/key',
			]);
			await expect(
				child.build({ source: 'outer', target: '/srv' }, { source: 'one', target: '/srv/none' }),
			).rejects.toThrow(
				'cannot mount at "/srv/none": the volume that is mounted at "/srv" has no such path; ' +
					'choose another mountPath, or mount a writable volume there',
			);
		});

		test.each([
			{ how: 'nothing mounted in it', prepare: '', overlay: { root: true, user: true } },
			{
				how: 'mounts in it, which an overlay of a user namespace may not take away',
				prepare: `mount -t tmpfs m "$MACHINE/mounted"; echo below >"$MACHINE/mounted/file"
					echo over >"$d/over"; mount --bind "$d/over" "$MACHINE/covered"`,
				overlay: { root: true, user: false },
			},
			{
				how: 'two overlays, on which the kernel stacks no third',
				prepare: `for n in 1 2; do
					mkdir "$d/$n"; mount -t tmpfs m "$d/$n"; mkdir "$d/$n/u" "$d/$n/w"; chmod 777 "$d/$n/u"
					(cd "$MACHINE" && mount -t overlay -o "lowerdir=.,upperdir=$d/$n/u,workdir=$d/$n/w" o "$MACHINE")
				done`,
				overlay: { root: false, user: false },
			},
		])('a stand-in shows everything of the directory: $how', async (one) => {
			if (one.prepare !== '' && ROOT_ONLY) return;
			const machine = machineDirectory(way);
			await listenAt(join(machine, 'socket'));
			const child = await start(way, { prepare: one.prepare, env: { MACHINE: machine } });
			const built = await child.build({ source: 'one', target: `${machine}/new/config` });
			expect(built).toMatchObject({ copyOnWrite: [machine], unreachable: [] });
			const shell = async (script: string) => (await child.run('sh', '-c', `cd "$0"; ${script}`, machine)).stdout;
			const isOverlay = (await shell('stat -f -c %T .')) === 'overlayfs\n';
			expect(isOverlay).toBe(way === ROOT_WAY ? one.overlay.root : one.overlay.user);
			expect(await shell('cat plain new/config/key link/../plain')).toBe('plainvalueplain');
			expect((await child.run('cat', `${machine}/odd name,:\\\nx/text`)).stdout).toBe('odd');
			const hasMounts = one.prepare.includes('covered');
			expect(await shell('cat covered; ls mounted')).toBe(hasMounts ? 'over\nfile\n' : 'under');
			expect(
				await shell('test -p pipe && test -S socket && test -L link && find . -mindepth 1 -maxdepth 1 -printf x'),
			).toBe('x'.repeat(10));
			// Subdirectories are the machine's own; new files directly in the stand-in are not.
			await shell('echo one >inner/made; echo two >new-file; echo three >new/made; echo four >plain');
			expect(readFileSync(child.onMachine(join(machine, 'inner/made')), 'utf8')).toBe('one\n');
			expect(readdirSync(child.onMachine(machine))).not.toContain('new-file');
			expect(readdirSync(child.onMachine(machine))).not.toContain('new');
			expect(await shell('cat new-file new/made plain')).toBe('two\nthree\nfour\n');
			expect(readFileSync(child.onMachine(join(machine, 'plain')), 'utf8')).toBe(isOverlay ? 'plain' : 'four\n');
			// The sockets of an overlay are not those of the directory below it.
			if (!one.prepare.includes('overlay'))
				expect((await child.run(process.execPath, '-e', CONNECT, `${machine}/socket`)).stdout).toBe('hello');
		});

		test.skipIf(ROOT_ONLY)('a stand-in of a read-only directory is read-only', async () => {
			const machine = machineDirectory(way);
			const child = await start(way, {
				prepare: 'mount --rbind "$MACHINE" "$MACHINE"; mount -o remount,bind,ro,noexec "$MACHINE"',
				env: { MACHINE: machine },
			});
			await child.build({ source: 'one', target: `${machine}/new/config` });
			const { stdout, stderr } = await child.run('sh', '-c', 'cd "$0"; cat new/config/key; echo >made', machine);
			expect(stdout).toBe('value');
			expect(stderr).toMatch(/made: Read-only file system/);
		});

		test('a new start sees the present sources and machine', async () => {
			const machine = machineDirectory(way);
			const child = await start(way);
			const plan = { source: 'one', target: `${machine}/new/config` };
			await child.build(plan);
			const first = await launchSleeper(child);
			writeFileSync(join(machine, 'later'), 'later');
			await child.files({ 'one/key': 'changed' });
			await child.run('sh', '-c', 'echo lost >"$0/lost"', machine);
			await child.build(plan);
			const { stdout } = await child.run('sh', '-c', 'cd "$0"; cat new/config/key later; ls', machine);
			expect(stdout).toMatch(/^changedlater/);
			expect(stdout).not.toContain('lost');
			expect(isRunning(first)).toBe(true);
			expect(await child.members()).toEqual([]);
		});

		test('members are the processes inside', async () => {
			const child = await start(way);
			await child.build({ source: 'one', target: '/srv' });
			const pid = await child.launch('sh', '-c', 'sleep 1000 & echo; wait');
			const members = await until(async () => {
				const all = await child.members();
				return all.length === 2 && all;
			}, 'a shell and its child');
			expect(members).toContain(pid);
			await child.killMembers();
			await until(async () => (await child.members()).length === 0, 'no members');
		});

		test('an application is an ordinary process of its user, in the directory of the caller', async () => {
			const cwd = join(machineDirectory(way), 'inner');
			const child = await start(way, { cwd });
			await child.build({ source: 'one', target: '/cmfs-test' });
			const { stdout } = await child.run('sh', '-c', 'id -u; id -g; pwd; grep Cap /proc/self/status');
			const plain = spawnSync('grep', ['Cap', '/proc/self/status'], { encoding: 'utf8', ...way.user }).stdout;
			const ids = way.user ?? { uid: process.getuid?.(), gid: process.getgid?.() };
			const [uid, gid, pwd, ...capabilities] = stdout.split('\n');
			expect([uid, gid, pwd]).toEqual([String(ids.uid), String(ids.gid), cwd]);
			// Capabilities from a file would be those of its own user namespace.
			const bounded = (line: string) => !line.startsWith('CapBnd');
			expect(capabilities.filter(bounded)).toEqual(plain.split('\n').filter(bounded));
			// A volume hides the directory.
			await child.build({ source: 'one', target: dirname(cwd) });
			expect((await child.run('pwd')).stdout).toBe('/\n');
			expect((await child.self()).cwd).toBe(cwd);
			expect((await child.runOutside('pwd')).stdout).toBe(`${cwd}\n`);
		});

		test('after a failure the daemon is in its own namespace again', async () => {
			const child = await start(way);
			await child.build({ source: 'one', target: '/srv' });
			await expect(child.fail()).rejects.toThrow('as requested');
			await expect(child.build({ source: 'none', target: '/etc/cmfs-test' })).rejects.toThrow(
				'cannot mount at "/etc/cmfs-test": ENOENT',
			);
			expect(await child.read(`${child.stage}/one/key`)).toBe('value');
			const outside = await child.runOutside('sh', '-c', 'find /srv -maxdepth 1 -name key; test -e /etc/cmfs-test');
			expect(outside).toMatchObject({ status: 1, stdout: '' });
		});

		test.each([
			['/', 'one', 'it is the root directory; choose a mountPath below it'],
			['/etc/passwd', 'one', /^not a directory: a directory cannot be mounted onto a file; mount one file .* subPath/],
			[
				'/etc',
				'one/key',
				'is a directory: a file cannot be mounted onto a directory; use the path of the file as mountPath',
			],
			['/etc/passwd/x', 'one', '"/etc/passwd" is not a directory; choose another mountPath, or move it away'],
			['/proc/cmfs-test', 'one', 'it does not exist, and it is inside proc; choose another mountPath'],
			['/sys/cmfs/test', 'one', 'it does not exist, and it is inside sysfs; choose another mountPath'],
		])('nothing can be mounted at %s', async (target, source, reason) => {
			const child = await start(way);
			const error: unknown = await child.build({ source, target }).catch((thrown: unknown) => thrown);
			expect(error).toMatchObject({ code: 'MOUNT_POINT_INVALID' });
			const message = (error as Error).message;
			const prefix = `cannot mount at "${target}": `;
			expect(message.slice(0, prefix.length)).toBe(prefix);
			if (typeof reason === 'string') expect(message.slice(prefix.length)).toContain(reason);
			else expect(message.slice(prefix.length)).toMatch(reason);
		});

		test('a volume of the kernel driver: reads, updates, inotify, and a file that does not follow', async () => {
			const child = await start(way);
			await child.build({ source: 'one', target: '/srv' });
			// The driver starts threads, which share root and working directory with the one that enters namespaces.
			await child.volume({ key: 'first', gone: '' });
			expect((await child.run('cat', '/srv/key')).stdout).toBe('value');
			const plan = [
				{ source: 'volume', target: '/etc/cmfs-test/config' },
				{ source: 'volume/key', target: '/etc/cmfs-test/key' },
			];
			await child.build(...plan);
			const read = async () => (await child.run('sh', '-c', 'cd /etc/cmfs-test; cat config/key key; ls config')).stdout;
			expect(await read()).toBe('firstfirstgone\nkey\n');
			let events = '';
			if (WITHOUT_PYTHON === undefined) {
				const output = temporaryDirectory('events', 0o777);
				const watches = JSON.stringify([{ path: '/etc/cmfs-test/config', follow: true }]);
				const script = 'cd "$0"; mkfifo open; exec 4<>open; "$1" "$2" "$3" <&4 | tee events';
				await child.launch('sh', '-c', script, output, PYTHON, fixture('inotify.py'), watches);
				await child.volume({ key: 'second' });
				events = await until(() => {
					const text = readFileSync(join(output, 'events'), 'utf8');
					return text.includes('"DELETE"') && text.includes('"gone"') && text;
				}, 'events of an update');
				// The watches are in this namespace; afterwards the child works in the next one.
				await child.killMembers();
			} else await child.volume({ key: 'second' });
			if (events !== '') expect(events).toMatch(/"name": "..data", "flags": \["MOVED_TO"\]/);
			expect(await read()).toBe('secondfirstkey\n');
			await child.build(...plan);
			expect(await read()).toBe('secondsecondkey\n');
			for (const path of ['config/key', 'config/new', 'key']) {
				const written = await child.run('sh', '-c', 'echo >"/etc/cmfs-test/$0"', path);
				expect(written.stderr, path).toMatch(/Read-only file system/);
			}
			const { stdout } = await child.run('stat', '-L', '-c', '%U %a', '/etc/cmfs-test/config/key');
			expect(stdout).toBe((await child.run('id', '-un')).stdout.replace('\n', ' 644\n'));
		});

		test('after a kill of all processes the machine has an empty directory, which the next start removes', async () => {
			const child = await start(way);
			await child.build({ source: 'one', target: '/etc/cmfs-test' });
			const pid = await launchSleeper(child);
			await child.kill();
			expect(isRunning(pid)).toBe(true);
			expect(readFileSync(`/proc/${pid}/root/etc/cmfs-test/key`, 'utf8')).toBe('value');
			process.kill(pid, 'SIGKILL');
			expect(leftIn(child.runtime)).toHaveLength(4);
			const next = await start(way, { runtime: child.runtime });
			expect(leftIn(child.runtime).filter((name) => name.endsWith('stage'))).toHaveLength(1);
			await next.stop();
			expect(leftIn(child.runtime)).toEqual([]);
		});

		test('the end of the daemon does not affect a running application', async () => {
			const child = await start(way);
			await child.build({ source: 'one', target: '/etc/cmfs-test' });
			const pid = await launchSleeper(child);
			await child.stop();
			expect(readFileSync(`/proc/${pid}/root/etc/cmfs-test/key`, 'utf8')).toBe('value');
			process.kill(pid, 'SIGKILL');
			expect(leftIn(child.runtime)).toEqual([]);
		});
	});
}
