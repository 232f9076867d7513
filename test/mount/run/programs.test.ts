/**
 * Real programs started by `configmapfs run`: nginx from the example's Deployment, programs that watch their
 * configuration with inotify, a static binary, and many readers; as root and as an ordinary user. The machine stays
 * unchanged.
 */

import { cpSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { controlPlanePrograms, freePort } from '../../support/control-plane.js';
import { fixture } from '../../support/fixture-process.js';
import { fsnotifyProgram, hasCommand, removeGoPrograms, WITHOUT_FSNOTIFY } from '../../support/go-program.js';
import { Client, get } from '../../support/http-client.js';
import { inotifyCommand, printedEvents, WITHOUT_PYTHON } from '../../support/inotify.js';
import { Machine, stopMachines } from '../../support/machine.js';
import { writeAtomically } from '../../support/manifest.js';
import { isRunning } from '../../support/mount-modes.js';
import { runCommand, runProgram, startMount, stopAll } from '../../support/mount-process.js';
import { type NamespaceWay, ROOT_WAY, USER_WAY } from '../../support/namespace-child.js';
import { configMap, type Manifest, ManifestFile, pod } from '../../support/pod-manifest.js';
import { startRun, stopRuns } from '../../support/run-process.js';
import { removeTemporaries, temporaryDirectory, tmpfsDirectory } from '../../support/temporary.js';
import { until } from '../../support/until.js';
import { VolumeFacts } from '../../support/volume-facts.js';

let machine: Machine;

beforeEach(async () => {
	machine = await Machine.start();
});

afterEach(async () => {
	stopRuns();
	await stopAll();
	await stopMachines();
	removeTemporaries();
});

afterAll(removeGoPrograms);

/** A user id that nothing on the machine uses, and not the one that stands for unknown users. */
const STRANGER: NamespaceWay =
	USER_WAY.user === undefined ? USER_WAY : { ...USER_WAY, user: { uid: 54321, gid: 54321 } };
const WAYS = [ROOT_WAY, STRANGER];

function titleOf({ name, missing }: NamespaceWay): string {
	return missing === undefined ? name : `${name} (skipped: ${missing})`;
}

const NGINX = fileURLToPath(new URL('../../../examples/run/nginx.yaml', import.meta.url));
const WITHOUT_NGINX = hasCommand('nginx') ? undefined : 'needs the package nginx-light';
const CHILDREN = (pid: number) =>
	readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);

/** The objects of the example, with this port. */
function nginxManifest(port: number, replace: readonly (readonly [string, string])[] = []): readonly Manifest[] {
	const edits = [['8088', String(port)] as const, ...replace];
	const text = edits.reduce(
		(so, [from, to]) => {
			expect(so).toContain(from);
			return so.replaceAll(from, to);
		},
		readFileSync(NGINX, 'utf8'),
	);
	return [...parseAllDocuments(text)].map((document) => document.toJS() as Manifest);
}

/** Machines with /etc/nginx as packages install it, and without. */
const HOSTS = [
	{ name: 'with the /etc/nginx that it has', prepare: undefined },
	{
		name: 'without any /etc/nginx',
		prepare: 'cp -a /etc/. "$1" && rm -rf "$1/nginx" && mount --bind "$1" /etc && test ! -e /etc/nginx',
	},
];

async function prepare(script: string): Promise<void> {
	const directory = `${machine.runtime}/../etc`;
	const [file = '', ...args] = [...machine.prefix(undefined), 'sh', '-ec', `mkdir "$1"; ${script}`, 'sh', directory];
	expect(await runCommand(file, args)).toMatchObject({ code: 0, stderr: '' });
}

