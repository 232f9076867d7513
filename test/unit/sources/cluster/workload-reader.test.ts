import { describe, expect, it } from 'vitest';
import { SYSTEM_TIMERS } from '../../../../src/base/timers.js';
import { WORKLOAD_KINDS } from '../../../../src/pod/workload-kinds.js';
import { ApiError } from '../../../../src/sources/cluster/api-error.js';
import type { Kubeconfig } from '../../../../src/sources/cluster/kubeconfig.js';
import { WorkloadReader, workloadResource } from '../../../../src/sources/cluster/workload-reader.js';
import { FakeClient, failures } from './fake-client.js';

const KUBECONFIG = { cluster: { server: 'https://fake:6443' }, userName: 'u' } as Kubeconfig;
const WEB = { kind: 'Deployment', namespace: 'a', name: 'web' };

function make() {
	const client = new FakeClient(SYSTEM_TIMERS);
	return { client, reader: new WorkloadReader({ kubeconfig: KUBECONFIG, client }) };
}

function deployment(resourceVersion: string, spec: object = {}) {
	const metadata = { name: 'web', namespace: 'a', resourceVersion };
	return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec };
}

const notFound = (message: string) => new ApiError('status', message, { code: 404, reason: 'NotFound' });

describe('WorkloadReader', () => {
	it('reads one object, with a location', async () => {
		const { client, reader } = make();
		client.reads.push(deployment('5', { replicas: 2 }));
		const found = await reader.read(WEB);
		expect(client.requested).toEqual(['read apps/v1 deployments ns=a name=web']);
		expect(found).toMatchObject({ ...WEB, apiVersion: 'apps/v1', location: 'cluster a deployment/web' });
		expect(found.value).toMatchObject({ spec: { replicas: 2 } });
		expect(found.locate(['spec', 'replicas'])).toBe('cluster a deployment/web');
	});

	it('returns the same value while the object is the same', async () => {
		const { client, reader } = make();
		client.reads.push(deployment('5'), deployment('5'), deployment('6'), deployment(''), deployment(''));
		const [first, second, third] = [await reader.read(WEB), await reader.read(WEB), await reader.read(WEB)];
		expect(second).toBe(first);
		expect(third).not.toBe(first);
		expect(await reader.read(WEB)).not.toBe(await reader.read(WEB));
	});

	it('requests an old version from an old server', async () => {
		const { client, reader } = make();
		const job = { ...WEB, kind: 'CronJob' };
		client.reads.push(notFound('the server could not find the requested resource'));
		client.reads.push({ ...deployment('5'), apiVersion: 'batch/v1beta1' });
		expect((await reader.read(job)).apiVersion).toBe('batch/v1beta1');
		client.reads.push(notFound('cronjobs.batch "web" not found'));
		await expect(reader.read(job)).rejects.toMatchObject({ code: 'INPUT_MISSING' });
		expect(client.requested).toEqual([
			'read batch/v1 cronjobs ns=a name=web',
			'read batch/v1beta1 cronjobs ns=a name=web',
			'read batch/v1 cronjobs ns=a name=web',
			'namespace name=a',
		]);
	});

	it.each<[string, unknown, string, string]>([
		[
			'the object does not exist',
			notFound('deployments.apps "web" not found'),
			'INPUT_MISSING',
			'Error from server (NotFound): deployment "web" not found in namespace "a" of https://fake:6443; "kubectl get deployments -n a" lists the existing ones',
		],
		[
			'the user may not read it',
			new ApiError('status', 'deployments.apps "web" is forbidden: User "u" cannot get resource "deployments"', {
				code: 403,
			}),
			'CLUSTER_FORBIDDEN',
			'Error from server (Forbidden): deployments.apps "web" is forbidden: User "u" cannot get resource "deployments"; a Role has to allow it',
		],
		[
			'the server is away',
			failures.refused(),
			'CLUSTER_UNREACHABLE',
			'The connection to the server fake:6443 was refused - did you specify the right host or port?',
		],
		[
			'the answer is not an object',
			[],
			'CLUSTER_UNREACHABLE',
			'The server https://fake:6443 does not answer as a Kubernetes API does: cluster a deployment/web is not a Kubernetes object',
		],
	])('reports that %s', async (_what, answer, code, message) => {
		const { client, reader } = make();
		client.reads.push(answer);
		await expect(reader.read(WEB)).rejects.toMatchObject({ code, message });
	});

	it('reports a missing namespace', async () => {
		const { client, reader } = make();
		client.namespaceExists = false;
		client.reads.push(notFound('deployments.apps "web" not found'));
		await expect(reader.read(WEB)).rejects.toMatchObject({
			message:
				'Error from server (NotFound): deployment "web" not found in namespace "a": https://fake:6443 has no such namespace; choose another with -n',
		});
	});

	it('refuses a kind without pods, without a request', async () => {
		const { client, reader } = make();
		await expect(reader.read({ ...WEB, kind: 'Service' })).rejects.toMatchObject({ code: 'USAGE' });
		expect(client.requested).toEqual([]);
	});

	it('gives up when it is closed', async () => {
		const { client, reader } = make();
		const reading = reader.read(WEB);
		reader.close();
		await expect(reading).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
		expect(client.isClosed).toBe(true);
	});
});

it('knows the API path of every kind with pods', () => {
	for (const { kind, names: words, apiVersions } of WORKLOAD_KINDS) {
		const resource = workloadResource(kind);
		expect(words).toContain(resource?.plural);
		expect(apiVersions).toEqual(expect.arrayContaining([...(resource?.apiVersions ?? ['none'])]));
	}
});
