/**
 * A mount that follows a real API server while kubectl changes it: layouts, every kind of change with exactly one flip if
 * data changed and no flip otherwise, selection, permissions, kubeconfigs and kubelet's timing.
 */

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { controlPlanePrograms, type KubectlResult, useControlPlane } from '../support/control-plane.js';
import { startFaultProxy, stopProxies } from '../support/fault-proxy.js';
import { manifestText } from '../support/manifest.js';
import { launchMount, type MountProcess, runCommand, startMount, stopAll } from '../support/mount-process.js';
import { removeTemporaries, temporaryDirectory } from '../support/temporary.js';
import { readTree, SNAPSHOT_NAME } from '../support/tree-snapshot.js';
import { expectSoon, until } from '../support/until.js';

const cluster = useControlPlane();
/** From kubectl's end to the first read of its change, for every change of this file. Unit: milliseconds. */
const waits: number[] = [];
const SOON_MS = 1_000;

afterEach(async () => {
	await stopAll();
	await stopProxies();
	removeTemporaries();
});

interface ConfigMapBody {
	readonly data?: Readonly<Record<string, string>>;
	readonly labels?: Readonly<Record<string, string>>;
	readonly immutable?: boolean;
}

async function create(namespace: string, name: string, { labels, ...rest }: ConfigMapBody = {}): Promise<void> {
	const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data: { key: 'one' }, ...rest };
	expect((await cluster().api('POST', `/api/v1/namespaces/${namespace}/configmaps`, { body })).status).toBe(201);
}

async function setKey(namespace: string, name: string, value: string): Promise<void> {
	const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`;
	const options = { body: { data: { key: value } }, contentType: 'application/merge-patch+json' };
	expect((await cluster().api('PATCH', path, options)).status).toBe(200);
}

async function remove(namespace: string, name: string): Promise<void> {
	const answer = await cluster().api('DELETE', `/api/v1/namespaces/${namespace}/configmaps/${name}`);
	expect(answer.status).toBe(200);
}

/** A mount of the test's cluster with the administrator's kubeconfig. */
async function mounted(...args: readonly string[]): Promise<MountProcess> {
	return await startMount(temporaryDirectory('mount'), ['--kubeconfig', cluster().kubeconfig, ...args]);
}

async function contentOf(mount: MountProcess, path: string): Promise<string | undefined> {
	return await readFile(join(mount.dir, path), 'utf8').catch(() => undefined);
}

/** Waits until a file has this content; undefined: until it does not exist. */
async function shows(mount: MountProcess, path: string, value: string | undefined): Promise<void> {
	const from = performance.now();
	await until(
		async () => (await contentOf(mount, path)) === value,
		() => `"${value}" in ${path}; the log:\n${mount.stderr}`,
	);
	waits.push(performance.now() - from);
}

async function namesIn(mount: MountProcess, path = '.'): Promise<readonly string[]> {
	return (await readdir(join(mount.dir, path))).filter((name) => !name.startsWith('..')).sort();
}

async function showsNames(mount: MountProcess, names: readonly string[], path = '.'): Promise<void> {
	await until(
		async () => JSON.stringify(await namesIn(mount, path).catch(() => undefined)) === JSON.stringify(names),
		() => `${names.join(' ')} in ${path}; the log:\n${mount.stderr}`,
	);
}

/** kubectl with an environment of the test's own, such as an editor. */
async function kubectlWith(env: Readonly<Record<string, string>>, args: readonly string[]): Promise<KubectlResult> {
	const { kubectl = 'kubectl' } = controlPlanePrograms();
	const own = { KUBECONFIG: cluster().kubeconfig, HOME: cluster().directory, ...env };
	const { code, stdout, stderr } = await runCommand(kubectl, args, { env: own });
	return { status: code, stdout, stderr };
}

/** An editor that replaces text in the given file. */
function editor(from: string, to: string): string {
	const path = join(temporaryDirectory('editor'), 'editor.sh');
	writeFileSync(path, `#!/bin/sh\nexec sed -i 's/${from}/${to}/' "$1"\n`);
	chmodSync(path, 0o755);
	return path;
}

