/**
 * `configmapfs run --on-change`, from the edit of a manifest to the signal, the command or the request; and the changes
 * that reach a running application without the flag.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Machine, stopMachines } from '../../support/machine.js';
import { isRunning } from '../../support/mount-modes.js';
import { configMap, ManifestFile, pod, secret } from '../../support/pod-manifest.js';
import { startRun, stopRuns } from '../../support/run-process.js';
import { removeTemporaries } from '../../support/temporary.js';
import { until } from '../../support/until.js';
import {
	ANY_WAY,
	expectStopped,
	KEYS,
	keys,
	linesOf,
	listening,
	quiet,
	reactionsOf,
	startReady,
	twoVolumes,
	WAYS,
	waitForFile,
	waitForLines,
} from './on-change-pods.js';

let machine: Machine;
const servers: Server[] = [];

beforeEach(async () => {
	machine = await Machine.start();
});

afterEach(async () => {
	stopRuns();
	for (const server of servers.splice(0)) server.close();
	await stopMachines();
	removeTemporaries();
});

describe('signal', () => {
	test('does not come for a file that only a frozen subPath shows; a warning names it', async () => {
		const volumeMounts = [
			{ name: 'first', mountPath: '/etc/one/key', subPath: 'key' },
			{ name: 'second', mountPath: '/etc/two' },
		];
		const app = twoVolumes(listening(KEYS), { volumeMounts });
		const run = await startReady(machine, ANY_WAY, [...keys('1', '1'), app], ['signal:USR1']);
		run.manifest.put(...keys('2', '1'));
		await run.waitForLog(
			'key changed in volume first, but the subPath mount at /etc/one/key keeps the old content, as in a pod; ' +
				'restart it, or use --subpath=live',
		);
		run.manifest.put(...keys('2', '2'));
		await waitForLines(run, 1);
		await quiet(run);
		expect(linesOf(run)).toEqual(['keys 1 2']);
		expect(reactionsOf(run)).toEqual(['key changed in volume second: sent SIGUSR1 to the application']);
		await expectStopped(run);
	});

	test('comes once for a burst over two volumes, after both show the new content', async () => {
		const run = await startReady(machine, ANY_WAY, [...keys('1', '1'), twoVolumes(listening(KEYS))], ['signal:USR1']);
		const expected: string[] = [];
		for (const [one = '', two = ''] of ['22', '33', '43']) {
			run.manifest.put(...keys(one, two));
			expected.push(`keys ${one} ${two}`);
			await waitForLines(run, expected.length);
			await quiet(run);
			expect(linesOf(run)).toEqual(expected);
		}
		await expectStopped(run);
		const sent = ': sent SIGUSR1 to the application';
		expect(run.log.map(({ msg }) => msg)).toEqual([
			`key changed in volume first, key changed in volume second${sent}`,
			`key changed in volume first, key changed in volume second${sent}`,
			`key changed in volume first${sent}`,
		]);
	});

	test('is that of the volume; a volume without a flag causes none', async () => {
		const command = ['sh', '-c', SIGNALS];
		const run = await startReady(machine, ANY_WAY, [...keys('1', '1'), twoVolumes(command)], ['second=signal:USR2']);
		run.manifest.put(configMap('one', { key: '2' }));
		await waitForFile(run, '/etc/one/key', '2');
		// A signal for the first volume would arrive before that for the second.
		run.manifest.put(...keys('3', '3'));
		expect(await waitForLines(run, 1)).toEqual(['USR2']);
		await expectStopped(run);
		expect(linesOf(run)).toEqual(['USR2']);
	});

	test('follows every volume without an action of its own', async () => {
		const command = ['sh', '-c', SIGNALS];
		const flags = ['signal:HUP', 'first=none'];
		const run = await startReady(machine, ANY_WAY, [...keys('1', '1'), twoVolumes(command)], flags);
		run.manifest.put(configMap('one', { key: '2' }));
		await waitForFile(run, '/etc/one/key', '2');
		run.manifest.put(configMap('two', { key: '2' }));
		expect(await waitForLines(run, 1)).toEqual(['HUP']);
		await expectStopped(run);
		expect(linesOf(run)).toEqual(['HUP']);
	});

	test('comes for a Secret too', async () => {
		const container = {
			command: listening('cat /etc/secret/password; echo'),
			volumeMounts: [{ name: 'secret', mountPath: '/etc/secret' }],
		};
		const volumes = [{ name: 'secret', secret: { secretName: 'db' } }];
		const objects = [secret('db', { password: 'one' }), pod('app', container, { volumes })];
		const run = await startReady(machine, ANY_WAY, objects, ['signal:USR1']);
		run.manifest.put(secret('db', { password: 'two' }));
		expect(await waitForLines(run, 1)).toEqual(['two']);
		await expectStopped(run);
	});

	test('for a volume that the pod does not have is refused, with the list of its volumes', async () => {
		const run = startRun(machine, ANY_WAY, new ManifestFile(...keys('1', '1'), twoVolumes(['sleep', '60'])), {
			args: ['--on-change', 'secand=signal:HUP'],
		});
		const { code, stdout, stderr } = await run.end();
		expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
		expect(stderr).toMatch(
			/^error: --on-change: the pod has no volume "secand", only first, second; did you mean "second"\?\n$/,
		);
		expect(run.left).toEqual([]);
	});
});

/** Prints the name of each signal. */
const SIGNALS = `for name in USR1 USR2 HUP; do trap "echo $name" $name; done
echo ready; sleep 600 & while :; do wait; done`;

