/**
 * The application as a process: its inheritance, its signals, its end and what remains afterwards. Some tests compare
 * it with the same command started by a shell.
 */

import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { killProcess, mountNamespaceOf } from '../../../src/native/proc.js';
import { type AppOptions, AppRun, linesOf, runLine, stopApps } from '../../support/app-run.js';
import { fixture, stopFixtures } from '../../support/fixture-process.js';
import { PYTHON, WITHOUT_PYTHON } from '../../support/inotify.js';
import { isRunning, stateOf } from '../../support/mount-modes.js';
import { canUnshare, runCommand, unprivilegedUser } from '../../support/mount-process.js';
import { removeTemporaries, temporaryDirectory } from '../../support/temporary.js';
import { until } from '../../support/until.js';

/** Files with the process ids, one a line, of processes that a test has started outside its application. */
const pidFiles: string[] = [];
/** The same, for applications that outlive their parent if a test fails. */
const started: number[] = [];

afterEach(() => {
	stopApps();
	const left = [...pidFiles.splice(0).flatMap(linesOf).map(Number), ...started.splice(0)];
	for (const pid of left) if (isRunning(pid)) killProcess(pid);
	stopFixtures();
	removeTemporaries();
});

const isRoot = process.getuid?.() === 0;
const ordinary = unprivilegedUser();

async function runToEnd(command: readonly string[], options: AppOptions = {}) {
	const app = new AppRun(command, options);
	return { ...(await app.end()), output: app.output };
}

describe('exit status', () => {
	test.each([
		['0', 'exit 0', 0],
		['its own', 'exit 42', 42],
		['that of SIGTERM', 'kill -TERM $$', 143],
		['that of SIGKILL', 'kill -KILL $$', 137],
		['that of SIGHUP', 'kill -HUP $$', 129],
	])('%s', async (_, script, status) => {
		expect(await runToEnd(['sh', '-c', script])).toMatchObject({ code: status, signal: null });
	});

	test('127 for a missing command, 126 for one that cannot start', async () => {
		const cwd = temporaryDirectory('cwd');
		writeFileSync(join(cwd, 'text'), '#!/no/such\n');
		expect(await runToEnd(['./nope'], { cwd })).toMatchObject({
			code: 127,
			output: `error: "./nope": no such file or directory in "${cwd}"; correct the path\n`,
		});
		expect(await runToEnd(['./text'], { cwd })).toMatchObject({
			code: 126,
			output: `error: "./text" (${cwd}/text): permission denied: it is not executable; run chmod +x on it\n`,
		});
		chmodSync(join(cwd, 'text'), 0o755);
		expect(await runToEnd(['./text'], { cwd })).toMatchObject({
			code: 126,
			output: `error: "./text" (${cwd}/text): its interpreter "/no/such" does not exist\n`,
		});
		expect(await runToEnd(['true'], { cwd: '/nowhere' })).toMatchObject({
			code: 126,
			output:
				'error: the working directory "/nowhere" does not exist; create it first, because run does not create it as a container runtime would\n',
		});
	});

	test('126 if the environment is too large, with the limit', async () => {
		const { code, output } = await runToEnd(['true'], { padding: 131_072 });
		expect(code).toBe(126);
		expect(output).toMatch(/^error: cannot start "true": .* 131072 bytes, use a volume for more\n$/);
	});
});

/** The inheritance of a process. Limits, ids and masks are compared as text. */
const PROBE = `
	cat /proc/self/limits
	grep -E '^(Sig(Blk|Ign)|NoNewPrivs|Seccomp|Cap|Groups|Uid|Gid)' /proc/self/status
	umask; nice; pwd; ls -v /proc/self/fd
	for fd in 5 63; do readlink /proc/self/fd/$fd; done
	ps -o pgid=,sid= -p $$
	cat /proc/self/oom_score_adj /proc/self/cpuset
	printf '%s\\n' "$0" "$@"
	env | grep -v '^_='`;

