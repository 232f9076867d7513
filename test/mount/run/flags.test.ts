/**
 * Flags of `configmapfs run` that choose the workload, its container, the command, the environment and the layers of
 * sources, and `--root-dir` for machines without namespaces. Behaviour that depends on the user is tested as root and
 * as an ordinary user.
 */

import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Machine, stopMachines } from '../../support/machine.js';
import { ROOT_WAY, USER_WAY } from '../../support/namespace-child.js';
import { configMap, type Fields, type Manifest, ManifestFile, pod } from '../../support/pod-manifest.js';
import { type RunOptions, startRun, stopRuns } from '../../support/run-process.js';
import { processesWith } from '../../support/run-shell.js';
import { removeTemporaries, temporaryDirectory } from '../../support/temporary.js';
import { until } from '../../support/until.js';

const ANY_WAY = ROOT_WAY.missing === undefined ? ROOT_WAY : USER_WAY;
/** Includes the start of another program before it. */
const LAST_WAY = USER_WAY.missing === undefined ? USER_WAY : ANY_WAY;
const APP = configMap('app', { key: 'one', other: '1' });
const OF_APP = { configMap: { name: 'app' } };

function deployment(name: string, container: Fields, namespace?: string): Manifest {
	const spec = { initContainers: [{ name: 'setup', image: 'x', command: ['echo', 'setup'] }], containers: [container] };
	return {
		apiVersion: 'apps/v1',
		kind: 'Deployment',
		metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
		spec: { selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec } },
	};
}

let machine: Machine;
beforeAll(async () => {
	machine = await Machine.start();
});
afterEach(stopRuns);
afterAll(async () => {
	await stopMachines();
	removeTemporaries();
});

async function runToEnd(objects: readonly Manifest[], options: RunOptions, way = ANY_WAY) {
	return await startRun(machine, way, new ManifestFile(...objects), options).end();
}

describe('the workload and the container', () => {
	const web = deployment('web', {
		name: 'c',
		image: 'x',
		command: ['echo', 'web', '$(POD)'],
		env: [{ name: 'POD', value: 'v' }],
	});
	const api = deployment('api', { name: 'c', image: 'x', command: ['echo', 'api'] }, 'other');
	const task = {
		apiVersion: 'batch/v1',
		kind: 'Job',
		metadata: { name: 'web' },
		spec: { template: pod('t', { command: ['echo', 'job'] }) },
	};
	const { spec: template } = task.spec.template;
	const job: Manifest = { ...task, spec: { template: { spec: template } } };

	test.each([
		[['deployment/web'], 'web v'],
		[['deploy/web'], 'web v'],
		[['deployments.apps/web', '-n', 'default'], 'web v'],
		[['Job/web'], 'job'],
		[['api'], 'api'],
		[['-n', 'other'], 'several'],
		[['deploy/api', '-n', 'other'], 'api'],
		[['deploy/web', '-c', 'setup'], 'setup'],
	])('%j', async (args, wanted) => {
		const { code, stdout, stderr } = await runToEnd([web, api, job], { args });
		const isChosen = args.includes('-c') || wanted === 'job';
		const defaulted = /^\{.*"msg":"Defaulted container \\"c\\" out of: c, setup \(init\); choose another with -c"\}\n$/;
		if (wanted === 'several')
			expect({ code, stderr }).toEqual({ code: 125, stderr: expect.stringMatching(/^error: several workloads: /) });
		else
			expect({ code, stdout, stderr }).toEqual({
				code: 0,
				stdout: `${wanted}\n`,
				stderr: isChosen ? '' : expect.stringMatching(defaulted),
			});
	});

	test('the command after -- replaces that of the container; --keep-args appends its args', async () => {
		const one = pod('p', {
			command: ['echo', 'own'],
			args: ['$(A)', 'b'],
			env: [{ name: 'A', value: 'a' }],
			workingDir: '/usr',
		});
		const script = ['sh', '-c', 'pwd; echo "$@"', 'sh', 'given'];
		expect((await runToEnd([one], {})).stdout).toBe('own a b\n');
		expect((await runToEnd([one], { command: script })).stdout).toBe('/\ngiven\n');
		expect((await runToEnd([one], { command: script, args: ['--keep-args'] })).stdout).toBe('/\ngiven a b\n');
		expect((await runToEnd([pod('p', { command: ['pwd'], workingDir: '/usr' })], {})).stdout).toBe('/usr\n');
	});
});