describe('a tree of a namespace', () => {
	test('every kubectl command that changes data is visible at once, as one flip; any other causes no flip', async () => {
		const ns = await cluster().namespace();
		const key = `${ns}/app`;
		const mount = await mounted('-n', ns);
		expect(await namesIn(mount)).toEqual([]);
		const kubectl = async (args: readonly string[], input?: string) =>
			await cluster().kubectlOk([...args, '-n', ns], input === undefined ? {} : { input });

		await kubectl(['create', 'configmap', 'app', '--from-literal=color=red']);
		await shows(mount, 'app/color', 'red');
		await kubectl(
			['apply', '-f', '-'],
			manifestText({ name: 'app', namespace: ns, data: { color: 'green', size: 'L' } }),
		);
		await shows(mount, 'app/size', 'L');
		expect(await contentOf(mount, 'app/color')).toBe('green');
		await kubectl(['patch', 'configmap', 'app', '-p', '{"data":{"color":"blue"}}']);
		await shows(mount, 'app/color', 'blue');
		await kubectl(['patch', 'configmap', 'app', '--type=json', '-p', '[{"op":"remove","path":"/data/size"}]']);
		await shows(mount, 'app/size', undefined);
		const edited = await kubectlWith({ KUBE_EDITOR: editor('blue', 'black') }, ['edit', 'cm', 'app', '-n', ns]);
		expect(edited).toMatchObject({ status: 0 });
		await shows(mount, 'app/color', 'black');
		await kubectl(
			['replace', '-f', '-'],
			manifestText({ name: 'app', namespace: ns, data: { color: 'white', weight: '1' } }),
		);
		await shows(mount, 'app/weight', '1');
		expect(await contentOf(mount, 'app/color')).toBe('white');

		const target = (await readTree(join(mount.dir, 'app'))).get('..data')?.target;
		await kubectl(['label', 'configmap', 'app', 'tier=web']);
		await kubectl(['annotate', 'configmap', 'app', 'note=nothing']);
		await kubectl(['label', 'configmap', 'app', 'tier-']);
		// A later change shows that they have arrived.
		await kubectl(['create', 'configmap', 'later', '--from-literal=key=one']);
		await shows(mount, 'later/key', 'one');
		expect((await readTree(join(mount.dir, 'app'))).get('..data')?.target).toBe(target);

		await kubectl(['delete', 'configmap', 'app']);
		await showsNames(mount, ['later']);
		expect(await mount.stop()).toEqual({ code: 0, signal: null });
		expect({ app: mount.flips(key), later: mount.flips(`${ns}/later`) }).toEqual({ app: 6, later: 1 });
	});

	test('has the layout that kubelet makes', async () => {
		const ns = await cluster().namespace();
		await create(ns, 'app', { data: { a: '1', b: '2' } });
		const mount = await mounted('-n', ns);
		const tree = await readTree(join(mount.dir, 'app'));
		const snapshot = tree.get('..data')?.target ?? '';
		expect(snapshot).toMatch(SNAPSHOT_NAME);
		expect([...tree.keys()].sort()).toEqual(
			['.', snapshot, `${snapshot}/a`, `${snapshot}/b`, '..data', 'a', 'b'].sort(),
		);
		expect(tree.get('a')).toMatchObject({ kind: 'link', target: '..data/a', realpath: `${snapshot}/a` });
		expect(tree.get(`${snapshot}/a`)).toMatchObject({ kind: 'file', mode: '644' });
	});

	test('binaryData is exact, also where it is not UTF-8', async () => {
		const ns = await cluster().namespace();
		const bytes = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7) % 256));
		const files = temporaryDirectory('files');
		writeFileSync(join(files, 'logo.bin'), bytes);
		writeFileSync(join(files, 'text'), 'ä€𝄞\n');
		const mount = await mounted('-n', ns);
		await cluster().kubectlOk(['create', 'cm', 'app', '-n', ns, `--from-file=${files}`]);
		await shows(mount, 'app/text', 'ä€𝄞\n');
		expect(bytes.equals(await readFile(join(mount.dir, 'app/logo.bin')))).toBe(true);
	});

	test('an immutable object stays, and a recreated one is shown', async () => {
		const ns = await cluster().namespace();
		const mount = await mounted('-n', ns);
		await create(ns, 'app', { data: { key: 'one' } });
		await shows(mount, 'app/key', 'one');
		await cluster().kubectlOk(['patch', 'cm', 'app', '-n', ns, '-p', '{"immutable":true}']);
		const refused = await cluster().kubectl(['patch', 'cm', 'app', '-n', ns, '-p', '{"data":{"key":"two"}}']);
		expect(refused.stderr).toContain('field is immutable when `immutable` is set');
		await cluster().kubectlOk(['replace', '--force', '-f', '-'], {
			input: manifestText({ name: 'app', namespace: ns, data: { key: 'three' }, immutable: true }),
		});
		await shows(mount, 'app/key', 'three');
		await mount.stop();
		expect(mount.flips(`${ns}/app`)).toBe(2);
		expect(mount.stderr).not.toContain('"level":"error"');
	});

	test('objects of other namespaces are not shown; two or all namespaces have a directory each', async () => {
		const [one, two] = [await cluster().namespace(), await cluster().namespace()];
		await create(one, 'app', { data: { key: one } });
		const single = await mounted('-n', one);
		const both = await mounted('-n', one, '-n', two);
		const all = await mounted('-A', '--field-selector', 'metadata.name=app');
		await create(two, 'app', { data: { key: two } });
		for (const mount of [both, all]) {
			await shows(mount, `${two}/app/key`, two);
			expect(await contentOf(mount, `${one}/app/key`)).toBe(one);
		}
		expect(await namesIn(both)).toEqual([one, two]);
		const three = await cluster().namespace();
		await create(three, 'other');
		await create(three, 'app', { data: { key: three } });
		await shows(all, `${three}/app/key`, three);
		expect(await namesIn(all, three)).toEqual(['app']);
		expect(await namesIn(single)).toEqual(['app']);
		expect(await contentOf(single, 'app/key')).toBe(one);
		await remove(three, 'app');
		await until(async () => !(await namesIn(all)).includes(three), `${three} to go`);
	});

	test('a label that leaves the selector removes the directory, one that enters it adds the directory', async () => {
		const ns = await cluster().namespace();
		await create(ns, 'web', { labels: { tier: 'web' } });
		await create(ns, 'db', { labels: { tier: 'db' } });
		const mount = await mounted('-n', ns, '-l', 'tier in (web,cache),!hidden');
		expect(await namesIn(mount)).toEqual(['web']);
		await cluster().kubectlOk(['label', 'cm', 'db', 'tier=cache', '--overwrite', '-n', ns]);
		await showsNames(mount, ['db', 'web']);
		await cluster().kubectlOk(['label', 'cm', 'web', 'hidden=yes', '-n', ns]);
		await showsNames(mount, ['db']);
		await cluster().kubectlOk(['label', 'cm', 'web', 'hidden-', '-n', ns]);
		await showsNames(mount, ['db', 'web']);
		await shows(mount, 'web/key', 'one');
	});

	test('--name needs only resourceNames', async () => {
		const ns = await cluster().namespace();
		for (const name of ['mine', 'other']) await create(ns, name);
		const rules = [{ verbs: ['list', 'watch'], resources: ['configmaps'], resourceNames: ['mine', 'later'] }];
		const user = await cluster().user('restricted', rules, { namespace: ns });
		const flags = ['--kubeconfig', user.kubeconfig, '-n', ns];
		const mount = await startMount(temporaryDirectory('mount'), [...flags, '--name', 'mine', '--name', 'later']);
		expect(await namesIn(mount)).toEqual(['mine']);
		await create(ns, 'later', { data: { key: 'here' } });
		await setKey(ns, 'mine', 'two');
		await setKey(ns, 'other', 'two');
		await shows(mount, 'mine/key', 'two');
		await shows(mount, 'later/key', 'here');
		expect(await namesIn(mount)).toEqual(['later', 'mine']);
		// A volume is one object and requests only that.
		const volume = await startMount(temporaryDirectory('mount'), [...flags, '--volume', 'mine']);
		expect(await contentOf(volume, 'key')).toBe('two');
	});
});

