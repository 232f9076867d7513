/**
 * The command line on a real machine: its errors, its effects on the process that started it, and names with characters
 * that are special to a shell or a mount table.
 */

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { writeManifest } from '../../support/manifest.js';
import { AS_ROOT, AS_USER, leftIn, messages, startIn, titleOf } from '../../support/mount-modes.js';
import { DIST, runCommand, runProgram, startMount, stopAll } from '../../support/mount-process.js';
import { mountsBelow, removeTemporaries, temporaryDirectory, tmpfsDirectory } from '../../support/temporary.js';
import { until, WAIT_MS, within } from '../../support/until.js';

const children: { kill(signal: NodeJS.Signals): boolean }[] = [];

afterEach(async () => {
	for (const child of children.splice(0)) child.kill('SIGKILL');
	await stopAll();
	removeTemporaries();
});

const PROGRAM = join(DIST, 'main.js');

function manifest(): string {
	const file = join(temporaryDirectory('src', 0o755), 'app.yaml');
	writeManifest(file, { name: 'app', data: { key: 'one' } });
	return file;
}

function mountPoint(): string {
	return temporaryDirectory('mnt', 0o777);
}

/** Daemons that `--background` left in a test; unmounting their mounts ends them. */
async function unmounted(dir: string): Promise<void> {
	expect(await runProgram(['unmount', dir])).toMatchObject({ code: 0, stderr: '' });
}

describe('errors are one line, with the cure and the right status', () => {
	test('neither a source nor a kubeconfig', async () => {
		const home = temporaryDirectory('home', 0o755);
		expect(await runProgram(['mount', '/x'], { env: { HOME: home, KUBECONFIG: '' } })).toMatchObject({
			code: 78,
			stderr: `error: no kubeconfig: no configuration has been provided in "${home}/.kube/config"; set KUBECONFIG, pass --kubeconfig FILE, or give local manifests with -f\n`,
			stdout: '',
		});
	});

	test.each([
		[['mount'], 64, 'the mount point DIR is missing; see "configmapfs mount --help"'],
		[['help', 'moutn'], 64, 'unknown command "moutn" for "configmapfs"; did you mean "mount"?'],
		[
			['mount', '/x', '--volume', 'a/b/c', '-f', '/dev/null'],
			64,
			'invalid argument "a/b/c" for "--volume": expected NAME or NAMESPACE/NAME',
		],
		[['moutn', 'x'], 64, 'unknown command "moutn" for "configmapfs"; did you mean "mount"?'],
		[[], 64, 'no command given; have: run, env, lint, mount, unmount, create; see "configmapfs --help"'],
		[['mount', '/x', '-f', 'y', '--frob'], 64, 'unknown flag: --frob; see "configmapfs mount --help"'],
		[['mount', '/x', '-f'], 64, `flag needs an argument: 'f' in -f; see "configmapfs mount --help"`],
		[
			['mount', '/nonexistent/x', '-f', '/dev/null'],
			73,
			'cannot use "/nonexistent/x": no such directory; make it with "mkdir -p", or pass --mkdir',
		],
		[
			['mount', '/nonexistent', '-f', '/dev/null'],
			73,
			'cannot use "/nonexistent": no such directory; make it with "mkdir", or pass --mkdir',
		],
		[
			['mount', '/etc/passwd', '-f', '/dev/null'],
			73,
			'cannot mount on "/etc/passwd": not a directory; choose or make a directory',
		],
		[['unmount'], 64, 'the mount point DIR is missing, or --all; see "configmapfs unmount --help"'],
		[['unmount', '/nonexistent'], 71, 'cannot unmount "/nonexistent": no such directory'],
		[['unmount', '/proc'], 71, 'cannot unmount "/proc": it is a proc file system, not a mount of configmapfs'],
	] as const)('%j', async (args, code, text) => {
		const result = await runProgram([...args]);
		expect({ code: result.code, stderr: result.stderr, stdout: result.stdout }).toEqual({
			code,
			stderr: `error: ${text}\n`,
			stdout: '',
		});
	});

	test.skipIf(AS_ROOT.missing !== undefined)('no /dev/fuse', async () => {
		const hidden = 'mount -t tmpfs cmfs-test /dev && exec "$@"';
		const args = [process.execPath, PROGRAM, 'mount', mountPoint(), '-f', manifest()];
		const missing = await runCommand('unshare', ['-m', 'sh', '-ec', hidden, 'sh', ...args]);
		expect(missing).toMatchObject({ code: 69 });
		expect(missing.stderr).toMatch(
			/^error: \/dev\/fuse does not exist; load the kernel module \("modprobe fuse"\), .*, or use --driver directory\n$/,
		);
	});

	const NEEDS_BOTH = AS_ROOT.missing !== undefined || AS_USER.missing !== undefined;
	test.skipIf(NEEDS_BOTH)('a /dev/fuse that other users cannot open', async () => {
		const device = temporaryDirectory('device');
		const closed = `mount -t tmpfs cmfs-test "$0"; mknod -m 600 "$0/fuse" c 10 229
			mount --bind "$0/fuse" /dev/fuse; exec "$@"`;
		const user = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
		const args = [process.execPath, PROGRAM, 'mount', mountPoint(), '-f', manifest()];
		const denied = await runCommand('unshare', ['-m', 'sh', '-ec', closed, device, ...user, ...args]);
		expect(denied).toMatchObject({ code: 77 });
		expect(denied.stderr).toMatch(
			/^error: cannot open \/dev\/fuse: permission denied; "chmod 666 \/dev\/fuse" as root/,
		);
	});

	test.skipIf(AS_ROOT.missing !== undefined)('mounted already, and not empty', async () => {
		const dir = mountPoint();
		writeFileSync(join(dir, 'hidden'), '');
		const { mount } = await startIn(AS_ROOT, dir, ['-f', manifest()]);
		expect(messages(mount)).toEqual([
			`"${dir}" is not empty; "hidden" and its other files are hidden while it is mounted`,
			`mounted 1 ConfigMap on ${dir} (kernel driver)`,
		]);
		const again = await runProgram(['mount', dir, '-f', manifest()]);
		expect(again).toMatchObject({
			code: 75,
			stderr: `error: "${dir}" is already mounted; run "configmapfs unmount ${dir}" first, or choose another directory\n`,
		});
	});
});

