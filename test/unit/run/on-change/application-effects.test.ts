/** Commands and requests of `--on-change`, with real processes and a real server. */

import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Logger, SILENT } from '../../../../src/base/log.js';
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

/** Fields of debug lines. */
function recordingLog() {
	const lines: Record<string, unknown>[] = [];
	const log: Logger = { ...SILENT, debug: (fields: unknown) => void lines.push(fields as Record<string, unknown>) };
	return { log, lines };
}

const CHANGES: readonly VolumeChange[] = [
	{ volume: 'config', generation: '..one', change: { added: ['z', 'a b'], removed: ['old'], changed: [] } },
	{ volume: 'tls', generation: '..two', change: { added: ['a b'], removed: [], changed: ['tls.crt'] } },
];

describe('a command', () => {
	function setUp(around: Partial<ProcessSurroundings> = {}) {
		const directory = temporaryDirectory('command');
		const surroundings = {
			env: { PATH: process.env.PATH ?? '', OWN: 'of the application' },
			cwd: directory,
			within: <T>(act: () => T) => act(),
			inheritance: NOTHING_INHERITED,
			...around,
		};
		return { commands: new ChangeCommands({ surroundings: () => surroundings }), directory };
	}

	test('runs in a shell with the environment of the application and the change, without input', async () => {
		const { commands, directory } = setUp();
		const outcome = await commands.run('cat; env -0 > all; pwd > where', CHANGES);
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
		expect(outcome).toEqual({ outcome: 'done', status: 0 });
	});

	test('starts where the application runs', async () => {
		// The umask stands for the mount namespace: a process takes both from the thread that starts it.
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
	])('that fails: %s', async (command, status) => {
		const { commands } = setUp();
		expect(await commands.run(command, CHANGES)).toEqual({ outcome: 'failed', status });
	});

	test.each([
		['has ended', undefined],
		['was restarted', {}],
	])('that is killed because the application %s is not a failure', async (_, more) => {
		const around = {
			env: { PATH: process.env.PATH ?? '' },
			cwd: '/',
			within: <T>(act: () => T) => act(),
			inheritance: NOTHING_INHERITED,
		};
		let now: typeof around | undefined = around;
		const commands = new ChangeCommands({ surroundings: () => now });
		const ended = commands.run('kill -KILL $$', CHANGES);
		now = more === undefined ? undefined : { ...around, ...more };
		expect(await ended).toEqual({ outcome: 'skipped', reason: 'the application ended', status: 137 });
	});

	test('that cannot be started', async () => {
		const { commands } = setUp({ cwd: '/nowhere' });
		expect(await commands.run('true', CHANGES)).toEqual({
			outcome: 'failed',
			reason: expect.stringContaining('the working directory "/nowhere" does not exist'),
		});
	});

	test('is not started while no application runs', async () => {
		const commands = new ChangeCommands({ surroundings: () => undefined });
		expect(await commands.run('exit 1', CHANGES)).toEqual({ outcome: 'skipped', reason: 'no process runs' });
	});

	test('is killed by close, without an outcome', async () => {
		const { commands, directory } = setUp();
		const ended = commands.run('touch started; exec sleep 60', CHANGES);
		await until(() => existsSync(join(directory, 'started')), 'its start');
		commands.close();
		expect(await ended).toBeUndefined();
	});

	test('gets only as many names as a variable can hold', () => {
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
			// 0 means no response.
			if (status > 0) response.writeHead(status, { location: '/elsewhere' }).end('body');
		});
		servers.push(server);
		servers.push({ close: () => server.closeAllConnections() });
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		return { seen, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
	}

	function setUp(timeoutMs = 5000) {
		const { log, lines } = recordingLog();
		return { calls: new ChangeCalls({ log, timeoutMs, pausesMs: [10, 20] }), lines };
	}

	test.each(['POST', 'PUT', 'GET'])('%s without a body, with the credentials of the URL', async (method) => {
		const { seen, host } = await serve([204]);
		const { calls } = setUp();
		const outcome = await calls.call(method, `http://user:pa%20ss@${host}/-/reload?now=1`);
		expect(seen).toHaveLength(1);
		expect(seen[0]).toMatchObject({ method, url: '/-/reload?now=1' });
		expect(seen[0]?.headers).toMatchObject({
			'content-length': '0',
			authorization: `Basic ${Buffer.from('user:pa ss').toString('base64')}`,
		});
		expect(outcome).toEqual({ outcome: 'done', status: 204, tries: 1 });
	});

	test.each([
		[[503, 500, 200], { outcome: 'done', status: 200, tries: 3 }],
		[[503, 429, 500], { outcome: 'failed', status: 500, tries: 3 }],
		[[404], { outcome: 'failed', status: 404, tries: 1 }],
		[[302], { outcome: 'failed', status: 302, tries: 1 }],
		[[300], { outcome: 'failed', status: 300, tries: 1 }],
		[[299], { outcome: 'done', status: 299, tries: 1 }],
	])('statuses %j: %j', async (statuses, outcome) => {
		const { seen, host } = await serve(statuses);
		expect(await setUp().calls.call('POST', `http://user:secret@${host}/x`)).toEqual(outcome);
		expect(seen).toHaveLength(outcome.tries);
	});

	test('a request without a response in time is retried, and the log never has the password', async () => {
		const { seen, host } = await serve([0, 0, 200]);
		const { calls, lines } = setUp(100);
		const outcome = await calls.call('POST', `http://user:secret@${host}/`);
		expect(seen).toHaveLength(3);
		expect(outcome).toEqual({ outcome: 'done', status: 200, tries: 3 });
		expect(lines.map(({ reason, url }) => `${url}: ${reason}`)).toEqual(
			Array(2).fill(`http://${host}/: no response within 100 ms`),
		);
		expect(JSON.stringify(lines)).not.toContain('secret');
	});

	test('without a server it fails after the third try', async () => {
		const closed = createTcpServer();
		await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
		const { port } = closed.address() as AddressInfo;
		await new Promise((resolve) => closed.close(resolve));
		expect(await setUp().calls.call('POST', `http://127.0.0.1:${port}/`)).toEqual({
			outcome: 'failed',
			reason: expect.stringContaining('ECONNREFUSED'),
			tries: 3,
		});
	});

	test('is aborted by close, without an outcome', async () => {
		const { seen, host } = await serve([0]);
		const { calls, lines } = setUp(60_000);
		const ended = calls.call('POST', `http://${host}/`);
		await until(() => seen.length === 1, 'the request');
		calls.close();
		expect(await ended).toBeUndefined();
		expect(lines).toEqual([]);
	});
});
