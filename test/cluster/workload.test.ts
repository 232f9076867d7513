/** Workloads of a real API server, read by users who have no other permission. */

import { afterEach, describe, expect, it } from 'vitest';
import { SILENT } from '../../src/base/log.js';
import { WORKLOAD_KINDS } from '../../src/pod/workload-kinds.js';
import { ClusterSource } from '../../src/sources/cluster/cluster-source.js';
import { loadKubeconfig } from '../../src/sources/cluster/kubeconfig.js';
import { readWorkload, WorkloadReader } from '../../src/sources/cluster/workload-reader.js';
import { useControlPlane } from '../support/control-plane.js';
import { until } from '../support/until.js';
import { RecordingSink } from '../unit/sources/cluster/recording-sink.js';

const cluster = useControlPlane();
const closing: { close(): unknown }[] = [];
afterEach(async () => {
	for (const one of closing.splice(0)) await one.close();
});

function reader(file = cluster().kubeconfig): WorkloadReader {
	const made = new WorkloadReader({ kubeconfig: loadKubeconfig({ kubeconfig: file }) });
	closing.push(made);
	return made;
}

const POD = { containers: [{ name: 'c', image: 'x', env: [{ name: 'A', value: 'b' }] }] };
const LABELS = { app: 'web' };
const TEMPLATE = { metadata: { labels: LABELS }, spec: POD };
const ONCE = { metadata: { labels: LABELS }, spec: { ...POD, restartPolicy: 'Never' } };

/** The `spec`, or the `template`, of an object of each kind. */
const SPECS: Readonly<Record<string, object>> = {
	Pod: { spec: POD },
	Deployment: { spec: { selector: { matchLabels: LABELS }, template: TEMPLATE } },
	StatefulSet: { spec: { selector: { matchLabels: LABELS }, serviceName: 'web', template: TEMPLATE } },
	DaemonSet: { spec: { selector: { matchLabels: LABELS }, template: TEMPLATE } },
	ReplicaSet: { spec: { selector: { matchLabels: LABELS }, template: TEMPLATE } },
	Job: { spec: { template: ONCE } },
	CronJob: { spec: { schedule: '* * * * *', jobTemplate: { spec: { template: ONCE } } } },
	ReplicationController: { spec: { selector: LABELS, template: TEMPLATE } },
	PodTemplate: { template: TEMPLATE },
};

async function create(namespace: string, kind: string, name = 'web'): Promise<void> {
	// The server of the tests has CronJobs as v1beta1 only.
	const apiVersion =
		kind === 'CronJob' ? 'batch/v1beta1' : WORKLOAD_KINDS.find((one) => one.kind === kind)?.apiVersions[0];
	const object = { apiVersion, kind, metadata: { name }, ...SPECS[kind] };
	await cluster().kubectlOk(['create', '-n', namespace, '--validate=false', '-f', '-'], {
		input: JSON.stringify(object),
	});
}