describe('help', () => {
	test.each([80, 120])('fits into %d columns', async (columns) => {
		for (const args of [['--help'], ['mount', '--help'], ['unmount', '-h'], ['help', 'mount']]) {
			const result = await runProgram(args, { env: { COLUMNS: String(columns) } });
			expect(result).toMatchObject({ code: 0, stderr: '' });
			for (const line of result.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
		}
	});

	test('mount --help has groups, examples and exit statuses', async () => {
		const { stdout } = await runProgram(['mount', '--help']);
		for (const heading of ['Sources (', 'Content:', 'Mount:', 'Operation:', 'Examples:', 'Exit status:']) {
			expect(stdout).toContain(heading);
		}
		expect(stdout).not.toMatch(/\[(string|boolean|default)/);
	});

	test.each([['--version'], ['mount', '--version'], ['run', '--version', '--', 'x']])('%s %s', async (...args) => {
		expect(await runProgram(args)).toMatchObject({
			code: 0,
			stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
			stderr: '',
		});
	});

	test('works in a working directory that was removed', async () => {
		const script = 'mkdir "$2/x" && cd "$2/x" && rmdir "$2/x" && "$0" "$1" create --help';
		const args = ['-c', script, process.execPath, PROGRAM, temporaryDirectory('gone')];
		const result = await runCommand('sh', args);
		expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing is created'), stderr: '' });
	});

	test('output that does not fit on a full disk is an error', async () => {
		const script = '"$0" "$1" create cm app --from-literal=a=b > /dev/full';
		expect(await runCommand('sh', ['-c', script, process.execPath, PROGRAM])).toMatchObject({
			code: 74,
			stderr: 'error: cannot write the output: no space left on device; the output is incomplete\n',
		});
	});

	test('a reader that stops reading early is not an error', async () => {
		const script = `"$0" "$1" mount --help | head -1`;
		const result = await runCommand('bash', ['-o', 'pipefail', '-c', script, process.execPath, PROGRAM]);
		expect(result).toMatchObject({ code: 0, stderr: '' });
	});
});

const NAMES = [
	['characters that a shell would run or expand', '$(touch pwned) `id`; *'],
	['a comma and an equals sign', 'a,b=c'],
	['characters that the mount table escapes', ' a\n\tb\\c\\040 #d '],
	['quotes', `'a"`],
	['quotes around it', '"a"'],
	['unicode', 'ä 日本 🙂'],
	['a leading dash', '-rf'],
	['200 letters', 'x'.repeat(200)],
] as const;

describe.each([AS_ROOT, AS_USER])('names, $name', (way) => {
	test.skipIf(way.missing !== undefined).each(NAMES)(`%s, ${titleOf(way)}`, async (_, name) => {
		const parent = mountPoint();
		const dir = join(parent, name);
		mkdirSync(dir, { mode: 0o777 });
		// The umask may have removed bits.
		await runCommand('chmod', ['777', dir]);
		const { mount } = await startIn(way, dir, ['-f', manifest()]);
		expect((await mount.run('cat', ['--', `${dir}/app/key`])).stdout).toBe('one');
		const result = await mount.run(process.execPath, [PROGRAM, 'unmount', '--', dir]);
		expect(result).toMatchObject({ code: 0, stderr: '' });
		expect(await within(WAIT_MS, 'the end of the daemon', mount.ended)).toEqual({ code: 0, signal: null });
		expect(mountsBelow(parent)).toEqual([]);
		expect(readdirSync(parent)).toEqual([name]);
	});
});

describe.skipIf(AS_ROOT.missing !== undefined)(`forms of DIR, ${titleOf(AS_ROOT)}`, () => {
	test.each([
		['relative', './mnt', 'mnt'],
		['with a trailing slash', 'mnt//', 'mnt'],
		['through ..', 'other/../mnt', 'mnt'],
		['itself', 'mnt/.', 'mnt'],
		['a link', 'link', 'mnt'],
		['behind a link', 'deep/../mnt2', 'far/mnt2'],
		['with a leading dash', '-mnt', '-mnt'],
	])('%s', async (_, typed, meant) => {
		const cwd = mountPoint();
		for (const name of ['mnt', 'other', '-mnt', 'far/inner', 'far/mnt2'])
			mkdirSync(join(cwd, name), { recursive: true });
		symlinkSync('mnt', join(cwd, 'link'));
		symlinkSync('far/inner', join(cwd, 'deep'));
		const mounted = await runProgram(['mount', '-b', '-f', manifest(), '--', typed], { cwd });
		expect(mounted.code).toBe(0);
		expect(mountsBelow(cwd)).toEqual([join(cwd, meant)]);
		expect(await runProgram(['unmount', '--', typed], { cwd })).toMatchObject({ code: 0, stderr: '' });
		expect(mountsBelow(cwd)).toEqual([]);
	});
});

describe.skipIf(AS_ROOT.missing !== undefined)(`in the background, ${titleOf(AS_ROOT)}`, () => {
	test('returns once the mount is ready, and closes its output', async () => {
		const dir = mountPoint();
		const log = join(temporaryDirectory('log'), 'log');
		const file = manifest();
		const result = await runProgram(['mount', dir, '-b', '-f', file, '--log-file', log]);
		// collect() waits for the end of its pipes, so no process holds them any more.
		expect(result).toMatchObject({ code: 0, stderr: '', stdout: '' });
		expect(readFileSync(join(dir, 'app/key'), 'utf8')).toBe('one');
		writeManifest(file, { name: 'app', data: { key: 'two' } });
		await until(
			() => readFileSync(log, 'utf8').includes('default/app: changed key (1 key, 3 bytes)'),
			'the log to go on',
		);
		await unmounted(dir);
		await until(() => readFileSync(log, 'utf8').includes('unmounted from outside'), 'the last line');
		for (const line of readFileSync(log, 'utf8').trimEnd().split('\n')) {
			expect(line).toMatch(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] INFO: [a-z]/);
		}
	});

	test('fails with the status and the message of the child', async () => {
		const dir = mountPoint();
		const result = await runProgram(['mount', dir, '-b', '-f', '/nonexistent.yaml']);
		expect(result).toMatchObject({ code: 66, stderr: 'error: the path "/nonexistent.yaml" does not exist\n' });
		expect(mountsBelow(dir)).toEqual([]);
	});

	test('reads standard input, and a pipe of the shell', async () => {
		const file = manifest();
		const [first, second] = [mountPoint(), mountPoint()];
		const result = await runProgram(['mount', first, '--background', '-f', '-'], { input: readFileSync(file, 'utf8') });
		expect(result.code).toBe(0);
		const script = `"$0" "$1" mount "$2" -b -f <(cat "$3")`;
		expect((await runCommand('bash', ['-c', script, process.execPath, PROGRAM, second, file])).code).toBe(0);
		for (const dir of [first, second]) {
			expect(readFileSync(join(dir, 'app/key'), 'utf8')).toBe('one');
			await unmounted(dir);
		}
	});

	test('Ctrl-C while it waits also ends the child', async () => {
		const dir = mountPoint();
		const args = [PROGRAM, 'mount', dir, '-b', '--volume', 'later', '-f', manifest()];
		const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
		children.push(child);
		let text = '';
		child.stderr.on('data', (chunk: Buffer) => {
			text += chunk.toString();
		});
		await until(() => text.includes('waiting'), 'the wait');
		const ended = new Promise((resolve) => child.on('close', (code) => resolve(code)));
		child.kill('SIGINT');
		expect(await within(WAIT_MS, 'its end', ended)).toBe(130);
		const left = (await runCommand('pgrep', ['-f', `main.js mount ${dir} `])).stdout.trim();
		expect(left).toBe('');
	});
});

describe.skipIf(AS_ROOT.missing !== undefined)(`the process that starts it, ${titleOf(AS_ROOT)}`, () => {
	test.each(['path', 'abstract'])('systemd is notified over a socket with a %s name', async (kind) => {
		const dir = mountPoint();
		const directory = temporaryDirectory('notify');
		const path = join(directory, 'socket');
		const received = join(directory, 'received');
		const name = kind === 'path' ? path : `@cmfs-test-${process.pid}`;
		const code = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
n = sys.argv[1]; s.bind('\\0' + n[1:] if n[0] == '@' else n); print('bound', flush=True)
while True:
    open(sys.argv[2], 'ab').write(s.recv(4096) + b'|')`;
		if ((await runCommand('sh', ['-c', 'command -v python3'])).code !== 0) return;
		const listener = spawn('python3', ['-c', code, name, received], { stdio: ['ignore', 'pipe', 'inherit'] });
		children.push(listener);
		await new Promise((resolve) => listener.stdout.once('data', resolve));
		const mount = await startMount(dir, ['-f', manifest()], { env: { NOTIFY_SOCKET: name } });
		await until(() => existsSync(received) && readFileSync(received, 'utf8').endsWith('|'), 'READY');
		expect(readFileSync(received, 'utf8')).toBe(`READY=1\nMAINPID=${mount.pid}\nSTATUS=mounted\n|`);
		await mount.stop();
		await until(() => readFileSync(received, 'utf8').endsWith('|STOPPING=1\n|'), 'STOPPING');
	});

	test('closed outputs neither block nor end it', async () => {
		const dir = mountPoint();
		const file = manifest();
		const script = '"$0" "$@" >&- 2>&- <&- &';
		await runCommand('bash', ['-c', script, process.execPath, PROGRAM, 'mount', dir, '-f', file]);
		await until(() => mountsBelow(dir).length > 0, 'the mount');
		writeManifest(file, { name: 'app', data: { key: 'two' } });
		await until(() => readFileSync(join(dir, 'app/key'), 'utf8') === 'two', 'the new value');
		await unmounted(dir);
	});

	test('a full pipe without a reader neither blocks nor ends it', async () => {
		const dir = mountPoint();
		const file = manifest();
		const args = [PROGRAM, 'mount', dir, '-f', file, '--log-level', 'debug'];
		const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
		children.push(child);
		child.stderr.pause();
		await until(() => mountsBelow(dir).length > 0, 'the mount');
		const keys = Array.from({ length: 400 }, (_, index) => `a-rather-long-name-of-a-key-number-${index}`);
		for (let round = 0; round < 12; round++) {
			writeManifest(file, { name: 'app', data: Object.fromEntries(keys.map((key) => [`${key}.${round}`, 'x'])) });
			const last = join(dir, `app/${keys.at(-1)}.${round}`);
			await until(() => existsSync(last), `round ${round}`);
		}
		const ended = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
		child.kill('SIGTERM');
		expect(await within(WAIT_MS, 'its end', ended)).toBe(0);
	});
});

describe('a plain directory', () => {
	const DIRECTORY = ['--driver', 'directory'];

	test('is written by one daemon at a time, found by unmount, and empty at the end', async () => {
		const dir = tmpfsDirectory('plain');
		const runtime = tmpfsDirectory('runtime', 0o777);
		const env = { XDG_RUNTIME_DIR: runtime };
		const mount = await startMount(dir, ['-f', manifest(), ...DIRECTORY], { env });
		const second = await runProgram(['mount', dir, '-f', manifest(), ...DIRECTORY], { env });
		expect(second).toMatchObject({
			code: 75,
			stderr: `error: "${dir}" is already in use by the configmapfs with process id ${mount.pid}; run "configmapfs unmount ${dir}" first, or choose another directory\n`,
		});
		expect(readFileSync(join(dir, 'app/key'), 'utf8')).toBe('one');
		expect(await runProgram(['unmount', `${dir}/`], { env })).toMatchObject({ code: 0, stderr: '' });
		expect(await within(WAIT_MS, 'its end', mount.ended)).toEqual({ code: 0, signal: null });
		expect(readdirSync(dir)).toEqual([]);
		expect(leftIn(runtime)).toEqual([]);
	});

	test('files of a killed daemon are adopted, or removed if no source has them any more', async () => {
		const dir = tmpfsDirectory('plain');
		const file = manifest();
		writeManifest(file, { name: 'app', data: { key: 'one' } }, { name: 'old', data: { key: 'x' } });
		const first = await startMount(dir, ['-f', file, ...DIRECTORY]);
		const generation = (await runCommand('readlink', [`${dir}/app/..data`])).stdout;
		first.child.kill('SIGKILL');
		await first.ended;
		expect(readdirSync(dir).sort()).toEqual(['app', 'old']);
		writeManifest(file, { name: 'app', data: { key: 'one' } });
		const second = await startMount(dir, ['-f', file, ...DIRECTORY]);
		expect(readdirSync(dir)).toEqual(['app']);
		expect((await runCommand('readlink', [`${dir}/app/..data`])).stdout).toBe(generation);
		expect(await second.stop()).toEqual({ code: 0, signal: null });
		expect(readdirSync(dir)).toEqual([]);
	});

	test.each([
		[
			'a file',
			(dir: string) => {
				writeFileSync(join(dir, 'mine.txt'), 'x');
			},
			'mine.txt',
		],
		[
			'a directory of files',
			(dir: string) => {
				mkdirSync(join(dir, 'app'));
				writeFileSync(join(dir, 'app/key'), 'x');
			},
			'app/key',
		],
		[
			'a file in a volume',
			(dir: string) => {
				mkdirSync(join(dir, 'app/..2026_11_21_04_03_39.1'), { recursive: true });
				symlinkSync('..2026_11_21_04_03_39.1', join(dir, 'app/..data'));
				writeFileSync(join(dir, 'app/mine.txt'), 'x');
			},
			'app/mine.txt',
		],
	])('with %s of another program is refused and unchanged', async (_, make, found) => {
		const dir = tmpfsDirectory('plain');
		make(dir);
		for (const extra of [[], ['--volume', 'app']]) {
			const result = await runProgram(['mount', dir, '-f', manifest(), ...DIRECTORY, ...extra]);
			expect(result).toMatchObject({
				code: 73,
				stderr: `error: "${dir}" is not empty: "${found}" is not a volume of configmapfs; choose an empty directory, or move its content away\n`,
			});
		}
		expect(existsSync(join(dir, found))).toBe(true);
	});
});

describe.skipIf(AS_ROOT.missing !== undefined)(`the log, ${titleOf(AS_ROOT)}`, () => {
	test('trace shows each request and its reply, and no content', async () => {
		const dir = mountPoint();
		const { mount } = await startIn(AS_ROOT, dir, ['-f', manifest(), '--log-level', 'trace']);
		await runCommand('cat', [join(dir, 'app/key')]);
		await mount.stop();
		const lines = mount.stderr.split('\n').filter((line) => /^[rt]x /.test(line));
		const answered = new Set(lines.filter((line) => line.startsWith('tx')).map((line) => line.split(' ')[1]));
		for (const line of lines) {
			expect(line).toMatch(/^rx \d+ [A-Z_]+( .*)?$|^tx \d+ (ok|E[A-Z]+|no reply)( .*)? \d+us$/);
			expect(answered).toContain(line.split(' ')[1]);
		}
		expect(mount.stderr).toMatch(/^rx \d+ LOOKUP n1 "app" p\d+$/m);
		expect(mount.stderr).toMatch(/^rx \d+ READ n\d+ offset 0 size \d+ p\d+$/m);
		expect(mount.stderr).toMatch(/^tx \d+ ok 3 bytes \d+us$/m);
	});

	test('at the start one line counts the ConfigMaps', async () => {
		const dir = mountPoint();
		const file = join(temporaryDirectory('src'), 'all.yaml');
		writeManifest(file, ...Array.from({ length: 200 }, (_, index) => ({ name: `app-${index}`, data: { key: 'x' } })));
		const { mount } = await startIn(AS_ROOT, dir, ['-f', file]);
		expect(mount.logLines()).toMatchObject([{ level: 'info', event: 'mounted', volumes: 200 }]);
		await mount.stop();
	});

	test.each([
		['with colours', { TERM: 'xterm' }, true],
		['without colours if NO_COLOR is set', { TERM: 'xterm', NO_COLOR: '1' }, false],
		['without colours if the terminal has none', { TERM: 'dumb' }, false],
	])('on a terminal it is text, %s', async (_, env, hasColor) => {
		const dir = mountPoint();
		const file = manifest();
		const script = await runCommand('sh', ['-c', 'command -v script']);
		if (script.code !== 0) return;
		const command = `exec '${process.execPath}' '${PROGRAM}' mount '${dir}' -f '${file}'`;
		const running = runCommand('script', ['-qec', command, '/dev/null'], { env });
		await until(() => mountsBelow(dir).length > 0, 'the mount');
		writeManifest(file, { name: 'app', data: { key: 'two' } });
		await until(() => readFileSync(join(dir, 'app/key'), 'utf8') === 'two', 'the new value');
		await unmounted(dir);
		const { stdout } = await running;
		expect(stdout.includes('\u001b[')).toBe(hasColor);
		expect(stdout).toContain(`mounted 1 ConfigMap on ${dir} (kernel driver)`);
		expect(stdout).toContain(`  ${dir} shows app\r\n`);
		expect(stdout).toContain('default/app: changed key (1 key, 3 bytes)');
		expect(stdout).not.toContain('{"');
	});

	test('as JSON it is only JSON, on a terminal, too', async () => {
		if ((await runCommand('sh', ['-c', 'command -v script'])).code !== 0) return;
		const dir = mountPoint();
		const command = `exec '${process.execPath}' '${PROGRAM}' mount '${dir}' -f '${manifest()}' --log-format json`;
		const running = runCommand('script', ['-qec', command, '/dev/null']);
		await until(() => mountsBelow(dir).length > 0, 'the mount');
		await unmounted(dir);
		const lines = (await running).stdout.trim().split('\r\n');
		expect(lines.map((line) => JSON.parse(line))).toMatchObject([
			{ event: 'mounted', msg: `mounted 1 ConfigMap on ${dir} (kernel driver)` },
			{ event: 'unmounted', msg: 'unmounted from outside' },
		]);
	});
});
