/** `env` and `lint` of a workload in a real cluster, for a user who may get only the objects that it refers to. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { EnvReport } from '../../src/cli/print/env-report.js';
import type { LintReport } from '../../src/cli/print/lint-report.js';
import { useControlPlane } from '../support/control-plane.js';
import { type RunResult, runProgram, stopAll } from '../support/mount-process.js';
import { removeTemporaries, temporaryDirectory } from '../support/temporary.js';

const cluster = useControlPlane();
let namespace: string;
let kubeconfig: string;
let directory: string;

const CONTAINER = {
	name: 'app',
	image: 'x',
	envFrom: [{ configMapRef: { name: 'app' } }],
	env: [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password', optional: true } } }],
	volumeMounts: [{ name: 'conf', mountPath: '/etc/app' }],
};
const POD = { containers: [CONTAINER], volumes: [{ name: 'conf', configMap: { name: 'other' } }] };
const OBJECTS = [
	{
		apiVersion: 'apps/v1',
		kind: 'Deployment',
		metadata: { name: 'web' },
		spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: POD } },
	},
	{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'app' }, data: { HOST: 'cluster', PORT: '80' } },
	{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other' }, data: { 'a.conf': 'x' } },
];

beforeEach(async () => {
	namespace = await cluster().namespace();
	const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: OBJECTS });
	await cluster().kubectlOk(['create', '-n', namespace, '--validate=false', '-f', '-'], { input });
	const get = { verbs: ['get'] };
	const rules = [
		{ ...get, apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['web'] },
		{ ...get, resources: ['configmaps'], resourceNames: ['app', 'other'] },
	];
	({ kubeconfig } = await cluster().user('developer', rules, { namespace }));
	directory = temporaryDirectory('explain');
});
afterEach(async () => {
	await stopAll();
	removeTemporaries();
});

async function program(command: string, ...args: readonly string[]): Promise<RunResult> {
	const from = ['--kubeconfig', kubeconfig, '-n', namespace, 'deploy/web'];
	return await runProgram([command, ...from, ...args], { cwd: directory });
}

it('explains a workload of the cluster, with a local key over it', async () => {
	const local = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'app', namespace }, data: { HOST: 'mine' } };
	writeFileSync(join(directory, 'key.json'), JSON.stringify(local));
	const { code, stdout, stderr } = await program('env', '-f', 'key.json', '-o', 'json');
	expect([code, stderr]).toEqual([0, '']);
	const report = JSON.parse(stdout) as EnvReport;
	expect(report.pod.place).toBe(`cluster ${namespace} deployment/web`);
	expect(report.variables.map(({ name, value, origin }) => [name, value, origin.place?.split(':')[0]])).toEqual([
		['HOST', 'mine', 'key.json'],
		['PORT', '80', undefined],
	]);
	expect(report.leftOut).toEqual([{ name: 'PASSWORD', field: 'env[0]', text: 'secret "db" not found' }]);
});

it('lints it, and does not report a Secret as missing that it did not look up', async () => {
	const { code, stdout, stderr } = await program('lint', '-o', 'json');
	expect([code, stderr]).toEqual([0, '']);
	const { findings, summary } = JSON.parse(stdout) as LintReport;
	expect(findings.map(({ severity, rule, text }) => [severity, rule, text])).toEqual([
		['info', 'missing-object', 'secret "db" is in no manifest, and the cluster was not read'],
	]);
	expect(summary.workloads).toBe(1);
	const text = await program('lint');
	expect(text.stdout).toContain(
		`cluster ${namespace} deployment/web: info: deployment/web spec.template.spec.containers[0].env[0].valueFrom.secretKeyRef.name: secret "db"`,
	);
});

it('reports what the cluster refuses', async () => {
	const { code, stderr } = await runProgram(['env', '--kubeconfig', kubeconfig, '-n', namespace, 'sts/web']);
	expect(code).toBe(77);
	expect(stderr).toContain('cannot get resource "statefulsets"');
});