describe('none', () => {
	test('shows the new content, and does not touch the application', async () => {
		const run = await startReady(machine, ANY_WAY, [...keys('1', '1'), twoVolumes(['sh', '-c', SIGNALS])], []);
		const application = await run.application();
		run.manifest.put(...keys('2', '2'));
		await waitForFile(run, '/etc/two/key', '2');
		await waitForFile(run, '/etc/one/key', '2');
		expect(await run.application()).toBe(application);
		await expectStopped(run);
		expect(linesOf(run)).toEqual([]);
		expect(run.stderr).toBe('');
	});

	test('an annotation of the pod reaches its downwardAPI volume, and the same process reads it', async () => {
		const container = {
			command: listening('cat /etc/podinfo/team'),
			volumeMounts: [{ name: 'info', mountPath: '/etc/podinfo' }],
		};
		const items = [{ path: 'team', fieldRef: { fieldPath: "metadata.annotations['team']" } }];
		const withTeam = (team: string) =>
			pod('app', container, { volumes: [{ name: 'info', downwardAPI: { items } }] }, { annotations: { team } });
		const run = await startReady(machine, ANY_WAY, [withTeam('shop\n')], ['signal:USR1']);
		const application = await run.application();
		run.manifest.put(withTeam('payments\n'));
		expect(await waitForLines(run, 1)).toEqual(['payments']);
		expect(await run.application()).toBe(application);
		await expectStopped(run);
		expect(reactionsOf(run)).toEqual(['team changed in volume info: sent SIGUSR1 to the application']);
		expect(run.log).toHaveLength(1);
	});

	test('an annotation that a variable shows makes the environment stale', async () => {
		const env = [{ name: 'TEAM', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['team']" } } }];
		const container = { command: ['sh', '-c', 'echo "ready"; echo "team $TEAM"; exec sleep 600'], env };
		const withTeam = (team: string) => pod('app', container, {}, { annotations: { team } });
		const run = await startReady(machine, ANY_WAY, [withTeam('shop')], ['restart']);
		run.manifest.put(withTeam('payments'));
		expect(await waitForLines(run, 2)).toEqual(['team shop', 'team payments']);
		await expectStopped(run);
	});

	test('a change of a variable is logged once for each process', async () => {
		const env = [{ name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'env', key: 'color' } } }];
		const command = ['sh', '-c', 'echo "ready"; echo "color $COLOR"; exec sleep 600'];
		const objects = (color: string, key: string) => [configMap('env', { color }), ...keys(key, '1')];
		const run = await startReady(
			machine,
			ANY_WAY,
			[...objects('red', '1'), twoVolumes(command, { env })],
			['first=restart'],
		);
		const stale = () => run.log.filter(({ msg }) => msg?.includes('the running process keeps'));
		run.manifest.put(...objects('green', '1'));
		await run.waitForLog('the running process keeps');
		run.manifest.put(...objects('blue', '1'));
		run.manifest.put(...objects('blue', '2'));
		expect(await waitForLines(run, 2)).toEqual(['color red', 'color blue']);
		expect(stale()).toHaveLength(1);
		run.manifest.put(...objects('white', '2'));
		await until(() => stale().length === 2, 'a second warning');
		expect(stale().map(({ level, names, msg }) => [level, names, msg])).toEqual(
			Array(2).fill([
				'warn',
				['COLOR'],
				'COLOR changed; the running process keeps the old value, as in a pod; restart it, or use --on-change restart',
			]),
		);
		await expectStopped(run);
	});
});