describe('its inheritance', () => {
	test('is that from a shell: limits, mask, umask, priority, descriptors, group, session, words', async () => {
		const directory = temporaryDirectory('inherit');
		const file = join(directory, 'file');
		const script = join(directory, 'probe');
		writeFileSync(file, 'content');
		writeFileSync(script, `#!/bin/sh\n${PROBE}`);
		chmodSync(script, 0o755);
		const words = ['./probe', 'one two', '', '--', '-x'];
		// Without job control, so that both are in the shell's process group. The last ":" keeps bash from becoming it.
		const shell = (line: string) =>
			`umask 027; ulimit -Sn 300; ulimit -Sc 0; renice -n 5 $$ >/dev/null; exec 5<${file} 63<${file}; ${line}; :`;
		const direct = await runCommand('bash', ['-c', shell(`./probe 'one two' '' -- -x`)], { cwd: directory });
		const ours = await runCommand('bash', ['-c', shell(runLine(words))], { cwd: directory });
		expect(direct.stdout).toMatch(/Max open files {12}300 /);
		expect(direct.stdout).toContain(`\n${file}\n${file}\n`);
		const withoutGroup = (text: string) => text.replace(/^ *\d+ +(\d+)$/m, '$1');
		expect(withoutGroup(ours.stdout)).toBe(withoutGroup(direct.stdout));
		expect(ours).toMatchObject({ code: 0, stderr: '' });
	});

	test('descriptors of a shell reach it by number: <(…)', async () => {
		const line = `${runLine(['cat']).concat(' <(echo from a pipe)')}`;
		expect(await runCommand('bash', ['-c', line])).toMatchObject({ stdout: 'from a pipe\n', stderr: '', code: 0 });
	});

	test('our process group, session and parent', async () => {
		const app = new AppRun(['sleep', '60']);
		const pid = await app.started();
		const [, , , parent, group, session] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ');
		const [, , , , ownGroup, ownSession] = readFileSync(`/proc/${app.pid}/stat`, 'latin1').split(' ');
		expect([parent, group, session]).toEqual([String(app.pid), ownGroup, ownSession]);
		app.kill('SIGTERM');
		expect(await app.end()).toEqual({ code: 143, signal: null });
	});

	test('signals have their default handling, also those that Node handles or ignores', async () => {
		const { output } = await runToEnd([PYTHON, '-Sc', 'print(open("/proc/self/status").read())']);
		// Python ignores SIGPIPE and SIGXFSZ, and handles SIGINT itself.
		const masks = Object.fromEntries(
			[...output.matchAll(/^Sig(\w+):\s+([0-9a-f]+)$/gm)].map(([, name, hex]) => [name, hex]),
		);
		expect(masks).toMatchObject({ Blk: '0000000000000000', Ign: '0000000001001000', Cgt: '0000000000000002' });
	});

	test.each([
		['as it was typed, from PATH', ['sh', '-c', 'tr "\\0" "\\n" </proc/$$/cmdline | head -1'], {}, 'sh\n'],
		[
			'as a path where the application has no PATH',
			['sh', '-c', '/usr/bin/head -zn1 /proc/$$/cmdline | /usr/bin/tr "\\0" "\\n"'],
			{ env: {} },
			/^\/(usr\/)?bin\/sh\n$/,
		],
	] as const)('its name is %s', async (_, command, options, name) => {
		expect((await runToEnd(command, options)).output).toMatch(name);
	});

	test('exactly the given environment', async () => {
		const env = { PATH: '/usr/bin:/bin', A: 'one\ntwo', 'with.dot': '1', EMPTY: '' };
		const { output } = await runToEnd(['env', '-0'], { env });
		expect(output.split('\0')).toEqual(['PATH=/usr/bin:/bin', 'A=one\ntwo', 'with.dot=1', 'EMPTY=', '']);
	});

	test('our standard input, or none', async () => {
		const input = (options: AppOptions) => runCommand('bash', ['-c', `echo line | ${runLine(['cat'], options)}`]);
		expect(await input({})).toMatchObject({ stdout: 'line\n', stderr: '', code: 0 });
		expect(await input({ stdin: 'ignore' })).toMatchObject({ stdout: '', stderr: '', code: 0 });
	});

	test.skipIf(!isRoot)('another user, group and groups, and none of ours', async () => {
		const credentials = { uid: 65534, gid: 1234, groups: [5, 77] };
		const probe = ['sh', '-c', 'id -u; id -g; id -G; grep CapEff /proc/self/status'];
		expect((await runToEnd(probe, { credentials, cwd: '/' })).output).toBe(
			'65534\n1234\n1234 5 77\nCapEff:\t0000000000000000\n',
		);
		expect((await runToEnd(['id', '-G'], { credentials: { ...credentials, groups: [] }, cwd: '/' })).output).toBe(
			'1234\n',
		);
	});
});