describe('the environment', () => {
	const one = pod('my-pod', {
		env: [
			{ name: 'OWN', value: 'pod' },
			{ name: 'LANG', value: 'pod' },
		],
		envFrom: [{ configMapRef: { name: 'names' } }],
	});
	const names = configMap('names', { GOOD: '1', '1.bad': '2', 'a-b': '3' });
	const env = { OWN: 'caller', FOREIGN: 'caller', LANG: 'caller', LC_TIME: 'caller', TERM: 'caller' };
	const PRINT = ['/usr/bin/env'];

	async function variables(...args: readonly string[]) {
		const { stdout } = await runToEnd([one, names], { args, env, command: PRINT }, LAST_WAY);
		const lines = stdout.split('\n').filter((line) => line !== '');
		return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
	}

	test('--env-inherit path: PATH, HOME, TERM, locale and HOSTNAME are inherited', async () => {
		const found = await variables();
		expect(found.get('OWN')).toBe('pod');
		expect(found.get('LANG')).toBe('pod');
		expect([found.get('LC_TIME'), found.get('TERM'), found.get('HOME')]).toEqual(['caller', 'caller', '/']);
		expect(found.get('PATH')).toBe(process.env.PATH);
		expect(found.get('HOSTNAME')).toBe('my-pod');
		expect(found.has('FOREIGN')).toBe(false);
		expect([found.get('GOOD'), found.get('1.bad'), found.get('a-b')]).toEqual(['1', '2', '3']);
	});

	test('--env-inherit none: only the variables of the pod', async () => {
		const found = await variables('--env-inherit', 'none');
		expect([...found.keys()].sort()).toEqual(['1.bad', 'GOOD', 'LANG', 'OWN', 'a-b']);
	});

	test('--env-inherit all: those of the pod override them; none of this program’s own', async () => {
		const found = await variables('--env-inherit=all');
		expect([found.get('OWN'), found.get('FOREIGN')]).toEqual(['pod', 'caller']);
		expect(
			[...found.keys()].filter((name) => name.startsWith('CONFIGMAPFS_') && process.env[name] === undefined),
		).toEqual([]);
	});

	test('without a workload: --volume and --env-from, with -f, --create and -k, and live', async () => {
		const directory = temporaryDirectory('kustomization', 0o755);
		const kustomization = 'resources: []\nconfigMapGenerator: [{name: built, literals: [k=built]}]\n';
		writeFileSync(
			join(directory, 'kustomization.yaml'),
			`${kustomization}generatorOptions: {disableNameSuffixHash: true}\n`,
		);
		const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db' }, stringData: { PASSWORD: 'p' } };
		const file = new ManifestFile(APP, secret, deployment('web', { name: 'c', image: 'x' }));
		const script = `cat /cmfs-flag/app/key /cmfs-flag/built/k /cmfs-flag/db/PASSWORD; echo " $A $PASSWORD $0"
			until grep -q two /cmfs-flag/app/key; do sleep 0.05; done; cat /cmfs-flag/app/key`;
		const run = startRun(machine, ANY_WAY, file, {
			args: [
				...['--create', 'env', '--from-literal=A=made', '-k', directory, '--volume', 'app=/cmfs-flag/app'],
				...['--volume', 'cm/built=/cmfs-flag/built', '--volume', 'secret/db=/cmfs-flag/db'],
				...['--env-from', 'env', '--env-from', 'secret/db'],
			],
			command: ['sh', '-c', script, 'done'],
		});
		await run.waitForOutput('onebuiltp made p done\n');
		file.put(configMap('app', { key: 'two' }));
		expect(await run.end()).toMatchObject({ code: 0, stdout: 'onebuiltp made p done\ntwo', stderr: '' });
	});

	test('--strict-env-names skips the names that kubelet refused, with a warning', async () => {
		const { stdout, stderr } = await runToEnd([one, names], { args: ['--strict-env-names'], command: PRINT });
		expect(stdout).toMatch(/^GOOD=1$/m);
		expect(stdout).not.toContain('bad=');
		expect(stdout).toMatch(/^a-b=3$/m);
		expect(stderr).toMatch(/Keys \[1\.bad\] from the EnvFrom configMap default\/names were skipped/);
	});
});