for (const way of WAYS) {
	describe.skipIf(way.missing !== undefined)(titleOf(way), () => {
		describe.each(HOSTS)('nginx on a machine $name', ({ prepare: script }) => {
			test('serves the mounted files, and after a reload the saved ones, and no request fails', async (ctx) => {
				ctx.skip(WITHOUT_NGINX !== undefined, WITHOUT_NGINX);
				ctx.skip(script !== undefined && ROOT_WAY.missing !== undefined, 'only root can change the machine');
				if (script !== undefined) await prepare(script);
				const before = machine.state();
				const port = await freePort();
				const manifest = new ManifestFile(...nginxManifest(port));
				const run = startRun(machine, way, manifest, { args: ['--on-change', 'signal:HUP', '--log-level', 'info'] });
				await until(
					async () => (await get(port, '/version').catch(() => '')) === 'one\n',
					() => `an answer: ${run.stderr}`,
				);
				expect(await get(port, '/')).toContain('<p>This page is a key of a ConfigMap.</p>');
				const master = await run.application();
				const first = CHILDREN(master);
				expect(first).toHaveLength(2);
				expect(machine.state()).toBe(before);

				const clients = ['/version', '/version', '/'].map((path) => new Client(port, path));
				const [, sites = manifest.objects[0] as Manifest, pages = sites] = nginxManifest(port, [
					['"one\\n"', '"two\\n"'],
					['This page is', 'Still, this page is'],
				]);
				manifest.put(sites);
				await until(async () => (await get(port, '/version')) === 'two\n', 'the new configuration');
				// Old workers finish their requests and exit.
				await until(
					() => CHILDREN(master).length === 2 && !CHILDREN(master).some((pid) => first.includes(pid)),
					'new workers',
				);
				manifest.put(pages);
				await until(async () => (await get(port, '/')).includes('Still, this page'), 'the new page');
				await until(() => run.log.filter(({ event }) => event === 'reaction').length === 2, 'the second signal');
				await Promise.all(clients.map((client) => client.stop()));
				expect(clients.flatMap(({ failures }) => failures)).toEqual([]);
				expect([...(clients[0]?.bodies ?? [])]).toEqual(['one\n', 'two\n']);
				expect(machine.state()).toBe(before);

				const workers = CHILDREN(master);
				expect(await run.stop()).toEqual({ code: 0, signal: null });
				expect([master, ...first, ...workers].filter(isRunning)).toEqual([]);
				await expect(get(port, '/version')).rejects.toThrow('ECONNREFUSED');
				expect(machine.state()).toBe(before);
				expect(run.left).toEqual([]);
				const warnings = run.log.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
				expect(warnings).toEqual([
					expect.stringContaining('volume "server": subPath "nginx.conf"'),
					expect.stringMatching(/ changed in volume .*: sent SIGHUP to the application$/),
					expect.stringMatching(/ changed in volume .*: sent SIGHUP to the application$/),
				]);
			});
		});
	});
}

/** The process that is killed, and the status of the run. */
const KILLED = [
	{ victim: 'nginx', code: 137, signal: null },
	{ victim: 'the run', code: null, signal: 'SIGKILL' },
] as const;

for (const way of WAYS) {
	describe.skipIf(way.missing !== undefined)(titleOf(way), () => {
		test.for(KILLED)('no process of nginx is left when $victim is killed', async ({ victim, ...status }, ctx) => {
			ctx.skip(WITHOUT_NGINX !== undefined, WITHOUT_NGINX);
			const before = machine.state();
			const port = await freePort();
			const run = startRun(machine, way, new ManifestFile(...nginxManifest(port)));
			await until(async () => (await get(port, '/version').catch(() => '')) === 'one\n', 'an answer');
			const master = await run.application();
			const all = [master, ...CHILDREN(master)];
			process.kill(victim === 'nginx' ? master : run.pid, 'SIGKILL');
			const { code, signal } = await run.end();
			expect({ code, signal }).toEqual(status);
			await until(() => !all.some(isRunning), 'the end of master and workers');
			await expect(get(port, '/version')).rejects.toThrow('ECONNREFUSED');
			await until(
				() => run.left.length === 0,
				() => `nothing left, but there is ${run.left}`,
			);
			expect(machine.state()).toBe(before);
		});
	});
}

const CONFIG = '/etc/app/config';
const FIRST = { a: '1', b: '1' };
const NEXT = { a: '2', c: '1' };

/** A Deployment that reads and watches its configuration at the usual paths. */
function watcherManifest(data: Readonly<Record<string, string>>): readonly Manifest[] {
	const { spec } = pod(
		'',
		{ image: 'app', volumeMounts: [{ name: 'config', mountPath: CONFIG, readOnly: true }] },
		{
			volumes: [{ name: 'config', configMap: { name: 'app' } }],
			restartPolicy: 'Always',
		},
	);
	const labels = { app: 'app' };
	return [
		configMap('app', data),
		{
			apiVersion: 'apps/v1',
			kind: 'Deployment',
			metadata: { name: 'app' },
			spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
		},
	];
}