describe.each(WAYS)('exec, $name', (way) => {
	test('runs where the application runs, with its environment and the change', async () => {
		const report = [
			'echo "hook $COLOR $(cat /etc/one/key) $(cat /etc/two/key)"',
			'for name in VOLUME ADDED REMOVED CHANGED; do eval "echo $name $(eval "echo \\$CONFIGMAPFS_$name" | xargs)"; done',
			'echo "GENERATION $CONFIGMAPFS_GENERATION $(readlink /etc/one/..data /etc/two/..data)" | xargs',
		].join('\n');
		const more = { env: [{ name: 'COLOR', value: 'red' }] };
		const objects = [...keys('1', '1'), twoVolumes(listening('true'), more)];
		const run = await startReady(machine, way, objects, [`exec:${report}`]);
		run.manifest.put(configMap('one', { key: '2', more: 'x' }), configMap('two', { key: '2' }));
		const lines = await waitForLines(run, 6);
		expect(lines.slice(0, 5)).toEqual(['hook red 2 2', 'VOLUME first second', 'ADDED more', 'REMOVED', 'CHANGED key']);
		const [, one, two, ...links] = lines[5]?.split(' ') ?? [];
		expect(links).toEqual([one, two]);
		await run.waitForLog('ran the --on-change command');
		expect(run.log).toHaveLength(1);
		expect(run.log[0]?.msg).toMatch(
			/^more added to volume first, key changed in volume first, key changed in volume second: ran the --on-change /,
		);
		await expectStopped(run);
	});

	test('that fails is a warning, and the next change runs it again', async () => {
		const objects = [...keys('1', '1'), twoVolumes(listening('true'))];
		const run = await startReady(machine, way, objects, ['exec:echo "hook $(cat /etc/one/key)"; exit 3']);
		run.manifest.put(...keys('2', '1'));
		expect(await run.waitForLog('failed with status 3')).toMatchObject({ level: 'warn', status: 3 });
		run.manifest.put(...keys('3', '1'));
		expect(await waitForLines(run, 2)).toEqual(['hook 2', 'hook 3']);
		await expectStopped(run);
	});

	test('that still runs at the end is killed with the application', async () => {
		const objects = [...keys('1', '1'), twoVolumes(listening('true'))];
		const run = await startReady(machine, way, objects, ['exec:echo "hook $$"; exec sleep 600']);
		run.manifest.put(...keys('2', '1'));
		const [hook = ''] = await waitForLines(run, 1);
		const pid = Number(hook.split(' ')[1]);
		expect(isRunning(pid)).toBe(true);
		await expectStopped(run);
		expect(isRunning(pid)).toBe(false);
		expect(run.stderr).toBe('');
	});
});

describe('http', () => {
	test('calls the URL until it succeeds, once a burst', async () => {
		const calls: string[] = [];
		const answers = [500, 200, 200];
		const port = await serve((request, response) => {
			calls.push(`${request.method} ${request.url}`);
			response.writeHead(answers[calls.length - 1] ?? 200).end();
		});
		const flag = `http://127.0.0.1:${port}/-/reload?all=1`;
		const run = await startReady(machine, ANY_WAY, [...keys('1', '1'), twoVolumes(listening('true'))], [flag]);
		run.manifest.put(...keys('2', '2'));
		await until(() => calls.length === 2, 'a second try');
		run.manifest.put(...keys('3', '3'));
		await until(() => calls.length === 3, 'the second burst');
		expect(calls).toEqual(Array(3).fill('POST /-/reload?all=1'));
		await expectStopped(run);
		expect(calls).toHaveLength(3);
		expect(run.log).toEqual(
			[2, 1].map((tries) =>
				expect.objectContaining({ event: 'reaction', action: 'http', outcome: 'done', status: 200, tries }),
			),
		);
	});

	test('of a volume with a method of its own; a refusal is a warning', async () => {
		const calls: string[] = [];
		const port = await serve((request, response) => {
			calls.push(`${request.method} ${request.url}`);
			response.writeHead(403).end();
		});
		const flag = `second=http:PUT:http://user:password@127.0.0.1:${port}/two`;
		const run = await startReady(machine, ANY_WAY, [...keys('1', '1'), twoVolumes(listening('true'))], [flag]);
		run.manifest.put(...keys('2', '2'));
		expect(await run.waitForLog(`the --on-change call PUT http://127.0.0.1:${port}/two failed`)).toMatchObject({
			level: 'warn',
			status: 403,
			tries: 1,
		});
		expect(calls).toEqual(['PUT /two']);
		expect(run.stderr).not.toContain('password');
		await expectStopped(run);
	});
});

/** Returns the port. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> {
	const server = createServer(answer);
	servers.push(server);
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return (server.address() as AddressInfo).port;
}