describe('a workload of the cluster', () => {
	it.each(WORKLOAD_KINDS.map(({ kind }) => kind))('is read with all its fields: %s', async (kind) => {
		const namespace = await cluster().namespace();
		await create(namespace, kind);
		const found = await reader().read({ kind, namespace, name: 'web' });
		expect(found).toMatchObject({
			kind,
			namespace,
			name: 'web',
			location: `cluster ${namespace} ${kind.toLowerCase()}/web`,
		});
		expect(found.value).toMatchObject({ apiVersion: found.apiVersion, kind, metadata: { name: 'web', namespace } });
		expect(JSON.stringify(found.value)).toContain('"env":[{"name":"A","value":"b"}]');
	});

	it('is read again, and is the same value until it changes', async () => {
		const namespace = await cluster().namespace();
		await create(namespace, 'Deployment');
		const web = { kind: 'Deployment', namespace, name: 'web' };
		const one = reader();
		const first = await one.read(web);
		expect(await one.read(web)).toBe(first);
		await cluster().kubectlOk(['annotate', 'deployment', 'web', '-n', namespace, 'note=x']);
		expect((await one.read(web)).value).toMatchObject({ metadata: { annotations: { note: 'x' } } });
	});

	it('is read once by a function of its own', async () => {
		const namespace = await cluster().namespace();
		await create(namespace, 'Pod');
		const kubeconfig = loadKubeconfig({ kubeconfig: cluster().kubeconfig });
		expect(await readWorkload(kubeconfig, { kind: 'Pod', namespace, name: 'web' })).toMatchObject({ name: 'web' });
	});

	it('is reported as missing with its kind, name and namespace', async () => {
		const namespace = await cluster().namespace();
		const start = 'Error from server (NotFound): ';
		for (const kind of ['Deployment', 'CronJob']) {
			const word = kind.toLowerCase();
			await expect(reader().read({ kind, namespace, name: 'web' })).rejects.toMatchObject({
				code: 'INPUT_MISSING',
				message: `${start}${word} "web" not found in namespace "${namespace}" of ${cluster().url}; "kubectl get ${word}s -n ${namespace}" lists the existing ones`,
			});
		}
		await expect(reader().read({ kind: 'Pod', namespace: 'nowhere', name: 'web' })).rejects.toMatchObject({
			message: `${start}pod "web" not found in namespace "nowhere": ${cluster().url} has no such namespace; choose another with -n`,
		});
	});

	it('is refused with the verb and the resource', async () => {
		const namespace = await cluster().namespace();
		await create(namespace, 'Deployment');
		const rules = [{ verbs: ['list', 'watch'], resources: ['deployments'], apiGroups: ['apps'] }];
		const user = await cluster().user('lister', rules, { namespace });
		await expect(reader(user.kubeconfig).read({ kind: 'Deployment', namespace, name: 'web' })).rejects.toMatchObject({
			code: 'CLUSTER_FORBIDDEN',
			message: expect.stringContaining(
				`deployments.apps "web" is forbidden: User "lister" cannot get resource "deployments" in API group "apps" in the namespace "${namespace}"`,
			),
		});
	});

	it('is not waited for while the server is away', async () => {
		const away = cluster().writeKubeconfig({ server: 'https://127.0.0.1:1' });
		await expect(reader(away).read({ kind: 'Pod', namespace: 'default', name: 'web' })).rejects.toMatchObject({
			code: 'CLUSTER_UNREACHABLE',
			message: 'The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?',
		});
	});
});

it('one workload and its ConfigMaps need one role with resourceNames, and other objects stay invisible', async () => {
	const plane = cluster();
	const namespace = await plane.namespace();
	await create(namespace, 'Deployment');
	await create(namespace, 'Deployment', 'other');
	for (const name of ['mine', 'other'])
		await plane.kubectlOk(['create', 'cm', name, '-n', namespace, '--from-literal=k=1']);
	const rules = [
		{ verbs: ['get'], resources: ['deployments'], apiGroups: ['apps'], resourceNames: ['web'] },
		{ verbs: ['list', 'watch'], resources: ['configmaps'], resourceNames: ['mine', 'late'] },
	];
	const user = await plane.user('runner', rules, { namespace });
	const one = reader(user.kubeconfig);
	expect(await one.read({ kind: 'Deployment', namespace, name: 'web' })).toMatchObject({ name: 'web' });
	await expect(one.read({ kind: 'Deployment', namespace, name: 'other' })).rejects.toMatchObject({
		code: 'CLUSTER_FORBIDDEN',
	});
	const kubeconfig = loadKubeconfig({ kubeconfig: user.kubeconfig });
	const source = new ClusterSource({ kubeconfig, namespaces: [namespace], names: ['mine', 'late'], log: SILENT });
	closing.push(source);
	const sink = new RecordingSink();
	await source.start(sink);
	expect(sink.names).toEqual([`${namespace}/mine`]);
	await plane.kubectlOk(['create', 'cm', 'late', '-n', namespace, '--from-literal=k=1']);
	await plane.kubectlOk(['patch', 'cm', 'mine', '-n', namespace, '-p', '{"data":{"k":"2"}}']);
	await until(() => sink.value(`${namespace}/mine`, 'k') === '2' && sink.objects.has(`${namespace}/late`), 'both');
	expect([...sink.objects.keys()].sort()).toEqual([`${namespace}/late`, `${namespace}/mine`]);
	const forbidden = new ClusterSource({ kubeconfig, namespaces: [namespace], names: ['other'], log: SILENT });
	closing.push(forbidden);
	await expect(forbidden.start(new RecordingSink())).rejects.toMatchObject({
		code: 'CLUSTER_FORBIDDEN',
		message: expect.stringContaining('cannot list resource "configmaps"'),
	});
});