interface Watcher {
	readonly name: string;
	readonly missing: string | undefined;
	command(): Promise<readonly string[]>;
	readonly ready: string;
	/** The events of the flip so far; a list for each watch. */
	seen(output: string): readonly (readonly string[])[];
	/** All events of a flip. */
	readonly expected: readonly (readonly string[])[];
}

/** Source: recorded from kubelet's own writer; its reads are left out. */
const FLIP = [
	'<2> CREATE',
	'<2> ATTRIB',
	'..data_tmp CREATE',
	'..data_tmp MOVED_FROM',
	'..data MOVED_TO',
	'c CREATE',
	'b DELETE',
	'<1> DELETE',
];

function lines(output: string, what: RegExp): readonly string[] {
	return output
		.split('\n')
		.filter((line) => what.test(line))
		.map((line) => line.replace(/\.\.\d{4}(_\d\d){5}\.\d+/, '..generation'));
}

const WATCHERS: readonly Watcher[] = [
	{
		name: 'Python',
		missing: WITHOUT_PYTHON,
		command: async () => inotifyCommand([{ path: CONFIG }]),
		ready: 'ready',
		seen: (output) => [
			// The old generation causes events only when it is removed.
			printedEvents(output).map((text) => text.replace(/^<(\d)>/, (_, number) => `<${3 - Number(number)}>`)),
		],
		expected: [FLIP],
	},
	{
		name: 'Go, in a static binary',
		missing: WITHOUT_FSNOTIFY,
		command: async () => [await fsnotifyProgram(), CONFIG, 'a'],
		ready: 'ready',
		seen: (output) => [lines(output, /^(directory|value|error) /), lines(output, /^(file|again) /)],
		expected: [
			[
				'directory CREATE ..generation',
				'directory CHMOD ..generation',
				'directory CREATE ..data_tmp',
				'directory RENAME ..data_tmp',
				'directory CREATE ..data',
				'value 2 <nil>',
				'directory CREATE c',
				'directory REMOVE b',
				'directory REMOVE ..generation',
			],
			['file CHMOD', 'file REMOVE', 'again <nil>'],
		],
	},
	{
		name: 'chokidar',
		missing: undefined,
		command: async () => [process.execPath, fixture('chokidar-watcher.mjs'), CONFIG],
		ready: 'ready',
		// It lists directories after each event, so only its events of keys are certain, and not their order.
		seen: (output) => [lines(output, / [a-z]$/).toSorted()],
		expected: [['add c', 'change a', 'unlink b']],
	},
];

for (const way of WAYS) {
	describe.skipIf(way.missing !== undefined)(titleOf(way), () => {
		test.for(WATCHERS)(
			'a program that watches its configuration sees a flip as in a pod: $name',
			async (watcher, ctx) => {
				ctx.skip(watcher.missing !== undefined, watcher.missing);
				const command = await watcher.command();
				const run = startRun(machine, way, new ManifestFile(...watcherManifest(FIRST)), { command, stdin: true });
				await run.waitForOutput(watcher.ready);
				run.manifest.put(...watcherManifest(NEXT));
				const seen = () => watcher.seen(run.stdout);
				await until(
					() => seen().every((list, at) => list.length >= (watcher.expected[at]?.length ?? 0)),
					() => `the end of the flip: ${run.stdout}${run.stderr}`,
				);
				run.stdin.end();
				expect((await run.end()).code).toBe(0);
				expect(seen()).toEqual(watcher.expected);
				expect(run.stderr).toBe('');
			},
		);

		test('a bound volume equals one of "configmapfs mount", before a flip and after it', async () => {
			const manifest = new ManifestFile(...watcherManifest({ ...FIRST, long: 'x'.repeat(5000) }));
			const run = startRun(machine, way, manifest, { command: ['sleep', '60'] });
			const directory = temporaryDirectory('mnt', 0o777);
			const ofUser = { ...(way.user === undefined ? {} : { user: way.user }), unshare: true };
			const options = way === ROOT_WAY ? {} : ofUser;
			const mount = await startMount(directory, ['--volume', 'app', '-f', manifest.path], options);
			const inRun = new VolumeFacts(CONFIG, (...command) => run.exec(...command));
			const inMount = new VolumeFacts(directory, (file = '', ...args) => mount.run(file, args));
			expect(await inRun.scan('1')).toEqual(await inMount.scan('1'));
			manifest.put(...watcherManifest({ ...NEXT, long: 'y'.repeat(6000) }));
			const after = await inRun.scan('2');
			expect(after).toEqual(await inMount.scan('2'));
			expect(after).toEqual([
				'fuseblk 255 4096 4096',
				'(root) d 777 own 140 bytes 3 kept',
				'..data -> <generation> l 777 own 1 new',
				'<generation> d 755 own 100 bytes 2 new',
				'<generation>/a f 644 own 1 bytes 1 new',
				'<generation>/c f 644 own 1 bytes 1 new',
				'<generation>/long f 644 own 6000 bytes 1 new',
				'a -> ..data/a l 777 own 1 kept',
				'c -> ..data/c l 777 own 1 new',
				'long -> ..data/long l 777 own 1 kept',
			]);
			expect((await run.stop()).code).toBe(143);
			expect((await mount.stop()).code).toBe(0);
		});
	});
}

