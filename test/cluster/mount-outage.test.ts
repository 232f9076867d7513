/**
 * Mounts that lose their cluster: the API server and etcd are killed, history is compacted, a proxy answers 429 or nothing,
 * a start uses the saved state. Shown content is never missing, and the number of requests stays low.
 */

import { readdirSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { useControlPlane } from '../support/control-plane.js';
import { answers, startFaultProxy, stopProxies } from '../support/fault-proxy.js';
import { FixtureProcess, fixture, stopFixtures } from '../support/fixture-process.js';
import { PYTHON } from '../support/inotify.js';
import { type MountProcess, startMount, stopAll } from '../support/mount-process.js';
import { removeTemporaries, temporaryDirectory } from '../support/temporary.js';
import { until, WAIT_MS } from '../support/until.js';

// Without its cache the API server forgets when etcd does.
const cluster = useControlPlane({ watchCache: false });
/** Keys of an object that a reader checks, see test/fixtures/reader.py. */
const KEYS = 3;
/** After any fault, requests in any minute stay below this number. */
const CAP = 20;
const CONTACT_EVENTS = ['contact-lost', 'contact-back', 'staleness'];

afterEach(async () => {
	stopFixtures();
	await stopAll();
	await stopProxies();
	removeTemporaries();
	// A failed test must not make the next ones fail.
	if (cluster().pids.etcd === undefined) await cluster().startEtcd();
	if (cluster().pids.apiServer === undefined) await cluster().startApiServer();
});

/** The data of one generation in the form that the reader checks: every line is the number. */
function generation(number: number): Readonly<Record<string, string>> {
	const line = `${String(number).padStart(7, '0')}\n`;
	return Object.fromEntries(Array.from({ length: KEYS }, (_, key) => [`key${key}`, line.repeat(1 + key * 400)]));
}

async function put(namespace: string, name: string, number: number): Promise<void> {
	const path = `/api/v1/namespaces/${namespace}/configmaps`;
	const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: generation(number) };
	const made = await cluster().api('POST', path, { body });
	const { status } = made.status === 409 ? await cluster().api('PUT', `${path}/${name}`, { body }) : made;
	expect([200, 201]).toContain(status);
}

async function remove(namespace: string, name: string): Promise<void> {
	const answer = await cluster().api('DELETE', `/api/v1/namespaces/${namespace}/configmaps/${name}`);
	expect(answer.status).toBe(200);
}

async function numberIn(mount: MountProcess, name: string): Promise<number | undefined> {
	const text = await readFile(join(mount.dir, name, 'key0'), 'utf8').catch(() => undefined);
	return text === undefined ? undefined : Number(text);
}

async function shows(mount: MountProcess, name: string, number: number | undefined, ms = WAIT_MS): Promise<void> {
	await until(
		async () => (await numberIn(mount, name)) === number,
		() => `generation ${number} in ${name}; the log:\n${mount.stderr}`,
		ms,
	);
}

async function shownObjects(mount: MountProcess): Promise<unknown> {
	const names = (await readdir(mount.dir)).sort();
	return Promise.all(
		names.map(async (name) => {
			const keys = (await readdir(join(mount.dir, name))).filter((key) => !key.startsWith('..')).sort();
			const texts = await Promise.all(keys.map((key) => readFile(join(mount.dir, name, key), 'utf8')));
			return [name, Object.fromEntries(keys.map((key, index) => [key, texts[index]]))];
		}),
	);
}

/**
 * Waits until the mount equals the cluster: every object, every key. The directory of a deleted object goes a moment after
 * its files, so that readers can leave it.
 */
async function equalsCluster(mount: MountProcess, namespace: string): Promise<void> {
	const { body } = await cluster().api('GET', `/api/v1/namespaces/${namespace}/configmaps`);
	const wanted = body.items.map((item: { metadata: { name: string }; data: Record<string, string> }) => {
		return [item.metadata.name, item.data];
	});
	let shown: unknown;
	await until(async () => {
		// An object that goes between listing and reading is an error; the next round repeats both.
		shown = await shownObjects(mount).catch((error: Error) => error);
		return isDeepStrictEqual(shown, wanted);
	}, 'the objects of the cluster').catch(() => expect(shown).toEqual(wanted));
}

/** Starts readers in processes of their own, which read until `finish`. */
async function readers(mount: MountProcess, ...names: readonly string[]) {
	const children = names.map((name) => {
		return new FixtureProcess([PYTHON, fixture('reader.py'), 'path', join(mount.dir, name), String(KEYS), '1']);
	});
	for (const child of children) expect(await child.line()).toBe('ready');
	return {
		/** Asserts that no read found a missing, torn or older generation. */
		async finish(): Promise<void> {
			for (const child of children) {
				expect(await child.line()).toBe('enough');
				child.finish();
				const seen = (await child.json()) as { readonly rounds: number };
				expect(seen).toMatchObject({ torn: 0, back: 0, errors: {} });
				expect(seen.rounds).toBeGreaterThan(10);
			}
		},
	};
}

/** Types of the events about contact with the API server, in order. */
function contactEvents(mount: MountProcess): readonly (string | undefined)[] {
	return mount
		.logLines()
		.map(({ event }) => event)
		.filter((event) => event !== undefined && CONTACT_EVENTS.includes(event));
}

