/** The official API cases on ConfigMaps, observed by the cluster source. Source: kubernetes v1.32 test/e2e/common/node/configmap.go. */

import { afterEach, describe, expect, it } from 'vitest';
import { SILENT } from '../../src/base/log.js';
import { ClusterSource } from '../../src/sources/cluster/cluster-source.js';
import { loadKubeconfig } from '../../src/sources/cluster/kubeconfig.js';
import { useControlPlane } from '../support/control-plane.js';
import { until } from '../support/until.js';
import { RecordingSink } from '../unit/sources/cluster/recording-sink.js';

const cluster = useControlPlane();
const running: ClusterSource[] = [];
afterEach(async () => {
	for (const source of running.splice(0)) await source.close();
});

async function start(namespaces: readonly string[] | 'all', labelSelector?: string): Promise<RecordingSink> {
	const kubeconfig = loadKubeconfig({ kubeconfig: cluster().kubeconfig });
	const source = new ClusterSource({ kubeconfig, namespaces, labelSelector, log: SILENT });
	running.push(source);
	const sink = new RecordingSink();
	await source.start(sink);
	sink.forget();
	return sink;
}

function path(ns: string, name = ''): string {
	return `/api/v1/namespaces/${ns}/configmaps${name === '' ? '' : `/${name}`}`;
}

/** The data of a shown object as text. */
function shown(sink: RecordingSink, key: string): Readonly<Record<string, string>> | undefined {
	const object = sink.objects.get(key);
	return object && Object.fromEntries([...object.data].map(([field, value]) => [field, value.toString()]));
}

describe('ConfigMap', () => {
	it('B3 should fail to create ConfigMap with empty key', async () => {
		const ns = await cluster().namespace();
		const sink = await start([ns]);
		const body = { metadata: { name: 'empty' }, data: { '': 'value-1' } };
		const answer = await cluster().api('POST', path(ns), { body });
		expect(answer.status).toBe(422);
		await cluster().api('POST', path(ns), { body: { metadata: { name: 'marker' } } });
		await until(() => sink.objects.has(`${ns}/marker`), 'a later object');
		expect(sink.names).toEqual([`${ns}/marker`]);
	});

	it('B4 should update ConfigMap successfully', async () => {
		const ns = await cluster().namespace();
		const sink = await start([ns]);
		const data = { 'data-1': 'value-1', 'data-2': 'value-2', 'data-3': 'value-3' };
		await cluster().api('POST', path(ns), { body: { metadata: { name: 'cm' }, data } });
		await until(() => shown(sink, `${ns}/cm`)?.['data-3'] === 'value-3', 'the first data');
		await cluster().api('PUT', path(ns, 'cm'), { body: { metadata: { name: 'cm' }, data: { data: 'value' } } });
		await until(() => shown(sink, `${ns}/cm`)?.data === 'value', 'the second data');
		expect(shown(sink, `${ns}/cm`)).toEqual({ data: 'value' });
	});

	it('B5 should run through a ConfigMap lifecycle', async () => {
		const ns = await cluster().namespace();
		const everywhere = await start('all', 'test-configmap=patched');
		const here = await start([ns], 'test-configmap-static=true');
		const labels = { 'test-configmap-static': 'true' };
		const body = { metadata: { name: 'cm', labels }, data: { valueName: 'value' } };
		await cluster().api('POST', path(ns), { body });
		await until(() => shown(here, `${ns}/cm`)?.valueName === 'value', 'the object');
		expect(everywhere.objects.size).toBe(0);
		await cluster().api('PATCH', path(ns, 'cm'), {
			body: { metadata: { labels: { 'test-configmap': 'patched' } }, data: { valueName: 'value1' } },
			contentType: 'application/strategic-merge-patch+json',
		});
		await until(() => shown(everywhere, `${ns}/cm`)?.valueName === 'value1', 'the patched object, everywhere');
		expect(everywhere.objects.get(`${ns}/cm`)?.labels.get('test-configmap-static')).toBe('true');
		await cluster().api('DELETE', `${path(ns)}?labelSelector=test-configmap-static%3Dtrue`);
		await until(() => here.objects.size === 0 && everywhere.objects.size === 0, 'nothing');
	});
});