test('the role in docs/cluster.md suffices, and grants only the needed permissions', async () => {
	const ns = await cluster().namespace();
	for (const name of ['app', 'other']) await create(ns, name);
	const jane = await cluster().user('jane', [], { namespace: ns });
	const role = '--verb=list,watch --resource=configmaps --resource-name=app'.split(' ');
	await cluster().kubectlOk(['create', 'role', 'app-config', ...role, '-n', ns]);
	await cluster().kubectlOk([
		'create',
		'rolebinding',
		'app-config',
		'--role=app-config',
		`--user=${jane.name}`,
		'-n',
		ns,
	]);
	const mayWatch = ['auth', 'can-i', 'watch', 'configmaps/app', '-n', ns];
	// The authorizer reads roles from a watch of its own, so the role takes effect a moment later.
	await until(
		async () => (await cluster().kubectl(mayWatch, { kubeconfig: jane.kubeconfig })).stdout === 'yes\n',
		'jane may watch',
	);
	const args = ['--kubeconfig', jane.kubeconfig, '-n', ns, '--name', 'app'];
	const mount = await startMount(temporaryDirectory('mount'), args);
	expect(await namesIn(mount)).toEqual(['app']);
	await setKey(ns, 'app', 'two');
	await shows(mount, 'app/key', 'two');
});

