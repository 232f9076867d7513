/**
 * `configmapfs run` as a process: to a shell, a terminal and the machine it behaves as the application does, from the
 * start to each kind of end. As root and as an ordinary user.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { killProcess, mountNamespaceOf } from '../../../src/native/proc.js';
import { linesOf } from '../../support/app-run.js';
import { Terminal } from '../../support/app-terminal.js';
import { fixture, stopFixtures } from '../../support/fixture-process.js';
import { PYTHON, WITHOUT_PYTHON } from '../../support/inotify.js';
import { Machine, stopMachines } from '../../support/machine.js';
import { isRunning } from '../../support/mount-modes.js';
import type { RunResult } from '../../support/mount-process.js';
import { ROOT_WAY, USER_WAY } from '../../support/namespace-child.js';
import { configMap, ManifestFile, pod } from '../../support/pod-manifest.js';
import { type RunOptions, type RunProcess, startRun, stopRuns } from '../../support/run-process.js';
import { inShell, processesWith, runLineOn } from '../../support/run-shell.js';
import { removeTemporaries, temporaryDirectory } from '../../support/temporary.js';
import { until } from '../../support/until.js';

/** Mount point of the volume; its parents do not exist on the machine. */
const PLACE = '/opt/cmfs-lifecycle/config';

function manifest(): ManifestFile {
	return new ManifestFile(
		configMap('app', { key: 'one' }),
		pod(
			'p',
			{ volumeMounts: [{ name: 'v', mountPath: PLACE }] },
			{ volumes: [{ name: 'v', configMap: { name: 'app' } }] },
		),
	);
}

const WAITING = () => new ManifestFile(...manifest().objects.filter(({ kind }) => kind === 'Pod'));

afterAll(async () => {
	await stopMachines();
	removeTemporaries();
});

let count = 0;

/** A command that no other process runs: a sleep of an unusual number of seconds. */
function sleepCommand(): string {
	count += 1;
	return `sleep ${100_000 + process.pid}.${count}`;
}