describe('layers', () => {
	const shown = pod(
		'p',
		{ volumeMounts: [{ name: 'v', mountPath: '/cmfs-layers' }] },
		{ volumes: [{ name: 'v', ...OF_APP }] },
	);
	const command = ['sh', '-c', 'cd /cmfs-layers; for f in *; do echo "$f=$(cat $f)"; done'];

	test('a later source wins, key by key: --create over -f, and another -f over that', async () => {
		const last = new ManifestFile(configMap('app', { other: 'last' }));
		const args = ['--create', 'app', '--from-literal', 'key=made', '--from-literal=new=1', '-f', last.path];
		expect(await runToEnd([APP, shown], { args, command })).toMatchObject({
			stdout: 'key=made\nnew=1\nother=last\n',
			stderr: '',
		});
	});

	test('an edit of an upper layer is visible; a key that it removes shows the lower layer again', async () => {
		const upper = new ManifestFile(configMap('app', { key: 'upper' }));
		const run = startRun(machine, ANY_WAY, new ManifestFile(APP, shown), {
			args: ['-f', upper.path],
			command: ['sh', '-c', 'while :; do cat /cmfs-layers/key; echo; sleep 0.02; done'],
		});
		await run.waitForOutput('upper\n');
		upper.put(configMap('app', { unrelated: '' }));
		await run.waitForOutput(/upper\none\n/);
		await run.stop();
	});
});