describe('a volume', () => {
	test('a required object is waited for; its content stays after deletion, and a recreated object replaces it', async () => {
		const ns = await cluster().namespace();
		const args = ['--kubeconfig', cluster().kubeconfig, '--volume', `${ns}/app`];
		const { mount, ready } = launchMount(temporaryDirectory('mount'), args);
		await mount.waitForLog(({ msg = '' }) => msg.startsWith('waiting: configmap "app" not found'));
		await create(ns, 'app');
		await ready;
		expect(await namesIn(mount)).toEqual(['key']);
		await setKey(ns, 'app', 'two');
		await shows(mount, 'key', 'two');
		await remove(ns, 'app');
		await mount.waitForLog(({ msg = '' }) => msg.includes('not found; the last content stays'));
		expect(await contentOf(mount, 'key')).toBe('two');
		await create(ns, 'app', { data: { other: 'three' } });
		await shows(mount, 'other', 'three');
		expect(await namesIn(mount)).toEqual(['other']);
		await mount.stop();
		expect(mount.flips()).toBe(2);
	});

	test('an optional volume is empty while its object does not exist', async () => {
		const ns = await cluster().namespace();
		const mount = await mounted('-n', ns, '--volume', 'app', '--optional');
		expect(await namesIn(mount)).toEqual([]);
		await create(ns, 'other');
		await create(ns, 'app');
		await shows(mount, 'key', 'one');
		await remove(ns, 'app');
		await showsNames(mount, []);
		expect((await stat(join(mount.dir, '..data'))).isDirectory()).toBe(true);
		await create(ns, 'app', { data: { key: 'two' } });
		await shows(mount, 'key', 'two');
	});

	test('a missing required key keeps the last content, a missing optional one does not', async () => {
		const ns = await cluster().namespace();
		await create(ns, 'app', { data: { key: 'one', more: 'x' } });
		const item = ['--item', 'key=conf/main:0400', '--default-mode', '0600'];
		const required = await mounted('-n', ns, '--volume', 'app', ...item);
		const optional = await mounted('-n', ns, '--volume', 'app', '--optional', ...item);
		for (const mount of [required, optional]) {
			expect(await namesIn(mount)).toEqual(['conf']);
			expect((await stat(join(mount.dir, 'conf/main'))).mode & 0o777).toBe(0o400);
		}
		const patch = ['patch', 'cm', 'app', '-n', ns, '-p'];
		await cluster().kubectlOk([...patch, '{"data":{"key":null}}']);
		await showsNames(optional, []);
		await required.waitForLog(({ level, msg = '' }) => level === 'error' && msg.includes('key'));
		expect(await contentOf(required, 'conf/main')).toBe('one');
		await cluster().kubectlOk([...patch, '{"data":{"key":"two"}}']);
		await shows(required, 'conf/main', 'two');
		await shows(optional, 'conf/main', 'two');
	});

	test('an object that is recreated with the same data causes no flip', async () => {
		const ns = await cluster().namespace();
		await create(ns, 'app');
		const mount = await mounted('-n', ns, '--volume', 'app');
		await remove(ns, 'app');
		await create(ns, 'app', { data: { key: 'one' } });
		await setKey(ns, 'app', 'two');
		await shows(mount, 'key', 'two');
		await mount.stop();
		expect(mount.flips()).toBe(1);
	});
});