describe.skipIf(WITHOUT_PYTHON !== undefined)('signals', () => {
	async function noting(endings: readonly string[], options: AppOptions = {}) {
		const file = join(temporaryDirectory('signals', 0o777), 'noted');
		const app = new AppRun([fixture('app-signals.py'), file, ...endings], options);
		await until(() => linesOf(file)[0]?.startsWith('ready'), 'the application to be ready');
		started.push(Number(linesOf(file)[0]?.split(' ')[1]));
		return { app, noted: () => linesOf(file).slice(1), ready: linesOf(file)[0] };
	}

	const PASSED_ON = [
		'SIGHUP',
		'SIGINT',
		'SIGQUIT',
		'SIGABRT',
		'SIGUSR1',
		'SIGUSR2',
		'SIGALRM',
		'SIGCONT',
		'SIGTSTP',
		'SIGURG',
		'SIGVTALRM',
		'SIGWINCH',
		'SIGIO',
		'SIGPWR',
	] as const;

	test('each one that can be caught reaches it once, and does not affect us', async () => {
		const { app, noted } = await noting(['SIGTERM=9']);
		for (const [index, signal] of PASSED_ON.entries()) {
			app.kill(signal);
			await until(() => noted().length > index, signal);
		}
		app.kill('SIGTERM');
		expect(await app.end()).toEqual({ code: 9, signal: null });
		expect(noted()).toEqual([...PASSED_ON, 'SIGTERM']);
		expect(app.output).toBe('');
	});

	test('the second and third SIGTERM and SIGINT reach it too; we end when it ends', async () => {
		const { app, noted } = await noting(['SIGUSR1=5']);
		for (const [index, signal] of (['SIGTERM', 'SIGTERM', 'SIGINT', 'SIGINT', 'SIGTERM'] as const).entries()) {
			app.kill(signal);
			await until(() => noted().length > index, signal);
		}
		expect(isRunning(app.pid)).toBe(true);
		app.kill('SIGUSR1');
		expect(await app.end()).toEqual({ code: 5, signal: null });
		expect(noted()).toEqual(['SIGTERM', 'SIGTERM', 'SIGINT', 'SIGINT', 'SIGTERM', 'SIGUSR1']);
	});

	const USERS: readonly { readonly name: string; readonly options: AppOptions }[] = [
		{ name: 'as the caller', options: {} },
		...(ordinary === undefined
			? []
			: [{ name: 'as another user', options: { credentials: { ...ordinary, groups: [] }, cwd: '/' } }]),
	];

	test.each(USERS)('SIGKILL of us ends it, $name', async ({ options }) => {
		const { app, noted, ready } = await noting([], options);
		const pid = Number(ready?.split(' ')[1]);
		expect(isRunning(pid)).toBe(true);
		app.kill('SIGKILL');
		await until(() => !isRunning(pid), 'its end');
		expect(noted()).toEqual([]);
	});
});

