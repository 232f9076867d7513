/**
 * The application at a terminal, started from a shell with job control. To the user it must look as if the command had
 * been typed without `configmapfs run`.
 */

import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { killProcess, readStat } from '../../../src/native/proc.js';
import { type AppOptions, linesOf, runLine } from '../../support/app-run.js';
import { Terminal } from '../../support/app-terminal.js';
import { fixture, stopFixtures } from '../../support/fixture-process.js';
import { WITHOUT_PYTHON } from '../../support/inotify.js';
import { isRunning } from '../../support/mount-modes.js';
import { removeTemporaries, temporaryDirectory } from '../../support/temporary.js';
import { until } from '../../support/until.js';

/** Applications that a test ends; killed afterwards if it failed before. */
const started: number[] = [];

afterEach(() => {
	stopFixtures();
	for (const pid of started.splice(0)) if (isRunning(pid)) killProcess(pid);
	removeTemporaries();
});

const CTRL_C = '\x03';
const CTRL_D = '\x04';
const CTRL_Z = '\x1a';
const CTRL_BACKSLASH = '\x1c';

/** Starts a command line and waits until the recording application is ready. Further words are its arguments. */
async function startNoting(terminal: Terminal, endings: readonly string[], after = '', options: AppOptions = {}) {
	const file = join(temporaryDirectory('signals'), 'noted');
	terminal.type(`${runLine([fixture('app-signals.py'), file, ...endings], options)}${after}\n`);
	await until(
		() => linesOf(file)[0]?.startsWith('ready'),
		() => `the application to be ready: ${terminal.shown}`,
	);
	const [, pid, parent] = linesOf(file)[0]?.split(' ') ?? [];
	started.push(Number(pid), Number(parent));
	return { pid: Number(pid), parent: Number(parent), noted: () => linesOf(file).slice(1) };
}

/** Waits, because the shell notices it a moment later than the kernel. */
async function stoppedForShell(terminal: Terminal): Promise<void> {
	await until(async () => (await terminal.enter('jobs', /Stopped|Running/))[0] === 'Stopped', 'a stopped job');
}

const stateOfBoth = (...pids: readonly number[]) => pids.map((pid) => readStat(pid)?.state);

