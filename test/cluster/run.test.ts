/**
 * `configmapfs run` with a real API server: the workload and its ConfigMaps come from the cluster, with local keys over
 * them, few permissions and few requests; live, and during an outage. As root and as an ordinary user.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Rule, useControlPlane } from '../support/control-plane.js';
import { type FaultProxy, startFaultProxy, stopProxies } from '../support/fault-proxy.js';
import { Machine, stopMachines } from '../support/machine.js';
import { ROOT_WAY, USER_WAY } from '../support/namespace-child.js';
import { configMap, ManifestFile, pod, secret } from '../support/pod-manifest.js';
import { type RunOptions, startRun, stopRuns } from '../support/run-process.js';
import { removeTemporaries, temporaryDirectory } from '../support/temporary.js';
import { expectSoon, until } from '../support/until.js';

const cluster = useControlPlane();
const ANY_WAY = ROOT_WAY.missing === undefined ? ROOT_WAY : USER_WAY;
/** From an edit to the first read of it. Unit: milliseconds. */
const SOON_MS = 5000;
const PLACE = '/cmfs-cluster';

let machine: Machine;
beforeAll(async () => {
	machine = await Machine.start();
});
afterEach(async () => {
	stopRuns();
	await stopProxies();
});
afterAll(async () => {
	await stopMachines();
	removeTemporaries();
});

/** A namespace with a Deployment that refers to three ConfigMaps, and another ConfigMap. */
async function staging(): Promise<string> {
	const namespace = await cluster().namespace('staging');
	const template = {
		metadata: { labels: { app: 'web' } },
		spec: {
			containers: [
				{
					name: 'app',
					image: 'x',
					command: ['printenv', 'MODE'],
					env: [{ name: 'MODE', valueFrom: { configMapKeyRef: { name: 'mode', key: 'mode' } } }],
					envFrom: [{ configMapRef: { name: 'common' } }],
					volumeMounts: [{ name: 'v', mountPath: PLACE }],
				},
			],
			volumes: [{ name: 'v', configMap: { name: 'app' } }],
		},
	};
	const deployment = {
		apiVersion: 'apps/v1',
		kind: 'Deployment',
		metadata: { name: 'web' },
		spec: { selector: { matchLabels: { app: 'web' } }, template },
	};
	const objects = [
		deployment,
		configMap('app', { key: 'cluster', other: '1' }),
		configMap('mode', { mode: 'staging' }),
		configMap('common', { COMMON: 'yes' }),
		configMap('unrelated', { secret: 'x' }),
	];
	await cluster().kubectlOk(['create', '-n', namespace, '-f', '-'], {
		input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
	});
	return namespace;
}

