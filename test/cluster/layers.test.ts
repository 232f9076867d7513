/**
 * Local sources over a cluster: their keys win, they give back what they covered, and nothing is ever written to the
 * cluster, which is seen in its resourceVersions and in every request that was made.
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

/** All keys of an object's directory with their texts; undefined when there is no such directory. */
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

/** Nothing but reading: the audit of everything that was asked. */
function onlyReads(proxy: FaultProxy): void {
	expect(proxy.count()).toBeGreaterThan(0);
	expect(proxy.requests.filter(({ method, kind }) => method !== 'GET' || kind === 'write')).toEqual([]);
}

describe('a cluster below local sources', () => {
	test('local keys win, give back what they covered, and hide edits to it; the cluster stays as it is', async () => {
		const ns = await cluster().namespace();
		await create(ns, 'app', { color: 'red', size: 'L' });
		await create(ns, 'other', { key: 'cluster' });
		const before = await versions(ns);
		const proxy = await startFaultProxy(cluster());
		const folder = temporaryDirectory('source');
		const local = join(folder, 'local.yaml');
		writeManifest(local, { name: 'app', data: { color: 'local' } });
		const args = ['--kubeconfig', proxy.kubeconfig(), '-n', ns, '-f', folder];
		// The generator comes last and wins over both.
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

		// What is only here stays when the cluster's part goes.
		expect((await cluster().api('DELETE', `/api/v1/namespaces/${ns}/configmaps/app`)).status).toBe(200);
		await shows(mount, 'app', { color: 'again', weight: '1' });
		rmSync(local);
		await shows(mount, 'app', undefined);
		expect(await mount.stop()).toEqual({ code: 0, signal: null });
		onlyReads(proxy);
		expect((await cluster().kubectl(['get', 'cm', 'made', '-n', ns])).stderr).toContain('"made" not found');
	});

	test('a broken local file keeps its last good keys over a cluster that goes on', async () => {
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

	test('--from-cluster asks for the cluster of the kubeconfig; without it local sources need none', async () => {
		const ns = await cluster().namespace();
		await create(ns, 'app', { key: 'cluster' });
		const proxy = await startFaultProxy(cluster());
		const env = { KUBECONFIG: proxy.kubeconfig({ namespace: ns }) };
		const generator = ['--create', 'app', '--from-literal=other=local'];
		const alone = await startMount(temporaryDirectory('mount'), [...generator, '-n', ns], { env });
		expect(await contentOf(alone, 'app')).toEqual({ other: 'local' });
		expect(proxy.connections.made).toBe(0);
		// Objects that name no namespace are of the context's.
		const both = await startMount(temporaryDirectory('mount'), [...generator, '--from-cluster'], { env });
		expect(await contentOf(both, 'app')).toEqual({ key: 'cluster', other: 'local' });
		onlyReads(proxy);
	});

	test('a cluster that is away is waited for, with local sources too', async () => {
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
		// Never a part of the layers only.
		expect(await contentOf(mount, 'app')).toEqual({ key: 'cluster', other: 'local' });
		await mount.stop();
		expect(mount.flips()).toBe(0);
	});
});
