import { describe, expect, test } from 'vitest';
import { ObjectLocations } from '../../../src/explain/object-locations.js';
import { lintWorkloads, type WorkloadLintInput } from '../../../src/explain/workload-lint.js';
import { PodCatalog } from '../../../src/inputs/pod-catalog.js';
import { isWorkload } from '../../../src/pod/workload.js';
import { parseManifest } from '../../../src/sources/manifests/manifest-parser.js';
import { storeOf } from '../store/source-objects.js';

function lint(text: string, more: Partial<WorkloadLintInput> = {}) {
	const parsed = parseManifest(text, { file: 'f.yaml', defaultNamespace: 'default' });
	const catalog = new PodCatalog(storeOf(parsed.objects));
	return lintWorkloads({
		workloads: parsed.objects.filter(isWorkload),
		objects: [],
		catalog,
		locations: new ObjectLocations(parsed.objects),
		violations: parsed.problems.map(({ location, reason, warning }) => ({ location, text: reason, warning })),
		container: undefined,
		defaultNamespace: 'default',
		walk: false,
		secretsElsewhere: false,
		...more,
	});
}

/** `rule place` of every finding. */
function rules(text: string, more: Partial<WorkloadLintInput> = {}): readonly string[] {
	return lint(text, more).findings.map(({ rule, location, workload }) => `${rule} ${location} ${workload}`);
}

const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\nimmutable: true\ndata:\n  k: "  "\n---\n';

function deployment(name: string, container: string): string {
	return `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec:
      containers:
      - name: ${container}
        envFrom:
        - configMapRef: {name: app}
        - secretRef: {name: db}
---
`;
}

describe('findings', () => {
	test('have the locations of their fields, in the order of the file', () => {
		expect(rules(deployment('web', 'app') + CONFIG_MAP)).toEqual([
			'missing-object f.yaml:13:29 deployment/web',
			'immutable-object f.yaml:18:12 deployment/web',
			'blank-value f.yaml:20:6 deployment/web',
		]);
	});

	test('that several workloads share are reported once', () => {
		const found = rules(CONFIG_MAP + deployment('a', 'app') + deployment('b', 'app'));
		expect(found.map((line) => line.replace(/ deployment.*/, ''))).toEqual([
			'immutable-object f.yaml:4:12',
			'blank-value f.yaml:6:6',
			'missing-object f.yaml:20:29',
			'missing-object f.yaml:34:29',
		]);
	});

	test('include those about manifests', () => {
		const found = lint(`foo: [\n---\n${deployment('web', 'app')}${CONFIG_MAP.replace('"  "', '1')}`);
		expect(found.findings.map(({ rule, location, workload }) => [rule, location, workload])).toEqual([
			['invalid-manifest', 'f.yaml:2:1', undefined],
			['missing-object', 'f.yaml:15:29', 'deployment/web'],
			['invalid-manifest', 'f.yaml:22:6', undefined],
		]);
		expect(found.workloadCount).toBe(1);
	});

	test('about an invalid workload have the API server’s text', () => {
		const bad = deployment('web', 'app').replace('name: app\n', 'name: A B\n');
		const { findings, workloadCount } = lint(bad);
		expect(findings.map(({ rule, location }) => `${rule} ${location}`)).toEqual([
			'invalid-manifest f.yaml:10:15',
			'missing-object f.yaml:12:32',
			'missing-object f.yaml:13:29',
		]);
		expect(findings[0]).toMatchObject({ workload: 'deployment/web', severity: 'error' });
		expect(workloadCount).toBe(1);
	});

	test('about an invalid workload include those of valid fields, and not the consequences of an invalid one', () => {
		const bad = `apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  hostname: A_B
  volumes:
  - {name: 7, configMap: {name: app}}
  - {name: w, configMap: {name: none}}
  containers:
  - name: c
    command: [./app, $(UNSET)]
    volumeMounts:
    - {name: v, mountPath: /v}
    - {name: w, mountPath: /etc}
---
`;
		const found = (text: string) => rules(text).map((line) => line.replace(/ pod\/p$/, ''));
		expect(found(bad + CONFIG_MAP.replace('"  "', 'v').replace('immutable: true\n', ''))).toEqual([
			'invalid-manifest f.yaml:5:13',
			'invalid-manifest f.yaml:7:12',
			'missing-object f.yaml:8:33',
			'invalid-manifest f.yaml:13:14',
			'hides-system-directory f.yaml:14:28',
		]);
		expect(found(bad.replace('7', 'v'))).toContain('undefined-reference f.yaml:11:22');
	});

	test('about missing Secrets are not errors if a cluster may have them', () => {
		const { findings } = lint(deployment('web', 'app') + CONFIG_MAP, { secretsElsewhere: true });
		expect(findings[0]).toMatchObject({ rule: 'missing-object', severity: 'warning' });
	});

	test.each([
		['bitnami.com/v1alpha1', 'SealedSecret', 'name: db', '{}'],
		['bitnami.com/v1alpha1', 'SealedSecret', 'name: x', '{template: {metadata: {name: db}}}'],
		['external-secrets.io/v1beta1', 'ExternalSecret', 'name: x', '{target: {name: db}}'],
		['external-secrets.io/v1beta1', 'ExternalSecret', 'name: db', '{target: {}}'],
		['cert-manager.io/v1', 'Certificate', 'name: x', '{secretName: db}'],
	])('about a Secret that a controller makes from %s %s are not errors', (apiVersion, kind, name, spec) => {
		const severities = (metadata: string) =>
			lint(
				`${deployment('web', 'app')}${CONFIG_MAP}apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {${metadata}}\nspec: ${spec}\n`,
			)
				.findings.filter(({ rule }) => rule === 'missing-object')
				.map(({ severity }) => severity);
		expect(severities(name)).toEqual(['info']);
		expect(severities(`${name}, namespace: other`)).toEqual(['error']);
	});

	test('about Secrets that no controller makes are errors', () => {
		const others = ['bitnami.com.evil/v1\nkind: SealedSecret', 'cert-manager.io/v1\nkind: Certificate'];
		for (const other of others) {
			const { findings } = lint(
				`${deployment('web', 'app')}${CONFIG_MAP}apiVersion: ${other}\nmetadata: {name: db}\nspec: {}\n`,
			);
			expect(findings[0]).toMatchObject({ rule: 'missing-object', severity: 'error' });
		}
	});

	test('are limited to the container that is named', () => {
		const two = deployment('a', 'app') + deployment('b', 'other');
		expect(lint(two, { container: 'other' })).toMatchObject({
			workloadCount: 1,
			findings: [{ workload: 'deployment/b' }, { workload: 'deployment/b' }],
		});
		expect(() => lint(two, { container: 'none' })).toThrow('no workload has a container named "none"');
	});

	test('about an object without a file have the location of the reference', () => {
		const input = deployment('web', 'app') + CONFIG_MAP;
		const found = rules(input, { locations: new ObjectLocations([]) });
		expect(new Set(found.map((line) => line.split(' ')[1]))).toEqual(new Set(['f.yaml:1:1']));
	});
});