async function edit(namespace: string, name: string, data: Readonly<Record<string, string>>): Promise<void> {
	const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`;
	const options = { body: { data }, contentType: 'application/merge-patch+json' };
	expect((await cluster().api('PATCH', path, options)).status).toBe(200);
}

const GET_WEB: Rule = { verbs: ['get'], apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['web'] };
const follow = (...resourceNames: readonly string[]): Rule => ({
	verbs: ['get', 'list', 'watch'],
	resources: ['configmaps'],
	resourceNames,
});

/** A kubeconfig, readable by all users of the machine, of a user with these permissions. */
async function kubeconfigFor(namespace: string, rules: readonly Rule[], proxy?: FaultProxy): Promise<string> {
	const options = proxy === undefined ? { namespace } : { namespace, server: proxy.url };
	const user = await cluster().user('dev', rules, options);
	const path = join(temporaryDirectory('kubeconfig'), 'config');
	writeFileSync(path, readFileSync(user.kubeconfig), { mode: 0o644 });
	return path;
}

/** A manifest of the run's own. */
const NOTHING = () => new ManifestFile(configMap('unused', {}));
const SHOW = `echo "$MODE $COMMON"; while :; do echo "$(cat ${PLACE}/key) $(cat ${PLACE}/other)"; sleep 0.02; done`;

describe.each([ROOT_WAY, USER_WAY].filter(({ missing }) => missing === undefined))('$name', (way) => {
	test('the Deployment and its ConfigMaps of the cluster, a local key over them, both live, with least permission', async () => {
		const namespace = await staging();
		const proxy = await startFaultProxy(cluster());
		const kubeconfig = await kubeconfigFor(namespace, [GET_WEB, follow('app', 'common', 'mode')], proxy);
		const mine = new ManifestFile(configMap('app', { key: 'mine' }));
		const run = startRun(machine, way, mine, {
			args: ['deploy/web', '--kubeconfig', kubeconfig],
			command: ['sh', '-c', SHOW],
		});
		await run.waitForOutput('staging yes\nmine 1\n');
		let from = performance.now();
		await edit(namespace, 'app', { key: 'changed', other: '2' });
		await run.waitForOutput('mine 2\n');
		expectSoon(performance.now() - from, SOON_MS);
		from = performance.now();
		mine.put(configMap('app', { other: 'mine' }));
		await run.waitForOutput('changed mine\n');
		expectSoon(performance.now() - from, SOON_MS);
		expect(run.stderr).toBe('');
		await edit(namespace, 'mode', { mode: 'new' });
		await run.waitForLog('the running process keeps');

		const requested = proxy.requests
			.map(({ kind, path }) => `${kind} ${path}`)
			.filter((one) => !one.startsWith('watch'));
		expect(requested).toEqual([
			`get /apis/apps/v1/namespaces/${namespace}/deployments/web`,
			...Array.from({ length: 3 }, () => `list /api/v1/namespaces/${namespace}/configmaps`),
		]);
		expect(proxy.count('watch')).toBeLessThanOrEqual(6);
		expect(await run.stop()).toEqual({ code: 143, signal: null });
		expect(run.left).toEqual([]);
	});
});

async function runToEnd(namespace: string, kubeconfig: string, options: RunOptions = {}, mine = NOTHING()) {
	const args = ['deploy/web', '--kubeconfig', kubeconfig, '-n', namespace, ...(options.args ?? [])];
	return await startRun(machine, ANY_WAY, mine, { ...options, args }).end();
}

test('without a command that of the container runs; a local workload wins over that of the cluster', async () => {
	const namespace = await staging();
	const own = await runToEnd(namespace, cluster().kubeconfig);
	expect(own).toMatchObject({ code: 0, stdout: 'staging\n', stderr: '' });
	const local = new ManifestFile(pod('mine', { command: ['echo', 'local'] }));
	const options = { args: ['--kubeconfig', cluster().kubeconfig] };
	const { stdout } = await startRun(machine, ANY_WAY, local, options).end();
	expect(stdout).toBe('local\n');
});

test('missing: a workload, a namespace, a name for it', async () => {
	const namespace = await staging();
	const refused = async (...args: readonly string[]) => {
		const options = { args: ['--kubeconfig', cluster().kubeconfig, ...args], command: ['true'] };
		const { code, stdout, stderr } = await startRun(machine, ANY_WAY, NOTHING(), options).end();
		expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
		return stderr;
	};
	const server = cluster().url;
	expect(await refused('deploy/wep', '-n', namespace)).toBe(
		`error: Error from server (NotFound): deployment "wep" not found in namespace "${namespace}" of ${server}; "kubectl get deployments -n ${namespace}" lists the existing ones\n`,
	);
	expect(await refused('deploy/web', '-n', 'nowhere')).toBe(
		`error: Error from server (NotFound): deployment "web" not found in namespace "nowhere": ${server} has no such namespace; choose another with -n\n`,
	);
	expect(await refused('-n', namespace)).toBe(
		'error: no workload given; name one in the cluster, such as deploy/web\n',
	);
});

test('a missing permission is reported with verb, resource and namespace', async () => {
	const namespace = await staging();
	const nothing = await kubeconfigFor(namespace, []);
	const first = await runToEnd(namespace, nothing, { command: ['true'] });
	expect(first.code).toBe(125);
	expect(first.stderr).toMatch(
		new RegExp(`User "dev" cannot get resource "deployments" in API group "apps" in the namespace "${namespace}"`),
	);
	const some = await kubeconfigFor(namespace, [GET_WEB, follow('app', 'mode')]);
	const second = await runToEnd(namespace, some, { command: ['true'] });
	expect(second.code).toBe(125);
	expect(second.stderr).toMatch(
		new RegExp(
			`configmaps.* is forbidden: User "dev" cannot list resource "configmaps" in API group "" in the namespace "${namespace}"`,
		),
	);
});

test('Secrets are not requested: the run waits for their manifest, and reports it', async () => {
	const namespace = await staging();
	const patch = [
		{
			op: 'add',
			path: '/spec/template/spec/containers/0/env/-',
			value: { name: 'S', valueFrom: { secretKeyRef: { name: 'token', key: 's' } } },
		},
	];
	await cluster().kubectlOk(['patch', 'deploy', 'web', '-n', namespace, '--type=json', '-p', JSON.stringify(patch)]);
	await cluster().kubectlOk(['create', 'secret', 'generic', 'token', '-n', namespace, '--from-literal=s=cluster']);
	const mine = NOTHING();
	const run = startRun(machine, ANY_WAY, mine, {
		args: ['deploy/web', '--kubeconfig', cluster().kubeconfig, '-n', namespace],
		command: ['printenv', 'S'],
	});
	await run.waitForLog('waiting: secret "token" not found');
	await run.waitForLog('secret "token": Secrets are not read from a cluster; pass a manifest of it with -f');
	mine.put(secret('token', { s: 'mine' }));
	expect(await run.end()).toMatchObject({ code: 0, stdout: 'mine\n' });
});

test('a manifest edited while the run waits may refer to other ConfigMaps of the cluster', async () => {
	const namespace = await staging();
	const from = (name: string) =>
		pod('p', { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name, key: 'mode' } } }] });
	const mine = new ManifestFile(from('typo'));
	const run = startRun(machine, ANY_WAY, mine, {
		args: ['--kubeconfig', cluster().kubeconfig, '-n', namespace],
		command: ['printenv', 'A'],
	});
	await run.waitForLog('waiting: configmap "typo" not found');
	mine.put(from('mode'));
	expect(await run.end()).toMatchObject({ code: 0, stdout: 'staging\n' });
});

test('an outage: the application continues, so does a restart, and changes follow afterwards', async () => {
	const namespace = await staging();
	const proxy = await startFaultProxy(cluster());
	const kubeconfig = await kubeconfigFor(namespace, [GET_WEB, follow('app', 'common', 'mode')], proxy);
	const mine = NOTHING();
	const run = startRun(machine, ANY_WAY, mine, {
		args: ['deploy/web', '--kubeconfig', kubeconfig, '--on-change', 'restart', '--on-change', 'v=none'],
		command: ['sh', '-c', SHOW],
	});
	await run.waitForOutput('staging yes\ncluster 1\n');
	await proxy.refuse();
	mine.put(configMap('common', { COMMON: 'local' }));
	await run.waitForOutput('staging local\ncluster 1\n');
	await run.waitForLog('cannot read the workload again; its last version stays in use');
	await edit(namespace, 'app', { key: 'changed' });
	await proxy.accept();
	await run.waitForOutput('changed 1\n');
	expect(await run.stop()).toEqual({ code: 143, signal: null });
});

test('no API server: the reason, and 125', async () => {
	const kubeconfig = cluster().kubeconfig;
	const path = join(temporaryDirectory('kubeconfig'), 'config');
	writeFileSync(path, readFileSync(kubeconfig, 'utf8').replace(cluster().url, 'https://127.0.0.1:9'), { mode: 0o644 });
	const { code, stderr } = await runToEnd('default', path, { command: ['true'] });
	expect(code).toBe(125);
	expect(stderr).toMatch(/^error: .*127\.0\.0\.1:9.*refused/);
	await until(() => machine.left().length === 0, 'an empty runtime directory');
});