test('the Go program that reads the real path has no library whose calls could be intercepted', async (ctx) => {
	ctx.skip(WITHOUT_FSNOTIFY !== undefined, WITHOUT_FSNOTIFY);
	expect((await runCommand('ldd', [await fsnotifyProgram()])).stderr).toContain('not a dynamic executable');
});

const EXAMPLES = fileURLToPath(new URL('../../../examples/run/', import.meta.url));

describe('the examples', () => {
	const environment = () => ({ XDG_RUNTIME_DIR: tmpfsDirectory('runtime', 0o777) });

	test('cron-job.yaml runs its own command', async () => {
		const run = await runProgram(['run', '-f', `${EXAMPLES}cron-job.yaml`], { env: environment() });
		expect(run).toEqual({
			code: 0,
			signal: null,
			stdout: 'Revenue in EUR: day,orders,revenue\nto sales@shop.example.org\nto finance@shop.example.org\n',
			stderr: '',
		});
	});

	test('app.yaml gives a program its environment, its arguments and its files', async () => {
		const script =
			'echo "$@"; echo $DB_USER:$DB_PASSWORD@$POD_NAMESPACE/$POD_NAME $LOG_LEVEL $MEMORY_LIMIT; cd /etc/app/config; cat pod/labels; echo; cat db/password; ls';
		const command = ['--keep-args', '--', 'sh', '-c', script, 'checkout'];
		const run = await runProgram(['run', '-f', `${EXAMPLES}app.yaml`, ...command], { env: environment() });
		expect(run).toEqual({
			code: 0,
			signal: null,
			stdout: [
				'--config=/etc/app/config/checkout.yaml --listen=127.0.0.1:8089',
				'checkout:only-for-this-example@default/checkout-local info 128',
				'app.kubernetes.io/name="checkout"',
				'tier="backend"',
				'only-for-this-examplecheckout.yaml',
				...['db', 'features.json', 'pod', ''],
			].join('\n'),
			stderr: '',
		});
	});

	test('the kustomization is built again when an input changes, and its worker is restarted', async () => {
		const { kubectl } = controlPlanePrograms();
		if (kubectl === undefined) throw new Error('there is no kubectl; run: node scripts/control-plane/ensure.mjs');
		const directory = temporaryDirectory('kustomize');
		cpSync(`${EXAMPLES}kustomize`, directory, { recursive: true });
		const run = startRun(machine, ROOT_WAY.missing === undefined ? ROOT_WAY : USER_WAY, new ManifestFile(), {
			args: ['-k', directory, '--on-change', 'restart'],
			env: { PATH: `${dirname(kubectl)}:${process.env.PATH}` },
		});
		await run.waitForOutput('queue orders-dev\nconcurrency = 2\nretry = "30s"\n');
		writeAtomically(`${directory}/worker.env`, 'QUEUE=orders-local\n');
		writeAtomically(`${directory}/worker.toml`, 'concurrency = 4\n');
		await run.waitForOutput('queue orders-local\nconcurrency = 4\n');
		expect(await run.stop()).toEqual({ code: 143, signal: null });
	});
});