describe('objects without a workload', () => {
	function lintAll(text: string, more: Partial<WorkloadLintInput> = {}) {
		const { objects } = parseManifest(text, { file: 'f.yaml', defaultNamespace: 'default' });
		return lint(text, { objects, ...more });
	}

	test('are checked, and counted once', () => {
		const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: other}\ndata: {}\n';
		const found = lintAll(`${CONFIG_MAP}${CONFIG_MAP}${secret}`);
		expect(found.findings.map(({ rule, location, workload }) => [rule, location, workload])).toEqual([
			['immutable-object', 'f.yaml:11:12', undefined],
			['blank-value', 'f.yaml:13:6', undefined],
		]);
		expect(found).toMatchObject({ workloadCount: 0, configMapCount: 1, secretCount: 1 });
	});

	test('name a workload that shares the finding', () => {
		const { findings } = lintAll(CONFIG_MAP + deployment('web', 'app'));
		expect(findings.filter(({ rule }) => rule === 'blank-value')).toMatchObject([{ workload: 'deployment/web' }]);
	});

	test('are near the limit if kubectl apply cannot keep a copy of them', () => {
		const manifest = (length: number) =>
			`apiVersion: v1\nkind: ConfigMap\nmetadata: {name: big}\ndata:\n  k: ${'x'.repeat(length)}\n`;
		expect(lintAll(manifest(300 * 1024)).findings).toMatchObject([
			{
				rule: 'near-limit',
				severity: 'warning',
				location: 'f.yaml:1:1',
				cure: expect.stringContaining('--server-side'),
			},
		]);
		expect(lintAll(manifest(240 * 1024)).findings).toMatchObject([{ rule: 'near-limit', severity: 'info' }]);
		expect(lintAll(manifest(200 * 1024)).findings).toEqual([]);
	});
});
