/**
 * Local sources over a cluster: their keys win, covered keys return when a source goes, and the cluster is never written,
 * as its resourceVersions and all requests show.
 */

import { rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { useControlPlane } from '../support/control-plane.js';
import { type FaultProxy, startFaultProxy, stopProxies } from '../support/fault-proxy.js';
import { writeManifest } from '../support/manifest.js';
import { launchMount, type MountProcess, startMount, stopAll } from '../support/mount-process.js';
import { removeTemporaries, temporaryDirectory } from '../support/temporary.js';
import { until } from '../support/until.js';

const cluster = useControlPlane();

afterEach(async () => {
	await stopAll();
	await stopProxies();
	removeTemporaries();
});

type Data = Readonly<Record<string, string | null>>;

async function create(namespace: string, name: string, data: Data): Promise<void> {
	const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
	expect((await cluster().api('POST', `/api/v1/namespaces/${namespace}/configmaps`, { body })).status).toBe(201);
}

async function patch(namespace: string, name: string, data: Data): Promise<void> {
	const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`;
	const options = { body: { data }, contentType: 'application/merge-patch+json' };
	expect((await cluster().api('PATCH', path, options)).status).toBe(200);
}

async function versions(namespace: string): Promise<readonly string[]> {
	const { body } = await cluster().api('GET', `/api/v1/namespaces/${namespace}/configmaps`);
	return body.items.map(({ metadata }: { metadata: Record<string, string> }) => {
		return `${metadata.name} ${metadata.uid} ${metadata.resourceVersion}`;
	});
}

/** All keys of an object's directory with their texts; undefined if the directory does not exist. */
async function contentOf(mount: MountProcess, name: string): Promise<Readonly<Record<string, string>> | undefined> {
	const names = await readdir(join(mount.dir, name)).catch(() => undefined);
	const keys = names?.filter((one) => !one.startsWith('..')).sort() ?? [];
	const texts = await Promise.all(keys.map((key) => readFile(join(mount.dir, name, key), 'utf8').catch(() => '')));
	return names && Object.fromEntries(keys.map((key, index) => [key, texts[index] ?? '']));
}

async function shows(mount: MountProcess, name: string, content: Readonly<Record<string, string>> | undefined) {
	let last: unknown;
	await until(
		async () => {
			last = await contentOf(mount, name);
			return JSON.stringify(last) === JSON.stringify(content);
		},
		() => `${JSON.stringify(content)} in ${name}, not ${JSON.stringify(last)}; the log:\n${mount.stderr}`,
	);
}

/** Asserts that every request only read. */
function onlyReads(proxy: FaultProxy): void {
	expect(proxy.count()).toBeGreaterThan(0);
	expect(proxy.requests.filter(({ method, kind }) => method !== 'GET' || kind === 'write')).toEqual([]);
}

describe('a cluster below local sources', () => {
	test('local keys win, hide edits to covered keys, and uncover them when they go; the cluster stays unchanged', async () => {
		const ns = await cluster().namespace();
		await create(ns, 'app', { color: 'red', size: 'L' });
		await create(ns, 'other', { key: 'cluster' });
		const before = await versions(ns);
		const proxy = await startFaultProxy(cluster());
		const folder = temporaryDirectory('source');
		const local = join(folder, 'local.yaml');
		writeManifest(local, { name: 'app', data: { color: 'local' } });
		const args = ['--kubeconfig', proxy.kubeconfig(), '-n', ns, '-f', folder];
		// The generator is the last source and wins over both.
		const made = ['--create', 'made', '--from-literal=key=here', '--create', 'other', '--from-literal=more=made'];
		const mount = await startMount(temporaryDirectory('mount'), [...args, ...made]);
		await shows(mount, 'app', { color: 'local', size: 'L' });
		await shows(mount, 'made', { key: 'here' });
		await shows(mount, 'other', { key: 'cluster', more: 'made' });
		expect(await versions(ns)).toEqual(before);

		const flips = mount.flips(`${ns}/app`);
		await patch(ns, 'app', { color: 'blue' });
		await patch(ns, 'app', { size: 'M' });
		await shows(mount, 'app', { color: 'local', size: 'M' });
		rmSync(local);
		await shows(mount, 'app', { color: 'blue', size: 'M' });
		writeManifest(local, { name: 'app', data: { color: 'again', weight: '1' } });
		await shows(mount, 'app', { color: 'again', size: 'M', weight: '1' });
		await until(() => mount.flips(`${ns}/app`) === flips + 3, 'size, deleted, again: three flips');

		// Local keys stay when the object in the cluster is deleted.
		expect((await cluster().api('DELETE', `/api/v1/namespaces/${ns}/configmaps/app`)).status).toBe(200);
		await shows(mount, 'app', { color: 'again', weight: '1' });
		rmSync(local);
		await shows(mount, 'app', undefined);
		expect(await mount.stop()).toEqual({ code: 0, signal: null });
		onlyReads(proxy);
		expect((await cluster().kubectl(['get', 'cm', 'made', '-n', ns])).stderr).toContain('"made" not found');
	});

	test('a broken local file keeps its last valid keys over a cluster that changes', async () => {
		const ns = await cluster().namespace();
		await create(ns, 'app', { color: 'red', size: 'L' });
		const local = join(temporaryDirectory('source'), 'local.json');
		writeManifest(local, { name: 'app', data: { color: 'local' } });
		const args = ['--kubeconfig', cluster().kubeconfig, '-n', ns, '-f', local];
		const mount = await startMount(temporaryDirectory('mount'), args);
		writeManifest(local, { name: 'app', data: { 'not/allowed': 'x' } });
		await mount.waitForLog(({ level }) => level === 'error');
		await patch(ns, 'app', { color: 'blue', size: 'S' });
		await shows(mount, 'app', { color: 'local', size: 'S' });
	});

	test('--from-cluster adds the cluster of the kubeconfig; without it local sources need no cluster', async () => {
		const ns = await cluster().namespace();
		await create(ns, 'app', { key: 'cluster' });
		const proxy = await startFaultProxy(cluster());
		const env = { KUBECONFIG: proxy.kubeconfig({ namespace: ns }) };
		const generator = ['--create', 'app', '--from-literal=other=local'];
		const alone = await startMount(temporaryDirectory('mount'), [...generator, '-n', ns], { env });
		expect(await contentOf(alone, 'app')).toEqual({ other: 'local' });
		expect(proxy.connections.made).toBe(0);
		// Objects without a namespace belong to the namespace of the context.
		const both = await startMount(temporaryDirectory('mount'), [...generator, '--from-cluster'], { env });
		expect(await contentOf(both, 'app')).toEqual({ key: 'cluster', other: 'local' });
		onlyReads(proxy);
	});

	test('an unreachable cluster is waited for, also with local sources', async () => {
		const ns = await cluster().namespace();
		await create(ns, 'app', { key: 'cluster' });
		const proxy = await startFaultProxy(cluster());
		const kubeconfig = proxy.kubeconfig();
		await proxy.refuse();
		const args = ['--kubeconfig', kubeconfig, '-n', ns, '--create', 'app', '--from-literal=other=local'];
		const { mount, ready } = launchMount(temporaryDirectory('mount'), args);
		await mount.waitForLog(({ level }) => level === 'warn');
		await proxy.accept();
		await ready;
		// The layers are never shown without the cluster.
		expect(await contentOf(mount, 'app')).toEqual({ key: 'cluster', other: 'local' });
		await mount.stop();
		expect(mount.flips()).toBe(0);
	});
});