describe('a cluster that dies under a mount', () => {
	test('API server and etcd are killed, objects change and history is compacted: content is never missing', async () => {
		const ns = await cluster().namespace();
		for (const name of ['stays', 'changes', 'goes']) await put(ns, name, 1);
		const proxy = await startFaultProxy(cluster());
		const mount = await startMount(temporaryDirectory('mount'), ['--kubeconfig', proxy.kubeconfig(), '-n', ns]);
		const reading = await readers(mount, 'stays', 'changes');

		await cluster().killApiServer();
		await cluster().killEtcd();
		await mount.waitForLog(({ event }) => event === 'contact-lost');
		// The mount has no connection while the cluster changes and its history is compacted.
		await proxy.refuse();
		await cluster().startEtcd();
		await cluster().startApiServer();
		await put(ns, 'changes', 2);
		await remove(ns, 'goes');
		await put(ns, 'new', 2);
		await cluster().compact();
		expect(await readdir(mount.dir)).toEqual(expect.arrayContaining(['stays', 'changes', 'goes']));
		const since = Date.now();
		await proxy.accept();

		await shows(mount, 'changes', 2);
		await shows(mount, 'goes', undefined);
		await equalsCluster(mount, ns);
		// The watch cannot continue from its version, so all objects are listed again.
		expect(proxy.count('list', { since })).toBeGreaterThan(0);
		await put(ns, 'changes', 3);
		await shows(mount, 'changes', 3);
		await reading.finish();
		expect(contactEvents(mount)).toEqual(['contact-lost', 'contact-back']);
		// The event has the reason, so no problem repeats it.
		const { reason } = mount.logLines().find(({ event }) => event === 'contact-lost') as { readonly reason?: string };
		expect(reason).toBeTruthy();
		const repeated = mount.logLines().filter(({ msg }) => msg?.includes(String(reason)));
		expect(repeated.map(({ event }) => event)).toEqual(['contact-lost']);
		expect(proxy.perMinute()).toBeLessThan(CAP);
		await mount.stop();
		expect([mount.flips(`${ns}/stays`), mount.flips(`${ns}/changes`)]).toEqual([0, 2]);
	});

	test('--state-dir starts without a cluster, reports the age once, and continues when the cluster is back', async () => {
		const ns = await cluster().namespace();
		await put(ns, 'app', 1);
		const state = join(temporaryDirectory('state'), 'states');
		const args = ['--kubeconfig', cluster().kubeconfig, '-n', ns, '--state-dir', state];
		const first = await startMount(temporaryDirectory('mount'), args);
		await put(ns, 'app', 2);
		await shows(first, 'app', 2);
		expect(await first.stop()).toEqual({ code: 0, signal: null });
		expect(readdirSync(state).map((name) => (statSync(join(state, name)).mode & 0o777).toString(8))).toEqual(['600']);

		await cluster().killApiServer();
		const second = await startMount(temporaryDirectory('mount'), args);
		expect(await numberIn(second, 'app')).toBe(2);
		const reading = await readers(second, 'app');
		expect(contactEvents(second)).toEqual(['staleness']);
		await cluster().startApiServer();
		await put(ns, 'app', 3);
		await put(ns, 'other', 3);
		await shows(second, 'app', 3);
		await equalsCluster(second, ns);
		await reading.finish();
		expect(contactEvents(second)).toEqual(['staleness', 'contact-back']);
		await second.stop();
		// Another namespace has another state, so nothing of this one is shown there.
		const other = await cluster().namespace();
		const third = await startMount(temporaryDirectory('mount'), [...args, '-n', other]);
		await put(other, 'app', 9);
		await shows(third, `${other}/app`, 9);
	});
});

describe('a connection that goes wrong', () => {
	test('429 with Retry-After is obeyed', async () => {
		const ns = await cluster().namespace();
		await put(ns, 'app', 1);
		const proxy = await startFaultProxy(cluster());
		const mount = await startMount(temporaryDirectory('mount'), ['--kubeconfig', proxy.kubeconfig(), '-n', ns]);
		const reading = await readers(mount, 'app');
		const rule = proxy.inject({ times: 2, respond: answers.tooManyRequests(1) });
		proxy.cut();
		await until(() => rule.hits === 2, 'two refusals');
		const [last] = proxy.requests.filter(({ status }) => status === 429).slice(-1);
		await put(ns, 'app', 2);
		await shows(mount, 'app', 2);
		const next = proxy.requests.find(({ at, status }) => at > (last?.at ?? 0) && status !== 429);
		// The second starts when the answer arrives, and Node's timers may fire a millisecond early.
		expect((next?.at ?? 0) - (last?.at ?? 0)).toBeGreaterThanOrEqual(990);
		await reading.finish();
		expect(proxy.perMinute()).toBeLessThan(CAP);
		expect(contactEvents(mount)).toEqual(['contact-lost', 'contact-back']);
	});

	test('a black hole changes no content, and changes made in the meantime follow when it ends', async () => {
		const ns = await cluster().namespace();
		for (const name of ['app', 'goes']) await put(ns, name, 1);
		const proxy = await startFaultProxy(cluster());
		const mount = await startMount(temporaryDirectory('mount'), ['--kubeconfig', proxy.kubeconfig(), '-n', ns]);
		await proxy.waitFor('watch');
		const reading = await readers(mount, 'app');
		const release = proxy.blackHole();
		await put(ns, 'app', 2);
		await remove(ns, 'goes');
		const direct = await startMount(temporaryDirectory('mount'), ['--kubeconfig', cluster().kubeconfig, '-n', ns]);
		expect([await numberIn(direct, 'app'), await numberIn(direct, 'goes')]).toEqual([2, undefined]);
		expect([await numberIn(mount, 'app'), await numberIn(mount, 'goes')]).toEqual([1, 1]);
		release();
		await shows(mount, 'app', 2);
		await shows(mount, 'goes', undefined);
		await equalsCluster(mount, ns);
		await reading.finish();
		expect(proxy.perMinute()).toBeLessThan(CAP);
	});
});