describe('a restart', () => {
	test('ends it with SIGTERM and starts another; a crash of that one ends the application with its status', async () => {
		const file = join(temporaryDirectory('restart'), 'runs');
		// The first waits for the signal, the second crashes.
		const script = `echo run >> ${file}; test $(wc -l < ${file}) = 2 && exit 33; exec sleep 60`;
		const app = new AppRun(['sh', '-c', script], { restart: true });
		const first = await app.started();
		await until(() => linesOf(file).length === 1, 'the first run');
		app.kill('SIGUSR2');
		expect(await app.end()).toEqual({ code: 33, signal: null });
		expect(linesOf(file)).toEqual(['run', 'run']);
		expect(app.log.find(({ event }) => event === 'application-ended')).toMatchObject({ pid: first, signal: 'SIGTERM' });
	});

	test('a process that does not obey is killed after the grace, also if it is stopped', async () => {
		const app = new AppRun(['sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done'], {
			restart: true,
			graceMs: 300,
		});
		const first = await app.started();
		await until(() => app.output === 'ready\n', 'it to be ready');
		process.kill(first, 'SIGSTOP');
		const requestedAt = performance.now();
		app.kill('SIGUSR2');
		const second = await app.started(2);
		expect(performance.now() - requestedAt).toBeGreaterThanOrEqual(295);
		expect(app.log.find(({ event }) => event === 'application-ended')).toMatchObject({ pid: first, signal: 'SIGKILL' });
		process.kill(second, 'SIGKILL');
		expect(await app.end()).toEqual({ code: 137, signal: null });
	});

	test('a stopped process that obeys ends at once', async () => {
		const app = new AppRun(['sleep', '60'], { restart: true, graceMs: 60_000 });
		process.kill(await app.started(), 'SIGSTOP');
		app.kill('SIGUSR2');
		const second = await app.started(2);
		app.kill('SIGTERM');
		expect(await app.end()).toEqual({ code: 143, signal: null });
		expect(isRunning(second)).toBe(false);
	});

	test('an ended process does not stay as a zombie', async () => {
		const app = new AppRun(['sleep', '60'], { restart: true });
		for (let run = 1; run <= 5; run++) {
			await app.started(run);
			if (run < 5) app.kill('SIGUSR2');
		}
		const children = readFileSync(`/proc/${app.pid}/task/${app.pid}/children`, 'utf8').trim().split(' ');
		expect(children).toHaveLength(1);
		expect(stateOf(Number(children[0]))).not.toBe('Z');
		app.kill('SIGTERM');
		await app.end();
	});
});

describe.skipIf(!isRoot && !canUnshare())('the processes that remain when its main process ends', () => {
	const UNSHARE = isRoot ? ['unshare', '-m'] : ['unshare', '-Urm'];

	test('are killed: children, daemons with a session of their own, and processes that they start in the meantime', async () => {
		const pids = join(temporaryDirectory('left'), 'pids');
		const breeder = `while :; do sleep 0.2 & echo $! >> ${pids}; wait -n 2>/dev/null || sleep 0.01; done`;
		const script = [
			`setsid sh -c 'trap "" TERM HUP INT; echo $$ >> ${pids}; while :; do sleep 1; done' &`,
			`setsid bash -c '${breeder}' &`,
			`while [ "$(wc -l < ${pids})" -lt 4 ]; do sleep 0.05; done; exit 4`,
		].join('\n');
		writeFileSync(pids, '');
		pidFiles.push(pids);
		const app = new AppRun([...UNSHARE, 'sh', '-c', script], { members: true });
		const namespace = mountNamespaceOf(await app.started());
		expect(namespace).not.toBe(mountNamespaceOf('self'));
		expect(await app.end()).toEqual({ code: 4, signal: null });
		const left = linesOf(pids).filter((pid) => isRunning(Number(pid)));
		expect(left).toEqual([]);
		expect(linesOf(pids).length).toBeGreaterThanOrEqual(4);
	});
});
