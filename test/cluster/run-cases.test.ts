/**
 * The official case E6 for `run`, as root and as an ordinary user: a user who may not read a ConfigMap learns that, but not
 * whether it exists. In a cluster the pod's node reads it; here it is the user of the kubeconfig.
 * Source: kubernetes v1.20.2 test/e2e/auth/node_authz.go.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useControlPlane } from '../support/control-plane.js';
import { Machine, stopMachines } from '../support/machine.js';
import { ROOT_WAY, USER_WAY } from '../support/namespace-child.js';
import { ManifestFile, pod } from '../support/pod-manifest.js';
import { startRun, stopRuns } from '../support/run-process.js';
import { removeTemporaries, temporaryDirectory } from '../support/temporary.js';

const cluster = useControlPlane();
let machine: Machine;
let namespace: string;
let kubeconfig: string;

beforeAll(async () => {
	machine = await Machine.start();
	namespace = await cluster().namespace();
	for (const name of ['own', 'foreign']) {
		await cluster().kubectlOk(['create', 'cm', name, '-n', namespace, `--from-literal=key=of ${name}`]);
	}
	const rules = [{ verbs: ['get', 'list', 'watch'], resources: ['configmaps'], resourceNames: ['own'] }];
	const node = await cluster().user('system:node:node1', rules, { namespace });
	// The ordinary user does not own the file.
	kubeconfig = join(temporaryDirectory('kubeconfig'), 'config');
	writeFileSync(kubeconfig, readFileSync(node.kubeconfig), { mode: 0o644 });
});

afterAll(async () => {
	stopRuns();
	await stopMachines();
	removeTemporaries();
});

describe.each([ROOT_WAY, USER_WAY])('$name', (way) => {
	const run = async (name: string) => {
		const env = [{ name: 'KEY', valueFrom: { configMapKeyRef: { name, key: 'key' } } }];
		const manifest = new ManifestFile(pod('web', { command: ['printenv', 'KEY'], env }));
		return await startRun(machine, way, manifest, { args: ['--kubeconfig', kubeconfig, '-n', namespace] }).end();
	};

	it.skipIf(way.missing !== undefined)(
		'E6 [sig-auth] Node Authorizer: getting a non-existent or an existing configmap is Forbidden',
		async () => {
			expect(await run('own')).toMatchObject({ code: 0, stdout: 'of own\n' });
			for (const name of ['foreign', 'absent']) {
				const { code, stdout, stderr } = await run(name);
				expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
				expect(stderr).toMatch(
					new RegExp(
						`Error from server \\(Forbidden\\): configmaps "?${name}"? is forbidden: User "system:node:node1" cannot`,
					),
				);
				expect(stderr).not.toContain('not found');
			}
		},
	);
});