describe('the kubeconfig is found as kubectl finds it', () => {
	interface Part {
		readonly clusters?: readonly object[];
		readonly users?: readonly object[];
		readonly contexts?: readonly object[];
		readonly 'current-context'?: string;
	}

	async function parts() {
		const own = JSON.parse(await readFile(cluster().kubeconfig, 'utf8')) as {
			readonly clusters: readonly { readonly cluster: object }[];
			readonly users: readonly { readonly user: object }[];
		};
		return { cluster: own.clusters[0]?.cluster ?? {}, user: own.users[0]?.user ?? {} };
	}

	function write(path: string, part: Part): string {
		writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...part }), { mode: 0o600 });
		return path;
	}

	test('two files in KUBECONFIG, the namespace of the context, and flags for each part', async () => {
		const { cluster: server, user } = await parts();
		const [one, two] = [await cluster().namespace(), await cluster().namespace()];
		for (const ns of [one, two]) await create(ns, 'app', { data: { key: ns } });
		const folder = temporaryDirectory('kubeconfig');
		const dead = { server: 'https://127.0.0.1:1' };
		const first = write(join(folder, 'a'), {
			clusters: [{ name: 'dead', cluster: dead }],
			users: [{ name: 'nobody', user: { token: 'none' } }],
			contexts: [
				{ name: 'one', context: { cluster: 'live', user: 'admin', namespace: one } },
				{ name: 'broken', context: { cluster: 'dead', user: 'nobody', namespace: one } },
			],
			'current-context': 'one',
		});
		const second = write(join(folder, 'b'), {
			clusters: [{ name: 'live', cluster: server }],
			users: [{ name: 'admin', user }],
			contexts: [{ name: 'two', context: { cluster: 'live', user: 'admin', namespace: two } }],
			'current-context': 'two',
		});
		const env = { KUBECONFIG: `${first}:${second}:${join(folder, 'missing')}` };
		const cases: readonly (readonly [readonly string[], string])[] = [
			[[], one],
			[['--context', 'two'], two],
			[['--context=two', '-n', one], one],
			[['--context', 'broken', '--cluster', 'live', '--user', 'admin'], one],
		];
		await Promise.all(
			cases.map(async ([args, ns]) => {
				const mount = await startMount(temporaryDirectory('mount'), args, { env });
				expect([args, await namesIn(mount), await contentOf(mount, 'app/key')]).toEqual([
					args,
					expect.arrayContaining(['app']),
					ns,
				]);
			}),
		);
	});

	test('~/.kube/config', async () => {
		const { cluster: server, user } = await parts();
		const ns = await cluster().namespace();
		await create(ns, 'app');
		const home = temporaryDirectory('home');
		mkdirSync(join(home, '.kube'));
		write(join(home, '.kube/config'), {
			clusters: [{ name: 'live', cluster: server }],
			users: [{ name: 'admin', user }],
			contexts: [{ name: 'one', context: { cluster: 'live', user: 'admin', namespace: ns } }],
			'current-context': 'one',
		});
		const mount = await startMount(temporaryDirectory('mount'), [], { env: { HOME: home, KUBECONFIG: '' } });
		expect(await contentOf(mount, 'app/key')).toBe('one');
	});
});