describe.skipIf(WITHOUT_PYTHON !== undefined)('at a terminal', () => {
	test('Ctrl-C and Ctrl-\\ reach it once, and it decides their effect', async () => {
		const terminal = await Terminal.open();
		const { noted } = await startNoting(terminal, ['SIGQUIT=21'], '; echo status $?');
		for (let count = 1; count <= 3; count++) {
			terminal.type(CTRL_C);
			await until(() => noted().length >= count, 'SIGINT');
		}
		terminal.type(CTRL_BACKSLASH);
		await terminal.waitFor(/status 21\r\n/);
		expect(noted()).toEqual(['SIGINT', 'SIGINT', 'SIGINT', 'SIGQUIT']);
	});

	test('Ctrl-C ends an application that does not handle it, with 130, which stops a script too', async () => {
		const terminal = await Terminal.open();
		await terminal.enter(`${runLine(['sh', '-c', 'echo ready; exec sleep 60'])}; echo status $?`, /ready/);
		terminal.type(CTRL_C);
		await terminal.waitFor(/status 130\r\n/);
	});

	test('a new window size reaches it once', async () => {
		const terminal = await Terminal.open();
		const { noted, parent } = await startNoting(terminal, ['SIGTERM=0'], '; echo status $?');
		for (const [count, rows] of [30, 31].entries()) {
			terminal.resize(rows);
			await until(() => noted().length > 2 * count, 'SIGWINCH');
			// Once this signal is passed on, all earlier ones are handled.
			process.kill(parent, 'SIGUSR1');
			await until(() => noted().includes('SIGUSR1') && noted().length > 2 * count + 1, 'SIGUSR1');
		}
		process.kill(parent, 'SIGTERM');
		await terminal.waitFor(/status 0\r\n/);
		expect(noted()).toEqual(['SIGWINCH', 'SIGUSR1', 'SIGWINCH', 'SIGUSR1', 'SIGTERM']);
	});

	test('signals of other processes are passed on at a terminal too', async () => {
		const terminal = await Terminal.open();
		const { noted, parent } = await startNoting(terminal, ['SIGTERM=3'], '; echo status $?');
		for (const [index, signal] of (['SIGHUP', 'SIGUSR1', 'SIGCONT'] as const).entries()) {
			process.kill(parent, signal);
			await until(() => noted().length > index, signal);
		}
		process.kill(parent, 'SIGTERM');
		await terminal.waitFor(/status 3\r\n/);
		expect(noted()).toEqual(['SIGHUP', 'SIGUSR1', 'SIGCONT', 'SIGTERM']);
	});

	test('Ctrl-Z stops both, fg continues both', async () => {
		const terminal = await Terminal.open();
		const line = runLine(['sh', '-c', 'echo pid $$ $PPID; while read -r l; do echo got $l; done']);
		const [, pid, parent] = await terminal.enter(line, /pid (\d+) (\d+)/);
		const both = () => stateOfBoth(Number(pid), Number(parent)).join('');
		terminal.type('one\n');
		await terminal.waitFor(/got one/);
		terminal.type(CTRL_Z);
		await terminal.waitFor(/Stopped/);
		expect(both()).toBe('TT');
		await terminal.enter('fg', /app-run/);
		terminal.type('two\n');
		await terminal.waitFor(/got two/);
		terminal.type(CTRL_D);
		await terminal.enter('echo status $?', /status 0/);
	});

	test('in the background a read from the terminal stops it, and us with it', async () => {
		const terminal = await Terminal.open();
		const line = `${runLine(['sh', '-c', 'echo pid $$ $PPID; while read -r l; do echo got $l; done'])} &`;
		const [, pid, parent] = await terminal.enter(line, /pid (\d+) (\d+)/);
		await until(() => stateOfBoth(Number(pid), Number(parent)).join('') === 'TT', 'both to be stopped by the terminal');
		await stoppedForShell(terminal);
		await terminal.enter('fg', /app-run/);
		terminal.type('one\n');
		await terminal.waitFor(/got one/);
		terminal.type(CTRL_D);
		await terminal.enter('echo status $?', /status 0/);
	});

	test('a shell that continues both continues the program once', async () => {
		const terminal = await Terminal.open();
		const { noted, parent } = await startNoting(terminal, ['SIGTSTP=default', 'SIGTERM=0'], '; echo status $?');
		const expected: string[] = [];
		for (let count = 1; count <= 3; count++) {
			terminal.type(CTRL_Z);
			await terminal.waitFor(/Stopped/);
			terminal.type('fg\n');
			await until(() => noted().length > expected.length, 'SIGCONT');
			// Once this signal is passed on, all earlier ones are handled.
			process.kill(parent, 'SIGUSR1');
			expected.push('SIGCONT', 'SIGUSR1');
			await until(() => noted().length >= expected.length, 'SIGUSR1');
		}
		process.kill(parent, 'SIGTERM');
		await until(() => noted().includes('SIGTERM'), 'SIGTERM');
		expect(noted()).toEqual([...expected, 'SIGTERM']);
	});

	test('kill -TSTP of us stops both, kill -CONT of us continues both', async () => {
		const terminal = await Terminal.open();
		const [, pid, parent] = await terminal.enter(
			`${runLine(['sh', '-c', 'echo pid $$ $PPID; sleep 60'])} &`,
			/pid (\d+) (\d+)/,
		);
		const both = () => stateOfBoth(Number(pid), Number(parent));
		process.kill(Number(parent), 'SIGTSTP');
		await until(
			() => both().join('') === 'TT',
			() => `both to stop: ${both()}`,
		);
		await stoppedForShell(terminal);
		process.kill(Number(parent), 'SIGCONT');
		await until(() => !both().includes('T'), 'both to go on');
		await terminal.enter('kill %1; wait; echo status $?', /status/);
	});

	test('a program that stops itself stops us, so the shell shows its prompt again', async () => {
		const terminal = await Terminal.open();
		await terminal.enter(runLine(['sh', '-c', 'kill -STOP $$; echo went on; exit 6']), /Stopped/);
		await terminal.enter('fg', /went on/);
		await terminal.enter('echo status $?', /status 6/);
	});

	test('a program that ignores Ctrl-Z is not stopped, and neither are we', async () => {
		const terminal = await Terminal.open();
		const { noted, pid, parent } = await startNoting(terminal, ['SIGINT=0'], '; echo status $?');
		terminal.type(CTRL_Z);
		await until(() => noted().length > 0, 'SIGTSTP');
		// A stopped relay does not pass this on, and a stopped application does not record it.
		process.kill(parent, 'SIGUSR1');
		await until(() => noted().length > 1, 'SIGUSR1');
		expect(stateOfBoth(pid, parent)).not.toContain('T');
		terminal.type(CTRL_C);
		await terminal.waitFor(/status 0/);
		expect(noted()).toEqual(['SIGTSTP', 'SIGUSR1', 'SIGINT']);
	});

	test('in a pipeline, and with the terminal as its input', async () => {
		const terminal = await Terminal.open();
		await terminal.enter(`${runLine(['sh', '-c', 'tty; read -r l; echo "$l"'])} | tr a-z A-Z`, /\/DEV\/PTS/);
		terminal.type('abc\n');
		await terminal.waitFor(/ABC\r\n/);
		// The reader of the output has ended.
		await terminal.enter(`${runLine(['yes'])} | head -1; echo "\${PIPESTATUS[@]}"`, /141 0/);
	});

	test('a shell with job control inside: its Ctrl-C and Ctrl-Z are for its own jobs', async () => {
		const terminal = await Terminal.open();
		await terminal.enter(`PS1='inner> ' ${runLine(['bash', '--norc', '--noprofile', '--noediting', '-i'])}`, /inner> /);
		await terminal.enter("sh -c 'echo first; exec sleep 60'", /first/);
		terminal.type(CTRL_C);
		await terminal.waitFor(/inner> /);
		await terminal.enter("sh -c 'echo second; exec sleep 60'", /second/);
		terminal.type(CTRL_Z);
		await terminal.waitFor(/Stopped/);
		await terminal.enter('kill -KILL %1; sleep 0.1; jobs', /Killed/);
		terminal.type('exit 11\n');
		await terminal.enter('echo status $?', /status 11/);
	});

	test('its terminal settings stay', async () => {
		const terminal = await Terminal.open();
		const modes = 'stty -a | grep -o "[-]*echoctl"';
		await terminal.enter(modes, /echoctl/);
		await terminal.enter(`${runLine(['stty', '-echoctl'], { keepTerminal: true })}; ${modes}`, /-echoctl/);
	});

	test('when the window is closed it receives SIGHUP, and both end', async () => {
		const terminal = await Terminal.open();
		const { noted, pid, parent } = await startNoting(terminal, ['SIGHUP=0']);
		terminal.close();
		await until(() => readStat(pid) === undefined && readStat(parent) === undefined, 'both to end');
		expect(noted()[0]).toBe('SIGHUP');
	});
});
