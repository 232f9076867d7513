/** Commands and requests of `--on-change`, with real processes and a real server. */

import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Logger } from '../../../../src/base/log.js';
import { NOTHING_INHERITED } from '../../../../src/run/application/inheritance.js';
import type { ProcessSurroundings } from '../../../../src/run/application/spawn.js';
import { ChangeCalls } from '../../../../src/run/on-change/change-call.js';
import { ChangeCommands, variablesOf } from '../../../../src/run/on-change/change-command.js';
import type { VolumeChange } from '../../../../src/run/on-change/volume-change.js';
import { removeTemporaries, temporaryDirectory } from '../../../support/temporary.js';
import { until } from '../../../support/until.js';

const servers: { close(): unknown }[] = [];

afterEach(() => {
	for (const server of servers.splice(0)) server.close();
	removeTemporaries();
});

function notingLog() {
	const lines: { readonly level: string; readonly message: string; readonly fields: Record<string, unknown> }[] = [];
	const method = (level: string) => (fields: unknown, message?: string) => {
		lines.push({ level, message: message ?? String(fields), fields: fields as Record<string, unknown> });
	};
	const log: Logger = {
		error: method('error'),
		warn: method('warn'),
		info: method('info'),
		debug: method('debug'),
		trace: method('trace'),
		child: () => log,
	};
	return { log, warnings: () => lines.filter(({ level }) => level === 'warn'), lines };
}

const CHANGES: readonly VolumeChange[] = [
	{ volume: 'config', generation: '..one', change: { added: ['z', 'a b'], removed: ['old'], changed: [] } },
	{ volume: 'tls', generation: '..two', change: { added: ['a b'], removed: [], changed: ['tls.crt'] } },
];

describe('a command', () => {
	function setUp(around: Partial<ProcessSurroundings> = {}) {
		const { log, warnings, lines } = notingLog();
		const directory = temporaryDirectory('command');
		const surroundings = {
			env: { PATH: process.env.PATH ?? '', OWN: 'of the application' },
			cwd: directory,
			within: <T>(act: () => T) => act(),
			inheritance: NOTHING_INHERITED,
			...around,
		};
		return { commands: new ChangeCommands({ surroundings: () => surroundings, log }), warnings, lines, directory };
	}

	test('runs in a shell with the environment of the application and what changed, without input', async () => {
		const { commands, warnings, directory } = setUp();
		await commands.run('cat; env -0 > all; pwd > where', CHANGES);
		const env = Object.fromEntries(
			readFileSync(join(directory, 'all'), 'utf8')
				.split('\0')
				.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
		);
		expect(env).toMatchObject({
			OWN: 'of the application',
			CONFIGMAPFS_VOLUME: 'config\ntls',
			CONFIGMAPFS_GENERATION: '..one\n..two',
			CONFIGMAPFS_ADDED: 'a b\nz',
			CONFIGMAPFS_REMOVED: 'old',
			CONFIGMAPFS_CHANGED: 'tls.crt',
		});
		expect(env.HOME).toBeUndefined();
		expect(readFileSync(join(directory, 'where'), 'utf8')).toBe(`${directory}\n`);
		expect(warnings()).toEqual([]);
	});

	test('is started where the application lives', async () => {
		// The umask stands for the mount namespace: a process has that of its start, too.
		const { commands, directory } = setUp({
			within(act) {
				const before = process.umask(0o077);
				try {
					return act();
				} finally {
					process.umask(before);
				}
			},
		});
		await commands.run('umask > mask', CHANGES);
		expect(readFileSync(join(directory, 'mask'), 'utf8')).toBe('0077\n');
	});

	test.each([
		['exit 3', 3],
		['kill -TERM $$', 143],
	])('that fails is a warning: %s', async (command, status) => {
		const { commands, warnings } = setUp();
		await commands.run(command, CHANGES);
		expect(warnings()).toEqual([
			{ level: 'warn', message: 'the command of --on-change failed', fields: { command, status } },
		]);
	});

	test.each([
		['has ended', undefined],
		['was started anew', {}],
	])('that ends when the application %s is no warning', async (_, more) => {
		const { log, warnings } = notingLog();
		const around = {
			env: { PATH: process.env.PATH ?? '' },
			cwd: '/',
			within: <T>(act: () => T) => act(),
			inheritance: NOTHING_INHERITED,
		};
		let now: typeof around | undefined = around;
		const commands = new ChangeCommands({ surroundings: () => now, log });
		const ended = commands.run('kill -KILL $$', CHANGES);
		now = more === undefined ? undefined : { ...around, ...more };
		await ended;
		expect(warnings()).toEqual([]);
	});

	test('that cannot be started is a warning', async () => {
		const { commands, warnings } = setUp({ cwd: '/nowhere' });
		await commands.run('true', CHANGES);
		expect(warnings()).toHaveLength(1);
		expect(String(warnings()[0]?.fields.err)).toContain('The working directory "/nowhere" does not exist');
	});

	test('is not started while no application runs', async () => {
		const { log, lines } = notingLog();
		await new ChangeCommands({ surroundings: () => undefined, log }).run('exit 1', CHANGES);
		expect(lines.map(({ level }) => level)).toEqual(['debug']);
	});

	test('is ended by close', async () => {
		const { commands, directory } = setUp();
		const ended = commands.run('touch started; exec sleep 60', CHANGES);
		await until(() => existsSync(join(directory, 'started')), 'its start');
		commands.close();
		await ended;
	});

	test('gets as many names as a variable can have', () => {
		const names = Array.from({ length: 4000 }, (_, index) => `${'n'.repeat(60)}${index}`);
		const change = { added: names, removed: [], changed: [] };
		const { CONFIGMAPFS_ADDED: added = '' } = variablesOf([{ volume: 'v', generation: 'g', change }]);
		expect(added.length).toBeGreaterThan(99_000);
		expect(added.length).toBeLessThan(131_072);
		for (const name of added.split('\n')) expect(names).toContain(name);
	});
});