describe("kubelet's timing", () => {
	test('get and cache request at intervals, and need no permission to watch', async () => {
		const ns = await cluster().namespace();
		await create(ns, 'app');
		const rules = [{ verbs: ['get'], resources: ['configmaps'], resourceNames: ['app'] }];
		const user = await cluster().user('getter', rules, { namespace: ns });
		const proxy = await startFaultProxy(cluster());
		const kubeconfig = proxy.kubeconfig({ token: user.token });
		const flags = ['--kubeconfig', kubeconfig, '-n', ns, '--name', 'app'];
		const get = await startMount(temporaryDirectory('mount'), [
			...flags,
			'--change-detection=get',
			'--sync-frequency=300ms',
		]);
		const cache = await startMount(temporaryDirectory('mount'), [
			...flags,
			'--change-detection=cache',
			'--sync-frequency=300ms',
			'--ttl=1s',
		]);
		await setKey(ns, 'app', 'two');
		for (const mount of [get, cache]) await until(async () => (await contentOf(mount, 'app/key')) === 'two', 'two');
		expect(proxy.count('get')).toBeGreaterThan(2);
		expect(proxy.count()).toBe(proxy.count('get'));
		for (const mount of [get, cache]) {
			await mount.stop();
			expect(mount.flips(`${ns}/app`)).toBe(1);
		}
	});

	test('--kubelet-delay shows the first state at once, changes later, and several changes as one', async () => {
		const { laterMs, flips } = await until(async () => {
			const ns = await cluster().namespace();
			await create(ns, 'app');
			const mount = await mounted('-n', ns, '--kubelet-delay=1500ms..2s');
			const flippedAt = async () => (await lstat(join(mount.dir, 'app/..data'))).mtimeMs;
			expect(await contentOf(mount, 'app/key')).toBe('one');
			// The first change falls anywhere between two syncs; the next ones come just after one.
			await setKey(ns, 'app', 'two');
			await until(async () => (await contentOf(mount, 'app/key')) === 'two', 'two');
			const synced = await flippedAt();
			await setKey(ns, 'app', 'three');
			await setKey(ns, 'app', 'four');
			// If the machine stands still for a moment, a sync may fall between the two changes.
			const isInTime = Date.now() - synced < 700;
			await until(async () => (await contentOf(mount, 'app/key')) === 'four', 'four');
			const laterMs = (await flippedAt()) - synced;
			await mount.stop();
			return isInTime && { laterMs, flips: mount.flips(`${ns}/app`) };
		}, 'two changes between two syncs');
		expect(laterMs).toBeGreaterThan(700);
		expect(flips).toBe(2);
	});
});

test('most changes were visible within a second', () => {
	const sorted = waits.toSorted((a, b) => a - b);
	expect(sorted.length).toBeGreaterThan(20);
	// A busy machine may be late now and then.
	expectSoon(
		sorted[Math.floor(sorted.length / 2)] ?? Number.NaN,
		SOON_MS,
		`waited ${sorted.map(Math.round).join(', ')} ms`,
	);
});