for (const way of [ROOT_WAY, USER_WAY]) {
	const skipped = way.missing === undefined ? '' : ` (skipped: ${way.missing})`;
	describe.skipIf(way.missing !== undefined)(`--root-dir ${way.name}${skipped}`, () => {
		const volumes = [
			{ name: 'v', ...OF_APP },
			{ name: 'e', emptyDir: {} },
		];
		const shown = pod(
			'p',
			{
				volumeMounts: [
					{ name: 'v', mountPath: '/etc/app/config' },
					{ name: 'v', mountPath: '/etc/app/frozen', subPath: 'key' },
					{ name: 'e', mountPath: '/cache' },
				],
			},
			{ volumes },
		);
		const parent = () => temporaryDirectory('root', 0o777);

		test.each(['auto', 'directory'])(
			'lays the paths out, live, with --driver %s; nothing is left behind',
			async (driver) => {
				const root = join(parent(), 'made/root');
				const manifest = new ManifestFile(APP, shown);
				const script = `cd "$CONFIGMAPFS_ROOT"; pwd; find . -mindepth 1 | sort; cat etc/app/config/key etc/app/frozen
				touch cache/written etc/app/frozen && echo; while test "$(cat etc/app/config/key)" != new; do sleep 0.02; done
				cat etc/app/frozen`;
				const run = startRun(machine, way, manifest, {
					args: ['--root-dir', 'made/root', '--driver', driver],
					command: ['sh', '-c', script],
					cwd: join(root, '../..'),
				});
				await run.waitForOutput('oneone\n');
				expect(run.stdout).toBe(
					`${root}\n./.configmapfs\n./cache\n./etc\n./etc/app\n./etc/app/config\n./etc/app/frozen\noneone\n`,
				);
				expect(lstatSync(join(root, 'etc/app/config')).isSymbolicLink()).toBe(true);
				expect(lstatSync(join(root, 'etc/app/frozen')).isFile()).toBe(true);
				manifest.put(configMap('app', { key: 'new' }));
				const { code, stdout } = await run.end();
				expect({ code, stdout: stdout.split('\n').at(-1) }).toEqual({ code: 0, stdout: 'one' });
				expect(readdirSync(join(root, '../..'))).toEqual([]);
				expect(run.left).toEqual([]);
			},
		);

		test('a second run is refused; the next run removes the files of a killed one, and nothing else', async () => {
			const root = parent();
			const options = { args: ['--root-dir', root], command: ['sh', '-c', 'echo started; exec sleep 1000'] };
			const run = startRun(machine, way, new ManifestFile(APP, shown), options);
			await run.waitForOutput('started');
			expect(await runToEnd([APP, shown], options, way)).toMatchObject({
				code: 125,
				stderr: `error: cannot use "${root}" as --root-dir: another run uses it; choose another directory\n`,
			});
			process.kill(run.pid, 'SIGKILL');
			await run.end();
			await until(() => processesWith(machine.runtime).length === 0, 'the end of the server');
			expect(readdirSync(root).sort()).toEqual(['.configmapfs', 'cache', 'etc']);
			const again = await runToEnd([APP, shown], { ...options, command: ['ls', root] }, way);
			expect(again).toMatchObject({ code: 0, stdout: 'cache\netc\n' });
			expect(readdirSync(root)).toEqual([]);
			expect(machine.left()).toEqual([]);
		});

		test('a directory that is not empty is refused, and its files stay', async () => {
			const root = parent();
			writeFileSync(join(root, 'file'), 'mine');
			expect(await runToEnd([APP, shown], { args: ['--root-dir', root], command: ['true'] }, way)).toMatchObject({
				code: 125,
				stderr: `error: cannot use "${root}" as --root-dir: it is not empty: it contains "file"; choose an empty or a new directory\n`,
			});
			expect(readdirSync(root)).toEqual(['file']);
			expect(readFileSync(join(root, 'file'), 'utf8')).toBe('mine');
		});

		test('a mount inside another volume is refused, and nothing is left behind', async () => {
			const nested = pod(
				'p',
				{
					volumeMounts: [
						{ name: 'v', mountPath: '/a' },
						{ name: 'e', mountPath: '/a/b' },
					],
				},
				{ volumes },
			);
			const root = join(parent(), 'new');
			expect(await runToEnd([APP, nested], { args: ['--root-dir', root], command: ['true'] }, way)).toMatchObject({
				code: 125,
				stderr:
					'error: cannot place "/a/b": it lies inside the volume at "/a", which --root-dir does not support; drop --root-dir\n',
			});
			expect(existsSync(root)).toBe(false);
			expect(machine.left()).toEqual([]);
		});

		if (way.user === undefined) return;
		test('a directory of another user, closed or with the record of a run, is refused', async () => {
			const closed = temporaryDirectory('closed');
			const recorded = parent();
			mkdirSync(join(recorded, 'victim'));
			const record = join(recorded, '.configmapfs');
			writeFileSync(record, JSON.stringify({ files: ['victim'], directories: [] }));
			chmodSync(record, 0o666);
			const refused = async (root: string) =>
				(await runToEnd([APP, shown], { args: ['--root-dir', root], command: ['true'] }, way)).stderr;
			expect(await refused(closed)).toMatch(/^error: cannot use .*: EACCES.*; choose an empty or a new directory\n$/);
			expect(await refused(recorded)).toMatch(
				/^error: cannot use .*: "\.configmapfs" in it belongs to another user's run; choose/,
			);
			expect(existsSync(join(recorded, 'victim'))).toBe(true);
		});
	});
}