describe('a request', () => {
	async function serve(statuses: readonly number[]) {
		const seen: IncomingMessage[] = [];
		const server: Server = createServer((request, response) => {
			const status = statuses[Math.min(seen.length, statuses.length - 1)] ?? 200;
			seen.push(request);
			request.resume();
			// 0 is no answer at all.
			if (status > 0) response.writeHead(status, { location: '/elsewhere' }).end('body');
		});
		servers.push(server);
		servers.push({ close: () => server.closeAllConnections() });
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		return { seen, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
	}

	function setUp(timeoutMs = 5000) {
		const { log, warnings, lines } = notingLog();
		return { calls: new ChangeCalls({ log, timeoutMs, pausesMs: [10, 20] }), warnings, lines };
	}

	test.each(['POST', 'PUT', 'GET'])('%s without a body, with the credentials of the URL', async (method) => {
		const { seen, host } = await serve([204]);
		const { calls, warnings } = setUp();
		await calls.call(method, `http://user:pa%20ss@${host}/-/reload?now=1`);
		expect(seen).toHaveLength(1);
		expect(seen[0]).toMatchObject({ method, url: '/-/reload?now=1' });
		expect(seen[0]?.headers).toMatchObject({
			'content-length': '0',
			authorization: `Basic ${Buffer.from('user:pa ss').toString('base64')}`,
		});
		expect(warnings()).toEqual([]);
	});

	test.each([
		[[503, 500, 200], 3, undefined],
		[[503, 429, 500], 3, { tries: 3, status: 500 }],
		[[404], 1, { tries: 1, status: 404 }],
		[[302], 1, { tries: 1, status: 302 }],
		[[300], 1, { tries: 1, status: 300 }],
		[[299], 1, undefined],
	])('answers %j: %d tries', async (statuses, tries, warning) => {
		const { seen, host } = await serve(statuses);
		const { calls, warnings } = setUp();
		await calls.call('POST', `http://user:secret@${host}/x`);
		expect(seen).toHaveLength(tries);
		expect(warnings()).toEqual(
			warning === undefined
				? []
				: [
						{
							level: 'warn',
							message: 'the URL of --on-change did not accept the call',
							fields: { method: 'POST', url: `http://${host}/x`, ...warning },
						},
					],
		);
	});

	test('no answer in time is tried again, and the log never has the password', async () => {
		const { seen, host } = await serve([0, 0, 200]);
		const { calls, warnings, lines } = setUp(100);
		await calls.call('POST', `http://user:secret@${host}/`);
		expect(seen).toHaveLength(3);
		expect(warnings()).toEqual([]);
		expect(lines.map(({ fields }) => fields.reason)).toEqual([
			'no answer within 100 ms',
			'no answer within 100 ms',
			undefined,
		]);
		expect(JSON.stringify(lines)).not.toContain('secret');
	});

	test('nobody there is a warning after the third try', async () => {
		const closed = createTcpServer();
		await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
		const { port } = closed.address() as AddressInfo;
		await new Promise((resolve) => closed.close(resolve));
		const { calls, warnings } = setUp();
		await calls.call('POST', `http://127.0.0.1:${port}/`);
		expect(warnings()).toHaveLength(1);
		expect(warnings()[0]?.fields).toMatchObject({ tries: 3, reason: expect.stringContaining('ECONNREFUSED') });
	});

	test('close ends what waits, without a word', async () => {
		const { seen, host } = await serve([0]);
		const { calls, lines } = setUp(60_000);
		const ended = calls.call('POST', `http://${host}/`);
		await until(() => seen.length === 1, 'the request');
		calls.close();
		await ended;
		expect(lines).toEqual([]);
	});
});