for (const way of [ROOT_WAY, USER_WAY]) {
	const skipped = way.missing === undefined ? '' : ` (skipped: ${way.missing})`;
	describe.skipIf(way.missing !== undefined)(`${way.name}${skipped}`, () => {
		let machine: Machine;
		let before: string;
		beforeAll(async () => {
			machine = await Machine.start();
			before = machine.state();
		});
		afterEach(() => {
			stopRuns();
			stopFixtures();
		});

		const start = (options: RunOptions, file = manifest()) =>
			startRun(machine, way, file, { ...options, args: ['--log-format', 'json', ...(options.args ?? [])] });
		const toEnd = async (command: readonly string[], args: readonly string[] = []) =>
			await start({ command, args }).end();
		const shell = async (script: string, ...args: readonly string[]) => await inShell(machine, way, script, ...args);

		/** Expects that no process, mount or file of it is left on the machine. */
		async function clean(...commands: readonly string[]): Promise<void> {
			await until(
				() => [machine.runtime, ...commands].every((text) => processesWith(text).length === 0),
				() => `the end of ${[machine.runtime, ...commands].flatMap(processesWith)}`,
			);
			await until(
				() => machine.left().length === 0,
				() => `an empty runtime directory, it has ${machine.left()}`,
			);
		}

		describe('the exit status', () => {
			test.each([
				['its own', ['sh', '-c', 'exit 42'], 42],
				['that of SIGTERM', ['sh', '-c', 'kill -TERM $$'], 143],
				['of a command that is not there', ['./nope'], 127],
				['of a file that is not a program', [`${PLACE}/key`], 126],
			] as const)('%s', async (_, command, code) => {
				const result = await toEnd(command);
				expect(result).toMatchObject({ code, signal: null, stdout: '' });
				expect(result.stderr.split('\n')).toHaveLength(code === 126 || code === 127 ? 2 : 1);
			});

			test.each([
				['a wrong flag', ['--frob'], 125, 'error: unknown flag: --frob; see "configmapfs run --help"\n'],
				['a source that is missing', ['-f', '/nowhere'], 125, 'error: the path "/nowhere" does not exist\n'],
				[
					'a container that is missing',
					['-c', 'other'],
					125,
					/^error: container other not found in pod p, have: test; /,
				],
			] as const)('of %s', async (_, args, code, text) => {
				const { stderr, ...result } = await toEnd(['true'], args);
				expect(result).toEqual({ code, signal: null, stdout: '' });
				if (typeof text === 'string') expect(stderr).toBe(text);
				else expect(stderr).toMatch(text);
			});

			test('of an object that is missing for too long', async () => {
				const { code, stderr } = await start({ command: ['true'], args: ['--wait-timeout', '50ms'] }, WAITING()).end();
				expect(code).toBe(124);
				expect(stderr).toContain('error: Still missing after 0.05 s (--wait-timeout): MountVolume.SetUp failed');
			});
		});

		describe('streams', () => {
			test('standard input, output and error pass unchanged, and nothing is added', async () => {
				const directory = temporaryDirectory('bytes', 0o777);
				const bytes = Buffer.from(Array.from({ length: 1_000_000 }, (_, at) => (at * 7919) % 256));
				writeFileSync(join(directory, 'in'), bytes);
				const script = 'cd $2; $RUN -f $1 -- sh -c "tee /dev/stderr" <in >out 2>err; echo $?; cmp in out; cmp in err';
				expect(await shell(script, manifest().path, directory)).toMatchObject({ stdout: '0\n', stderr: '' });
			});

			test('a pipeline: the writer ends after the reader has ended', async () => {
				const script = `echo input | $RUN -f $1 -- sh -c "cat; exec yes" | head -2; echo \${PIPESTATUS[*]}`;
				const { stdout, stderr } = await shell(script, manifest().path);
				expect({ stdout, stderr }).toEqual({ stdout: 'input\ny\n0 141 0\n', stderr: '' });
			});

			test('if the manifest comes from standard input, the application has none', async () => {
				const script = 'cat $1 | $RUN -f - -- sh -c "readlink /proc/self/fd/0; cat $2/key"';
				expect(await shell(script, manifest().path, PLACE)).toMatchObject({
					stdout: expect.stringMatching(/^\/dev\/null\none?/),
				});
			});

			test('limits, mask, priority, working directory, descriptors and <(…) are as from the shell', async () => {
				const probe = join(temporaryDirectory('probe'), 'probe');
				writeFileSync(
					probe,
					'pwd; umask; nice; ulimit -a; ulimit -Ha; ls -v /proc/self/fd; cat <&7; cat "$@"; ps -o sid= -p $$',
				);
				const script = `
					cd $2; umask 027; ulimit -n 300; ulimit -c 0; renice -n 5 $$ >/dev/null
					exec 7<probe
					if test $3 = direct; then bash $2/probe <(echo one) <(echo two); else $RUN -f $1 -- bash $2/probe <(echo one) <(echo two); fi; :`;
				const directory = join(probe, '..');
				const [direct, ours] = [
					await shell(script, manifest().path, directory, 'direct'),
					await shell(script, manifest().path, directory, 'run'),
				];
				// Each has a session of its own here.
				const same = ({ stdout, stderr, code }: RunResult) => ({ stdout: stdout.replace(/\d+\n$/, ''), stderr, code });
				expect(direct.stdout).toMatch(/open files.*300\n/);
				expect(direct.stdout).toContain('one\ntwo\n');
				expect(same(ours)).toEqual(same(direct));
			});
		});

		describe.skipIf(WITHOUT_PYTHON !== undefined)('signals', () => {
			test('each reaches the application once, and it ends by the one that it chooses', async () => {
				const file = join(temporaryDirectory('signals', 0o777), 'noted');
				const run = start({ command: [PYTHON, fixture('app-signals.py'), file, 'SIGTERM=7'] });
				await until(
					() => linesOf(file)[0]?.startsWith('ready'),
					() => `the application: ${run.stderr}`,
					20_000,
				);
				const sent = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'] as const;
				for (const [index, signal] of sent.entries()) {
					run.signal(signal);
					await until(() => linesOf(file).length > index + 1, `${signal} in the application`);
				}
				run.signal('SIGTERM');
				expect(await run.end()).toMatchObject({ code: 7, signal: null, stderr: '' });
				expect(linesOf(file).slice(1)).toEqual([...sent, 'SIGTERM']);
			});

			test('at a terminal: Ctrl-C reaches it once, Ctrl-Z stops both, fg continues both, and the status is its own', async () => {
				const terminal = await Terminal.open();
				const file = join(temporaryDirectory('signals', 0o777), 'noted');
				const app = `${PYTHON} ${fixture('app-signals.py')} ${file} SIGTSTP=default SIGQUIT=9`;
				terminal.type(`${runLineOn(machine, way)} -f ${manifest().path} -- ${app}\n`);
				await until(
					() => linesOf(file)[0]?.startsWith('ready'),
					() => `the application: ${terminal.shown}`,
					20_000,
				);
				terminal.type('\x03');
				await until(() => linesOf(file).length > 1, 'SIGINT in the application');
				terminal.type('\x1a');
				await terminal.waitFor(/Stopped/);
				terminal.type('fg\n');
				await until(() => linesOf(file).length > 2, 'SIGCONT in the application');
				terminal.type('\x1c');
				await terminal.waitFor(/Quit|\$ $/);
				await terminal.enter('echo status $?', /status 9\r\n/);
				expect(linesOf(file).slice(1)).toEqual(['SIGINT', 'SIGCONT', 'SIGQUIT']);
				terminal.close();
			});
		});

		describe('the end', () => {
			/** An application with a child and a grandchild in a session of its own. */
			async function family(options: Partial<RunOptions> = {}) {
				const command = sleepCommand();
				const script = `${command} & setsid ${command} & echo started; exec ${command}`;
				const run = start({ ...options, command: ['sh', '-c', script] });
				await run.waitForOutput('started');
				const application = await run.application();
				await until(() => processesWith(command).length >= 4, 'a family of processes');
				return { run, command, application, server: serverOf(run) };
			}

			function serverOf(run: RunProcess): number {
				const children = readFileSync(`/proc/${run.pid}/task/${run.pid}/children`, 'utf8')
					.trim()
					.split(' ')
					.map(Number);
				const found = processesWith('server.js').find((pid) => children.includes(pid));
				if (found === undefined) throw new Error('no server');
				return found;
			}

			test('of the application: processes that it has started are killed', async () => {
				const { run, command, application } = await family();
				process.kill(application, 'SIGTERM');
				expect(await run.end()).toMatchObject({ code: 143, stderr: '' });
				expect(processesWith(command)).toEqual([]);
				expect(machine.left()).toEqual([]);
			});

			test('of the daemon by SIGKILL: every process ends, and the machine is unchanged', async () => {
				const { run, command, server } = await family();
				process.kill(run.pid, 'SIGKILL');
				expect(await run.end()).toMatchObject({ code: null, signal: 'SIGKILL' });
				await clean(command);
				expect(isRunning(server)).toBe(false);
			});

			test('of the server process by SIGKILL: the application is ended, with an error and status 125', async () => {
				const { run, command, server } = await family();
				process.kill(server, 'SIGKILL');
				const { code, stderr } = await run.end();
				expect(code).toBe(125);
				expect(JSON.parse(stderr)).toMatchObject({
					level: 'error',
					detail: 'killed by SIGKILL',
					msg: 'the process that serves the volumes ended (killed by SIGKILL), so the application is ended',
				});
				await clean(command);
			});

			test('of all three by SIGKILL at once: the next start cleans up', async () => {
				const command = sleepCommand();
				const run = start({ command: command.split(' ') });
				const application = await run.application();
				const server = serverOf(run);
				// None of them can react to the end of another. Processes that end with their parent have ended then.
				process.kill(run.pid, 'SIGSTOP');
				for (const pid of [server, run.pid, application]) killProcess(pid);
				await run.end();
				await until(() => processesWith(command).length === 0, 'the end of all');
				expect(machine.left()).not.toEqual([]);
				expect(await toEnd(['cat', `${PLACE}/key`])).toMatchObject({ code: 0, stdout: 'one' });
				await clean();
			});

			test('of the daemon by SIGKILL while it waits: nothing is left behind', async () => {
				const run = start({ command: ['true'] }, WAITING());
				await run.waitForLog('configmap "app" not found');
				process.kill(run.pid, 'SIGKILL');
				await run.end();
				await clean();
			});

			test('by SIGTERM while it waits', async () => {
				const run = start({ command: ['true'] }, WAITING());
				await run.waitForLog('configmap "app" not found');
				expect(await run.stop()).toEqual({ code: 143, signal: null });
				await clean();
			});

			test('by SIGTERM and SIGINT at any moment of the start', async () => {
				const command = sleepCommand();
				// On a busy machine it takes several times as long.
				const delays = Array.from({ length: 6 }, (_, index) => index * 60);
				for (const [index, ms] of delays.entries()) {
					const signal = index % 2 === 0 ? 'SIGTERM' : 'SIGINT';
					const run = start({ command: command.split(' ') });
					await sleep(ms);
					run.signal(signal);
					const { code, signal: by, stderr } = await run.end();
					// Before the first line of the program runs, the signal has its default effect.
					expect(by ?? code).toBe(by === null ? (signal === 'SIGTERM' ? 143 : 130) : signal);
					expect(stderr).toBe('');
				}
				await clean(command);
			});

			test('many starts, one after another and at the same time', async () => {
				const script = `
					loop() { for i in 1 2 3; do $RUN -f $1 -- cat $2/key || echo "status $?"; done; }
					loop "$@" & loop "$@" & loop "$@"; wait`;
				expect(await shell(script, manifest().path, PLACE)).toMatchObject({
					code: 0,
					stdout: 'one'.repeat(9),
					stderr: '',
				});
				await clean();
			});
		});

		describe('the mount namespace', () => {
			test('the application has one of its own, which contains nothing of ours but its volumes', async () => {
				const run = start({ command: ['sh', '-c', 'cat /proc/self/mountinfo; echo end; exec sleep 1000'] });
				await run.waitForOutput('end');
				const application = await run.application();
				const namespaces = [application, run.pid, process.pid].map(mountNamespaceOf);
				expect(new Set(namespaces).size).toBe(3);
				const points = run.stdout.split('\n').map((line) => line.split(' ')[4] ?? '');
				expect(points).toContain(PLACE);
				expect(points.filter((point) => point.startsWith(machine.runtime))).toEqual([]);
				// As on the machine: a directory with a lock.
				const seen = (await run.exec('find', machine.runtime, '-type', 'f')).stdout;
				expect(seen).toMatch(/^\S+\/lock\n$/);
				expect(machine.left().filter((name) => !/^configmapfs(\/mount-\w+(\/lock|\/stage)?)?$/.test(name))).toEqual([]);
				expect(await run.stop()).toEqual({ code: 143, signal: null });
			});

			test('the machine is the same before, during and after', async () => {
				const run = start({
					command: ['sh', '-c', `echo >/opt/cmfs-lifecycle/made && cat ${PLACE}/key; exec sleep 1000`],
				});
				if (way.user === undefined && process.getuid?.() === 0) await run.waitForOutput('one');
				else await run.application();
				expect(machine.state()).toBe(before);
				await run.stop();
				expect(machine.state()).toBe(before);
				await clean();
			});
		});
	});
}
