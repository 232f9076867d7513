/** The official watch cases on ConfigMaps, with the cluster source as the watcher. Source: kubernetes v1.32 test/e2e/apimachinery/watch.go. */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { SILENT } from '../../src/base/log.js';
import { SYSTEM_TIMERS } from '../../src/base/timers.js';
import { KubeconfigAuthentication } from '../../src/sources/cluster/authentication.js';
import { resourceVersionOf } from '../../src/sources/cluster/cluster-object.js';
import { ClusterSource } from '../../src/sources/cluster/cluster-source.js';
import { HttpsClient } from '../../src/sources/cluster/https-client.js';
import { loadKubeconfig } from '../../src/sources/cluster/kubeconfig.js';
import { useControlPlane } from '../support/control-plane.js';
import { startFaultProxy, stopProxies } from '../support/fault-proxy.js';
import { until } from '../support/until.js';
import { RecordingSink } from '../unit/sources/cluster/recording-sink.js';

const cluster = useControlPlane();
const endings: (() => void | Promise<void>)[] = [];
afterEach(async () => {
	for (const end of endings.splice(0)) await end();
	await stopProxies();
});

const LABEL = 'watch-this-configmap';
const A = 'multiple-watchers-A';
const B = 'multiple-watchers-B';

async function start(namespace: string, labelSelector?: string, file = cluster().kubeconfig): Promise<RecordingSink> {
	const kubeconfig = loadKubeconfig({ kubeconfig: file });
	const source = new ClusterSource({ kubeconfig, namespaces: [namespace], labelSelector, log: SILENT });
	endings.push(() => source.close());
	const sink = new RecordingSink();
	await source.start(sink);
	sink.forget();
	return sink;
}

/** One request of the client: a watch from a given version. */
function watchFrom(namespace: string, resourceVersion: string | undefined): string[] {
	const kubeconfig = loadKubeconfig({ kubeconfig: cluster().kubeconfig });
	const authentication = new KubeconfigAuthentication({ kubeconfig, timers: SYSTEM_TIMERS });
	const client = new HttpsClient({ server: kubeconfig.cluster.server, authentication, timers: SYSTEM_TIMERS });
	const seen: string[] = [];
	const abort = new AbortController();
	const event = (one: { type: string; object: unknown }) =>
		void seen.push(`${one.type} ${resourceVersionOf(one.object)}`);
	const listener = { opened: () => {}, received: () => {}, event };
	client.watch({ target: { namespace }, resourceVersion, timeoutSeconds: 300 }, listener, abort.signal).catch(() => {});
	endings.push(() => {
		abort.abort();
		client.close();
	});
	return seen;
}

async function write(method: 'POST' | 'PUT' | 'DELETE', ns: string, name: string, label?: string, value = '0') {
	const path = `/api/v1/namespaces/${ns}/configmaps${method === 'POST' ? '' : `/${name}`}`;
	const labels = label === undefined ? {} : { [LABEL]: label };
	const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data: { mutation: value } };
	const answer = await cluster().api(method, path, method === 'DELETE' ? {} : { body });
	expect(answer.status).toBeLessThan(300);
	return String(answer.body?.metadata?.resourceVersion ?? '');
}

describe('Watchers', () => {
	it('G1 observes add, update, and delete watch notifications on configmaps', async () => {
		const ns = await cluster().namespace();
		const a = await start(ns, `${LABEL}=${A}`);
		const b = await start(ns, `${LABEL}=${B}`);
		const ab = await start(ns, `${LABEL} in (${A},${B})`);
		await write('POST', ns, 'a', A);
		await write('PUT', ns, 'a', A, '1');
		await write('PUT', ns, 'a', A, '2');
		await write('DELETE', ns, 'a');
		await write('POST', ns, 'b', B);
		await write('DELETE', ns, 'b');
		await until(
			() => ab.calls.length === 6 && a.calls.length === 4 && b.calls.length === 2,
			() => ab.calls.join(' '),
		);
		await sleep(300);
		const ofA = [`+${ns}/a`, `+${ns}/a`, `+${ns}/a`, `-${ns}/a`];
		const ofB = [`+${ns}/b`, `-${ns}/b`];
		expect(a.calls).toEqual(ofA);
		expect(b.calls).toEqual(ofB);
		expect(ab.calls).toEqual([...ofA, ...ofB]);
	});

	it('G2 is able to start watching from a specific resource version', async () => {
		const ns = await cluster().namespace();
		await write('POST', ns, 'a');
		const first = await write('PUT', ns, 'a', undefined, '1');
		const second = await write('PUT', ns, 'a', undefined, '2');
		await write('DELETE', ns, 'a');
		const seen = watchFrom(ns, first);
		await until(
			() => seen.length === 2,
			() => seen.join(', '),
		);
		expect(seen[0]).toBe(`MODIFIED ${second}`);
		expect(seen[1]).toMatch(/^DELETED /);
	});

	it('G3 is able to restart watching from the last resource version observed by the previous watch', async () => {
		const ns = await cluster().namespace();
		const proxy = await startFaultProxy(cluster());
		const sink = await start(ns, undefined, proxy.kubeconfig());
		await write('POST', ns, 'a');
		await write('PUT', ns, 'a', undefined, '1');
		await until(() => sink.calls.length === 2, 'both changes');
		const lists = proxy.count('list');
		await proxy.refuse();
		await write('PUT', ns, 'a', undefined, '2');
		await write('DELETE', ns, 'a');
		await proxy.accept();
		await until(
			() => sink.calls.includes(`-${ns}/a`),
			() => sink.calls.join(' '),
			20_000,
		);
		expect(sink.calls.filter((call) => !call.startsWith('!')).slice(2)).toEqual([`+${ns}/a`, `-${ns}/a`]);
		expect(proxy.count('list')).toBe(lists);
	});

	it('G4 observes an object deletion if it stops meeting the requirements of the selector', async () => {
		const ns = await cluster().namespace();
		const sink = await start(ns, `${LABEL}=${A}`);
		await write('POST', ns, 'a', A);
		await write('PUT', ns, 'a', A, '1');
		await write('PUT', ns, 'a', 'wrong', '1');
		await until(
			() => sink.calls.length === 3,
			() => sink.calls.join(' '),
		);
		await write('PUT', ns, 'a', 'wrong', '2');
		await write('PUT', ns, 'a', A, '2');
		await write('PUT', ns, 'a', A, '3');
		await write('DELETE', ns, 'a');
		await until(
			() => sink.calls.length === 6,
			() => sink.calls.join(' '),
		);
		const [put, gone] = [`+${ns}/a`, `-${ns}/a`];
		expect(sink.calls).toEqual([put, put, gone, put, put, gone]);
	});

	it('G5 receives events on concurrent watches in same order', async () => {
		const ns = await cluster().namespace();
		let version = await write('POST', ns, 'start');
		const all: string[][] = [];
		for (let count = 0; count < 100; count += 1) {
			all.push(watchFrom(ns, version));
			version = await write('POST', ns, `n${count}`);
		}
		const last = version;
		await until(() => all.every((seen) => seen.at(-1) === `ADDED ${last}`), 'every watch has the last event');
		const [complete = []] = all;
		expect(complete).toHaveLength(100);
		for (const [index, seen] of all.entries()) expect(seen).toEqual(complete.slice(index));
	});
});
