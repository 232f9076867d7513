import { describe, expect, it } from 'vitest';
import { ConfigMapFsError } from '../../../src/base/errors.js';
import type { ManifestObject } from '../../../src/model/manifest-object.js';
import type { Pod } from '../../../src/pod/pod-spec.js';
import { isWorkload, selectContainer, selectWorkload, workloadName } from '../../../src/pod/workload.js';
import { WORKLOAD_KINDS } from '../../../src/pod/workload-kinds.js';

const VERSIONS: Readonly<Record<string, string>> = { Pod: 'v1', Service: 'v1', Job: 'batch/v1', CronJob: 'batch/v1' };

let line = 0;
function object(kind: string, name: string, more: Partial<ManifestObject> = {}): ManifestObject {
	line += 1;
	return { apiVersion: VERSIONS[kind] ?? 'apps/v1', kind, name, value: {}, location: `f.yaml:${line}:1`, ...more };
}

/** `CODE text` of the error. */
function failure(action: () => unknown): string {
	try {
		action();
	} catch (error) {
		if (error instanceof ConfigMapFsError) return `${error.code} ${error.message}`;
		throw error;
	}
	return 'nothing was thrown';
}

describe('isWorkload', () => {
	it.each([
		['v1', 'Pod', true],
		['v1', 'PodTemplate', true],
		['v1', 'ReplicationController', true],
		['apps/v1', 'Deployment', true],
		['apps/v1beta1', 'StatefulSet', true],
		['extensions/v1beta1', 'DaemonSet', true],
		['apps/v1beta2', 'ReplicaSet', true],
		['batch/v1', 'Job', true],
		['batch/v1beta1', 'CronJob', true],
		['v1', 'Service', false],
		['v1', 'Deployment', false],
		['example.com/v1', 'Deployment', false],
		['apps/v1', 'Pod', false],
		['constructor', '__proto__', false],
	])('%s %s: %s', (apiVersion, kind, expected) => {
		expect(isWorkload({ apiVersion, kind })).toBe(expected);
	});
});

describe('selectWorkload', () => {
	const web = object('Deployment', 'web');
	const job = object('Job', 'migrate');
	const both = [object('Service', 'web'), web, job];

	it('selects the only workload among other objects', () => {
		expect(selectWorkload([object('Service', 'web'), web])).toBe(web);
	});

	it.each([
		'deployment/web',
		'deployments/web',
		'deploy/web',
		'Deployment/web',
		'deployment.apps/web',
		'deployments.v1.apps/web',
		'web',
	])('selects by %s', (wanted) => {
		expect(selectWorkload(both, wanted)).toBe(web);
	});

	it.each(WORKLOAD_KINDS.flatMap(({ kind, names: words }) => words.map((word) => [word, kind] as const)))(
		'knows the word %s for %s',
		(word, kind) => {
			const versions = WORKLOAD_KINDS.find((one) => one.kind === kind)?.apiVersions ?? [];
			const wanted = object(kind, 'x', { apiVersion: versions[0] ?? '' });
			expect(selectWorkload([web, job, wanted], `${word}/x`)).toBe(wanted);
		},
	);

	it.each(['po', 'deploy', 'sts', 'ds', 'rs', 'cj', 'job', 'rc'])('knows the short name %s', (word) => {
		expect(WORKLOAD_KINDS.some(({ names: words }) => words.includes(word))).toBe(true);
	});

	it('lists several workloads, with an example of a choice', () => {
		expect(failure(() => selectWorkload(both))).toBe(
			`USAGE several workloads: deployment/web (${web.location}), job/migrate (${job.location}); ` +
				'choose one of them, such as deploy/web',
		);
	});

	it('lists the workloads of an ambiguous name', () => {
		expect(failure(() => selectWorkload([web, object('Job', 'web')], 'web'))).toMatch(
			/^USAGE several workloads: deployment\/web .*, job\/web .*; choose one of them, such as deploy\/web$/,
		);
	});

	it('truncates a long list', () => {
		const many = Array.from({ length: 12 }, (_none, index) => object('Job', `j${index}`));
		expect(failure(() => selectWorkload(many))).toContain('job/j9 (');
		expect(failure(() => selectWorkload(many))).not.toContain('job/j10');
		expect(failure(() => selectWorkload(many))).toContain(' and 2 more; ');
	});

	it('lists the other objects if there is no workload', () => {
		const service = object('Service', 'web');
		expect(failure(() => selectWorkload([service]))).toBe(
			`INPUT_MISSING no workload; found Service/web (${service.location}); ` +
				'add the manifest of a Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job or CronJob with -f',
		);
		expect(failure(() => selectWorkload([]))).toMatch(/^INPUT_MISSING no workload; add the manifest of a Pod/);
	});

	it.each([
		['deploy/wbe', 'deployment/web'],
		['wev', 'deployment/web'],
		['sts/web', 'deployment/web'],
		['mig', 'job/migrate'],
	])('suggests a workload for %s', (wanted, meant) => {
		expect(failure(() => selectWorkload(both, wanted))).toBe(
			`INPUT_MISSING workload "${wanted}" not found, ` +
				`have: deployment/web (${web.location}), job/migrate (${job.location}); did you mean ${meant}?`,
		);
	});

	it('does not suggest a distant name', () => {
		expect(failure(() => selectWorkload(both, 'deploy/api'))).toMatch(/; choose one of them$/);
	});

	it.each([
		['deploi/web', '"deploi"', 'did you mean "deploy"?'],
		['deployment.batch/web', '"deployment.batch"', 'did you mean "deployment"?'],
		['service/web', '"service"', 'podtemplate'],
		['constructor/web', '"constructor"', 'podtemplate'],
	])('refuses the kind %s', (wanted, word, end) => {
		const text = failure(() => selectWorkload(both, wanted));
		expect(text).toContain(`USAGE unknown kind of workload ${word}, have: pod, deployment, `);
		expect(text.endsWith(end)).toBe(true);
	});

	it.each(['', '/web', 'deploy/', 'a/b/c'])('refuses "%s"', (wanted) => {
		expect(failure(() => selectWorkload(both, wanted))).toBe(
			`USAGE invalid workload "${wanted}"; write KIND/NAME, for example deploy/web`,
		);
	});

	describe('with namespaces', () => {
		const prod = object('Deployment', 'web', { namespace: 'prod' });
		const dev = object('Deployment', 'web', { namespace: 'dev' });

		it('ignores other namespaces, but not objects without one', () => {
			expect(selectWorkload([prod, dev], undefined, 'dev')).toBe(dev);
			expect(selectWorkload([prod, web], undefined, 'dev')).toBe(web);
		});

		it('lists the namespaces of equal workloads', () => {
			expect(failure(() => selectWorkload([prod, dev], 'deploy/web'))).toBe(
				`USAGE several workloads deployment/web, in namespaces: prod (${prod.location}), dev (${dev.location}); ` +
					'choose one with -n',
			);
		});

		it('reports that the workload is in another namespace', () => {
			expect(failure(() => selectWorkload([prod], undefined, 'dev'))).toBe(
				`INPUT_MISSING no workload in namespace "dev"; found Deployment/web (${prod.location}); ` +
					'choose its namespace with -n',
			);
		});
	});

	describe('with custom resources', () => {
		const template = { spec: { containers: [{ name: 'c' }] } };
		const custom = (apiVersion: string, kind: string, name: string, spec: object) =>
			object(kind, name, { apiVersion, value: { metadata: { name }, spec } });
		const rollout = custom('argoproj.io/v1alpha1', 'Rollout', 'web', { template });
		const backup = custom('jobs.example.com/v1', 'Backup', 'nightly', { jobTemplate: { spec: { template } } });
		const service = custom('serving.knative.dev/v1', 'Service', 'hello', { template });

		it.each([rollout, backup, service])('selects the only one: $kind', (only) => {
			expect(selectWorkload([object('ConfigMap', 'a'), only])).toBe(only);
		});

		it('prefers a workload of a built-in kind', () => {
			expect(selectWorkload([rollout, job])).toBe(job);
		});

		it.each([
			['rollout/web', rollout],
			['rollouts/web', rollout],
			['Rollout/web', rollout],
			['rollout.argoproj.io/web', rollout],
			['rollouts.v1alpha1.argoproj.io/web', rollout],
			['service/hello', service],
			['hello', service],
			['backups/nightly', backup],
			['deploy/web', web],
		])('selects by %s', (wanted, expected) => {
			expect(selectWorkload([web, rollout, service, backup], wanted)).toBe(expected);
		});

		it('names custom kinds in an ambiguous choice', () => {
			expect(failure(() => selectWorkload([rollout, backup]))).toMatch(
				/^USAGE several workloads: rollout\/web .*, backup\/nightly .*; choose one of them, such as rollout\/web$/,
			);
		});

		it.each([
			['a built-in group', 'apps/v2', { template }],
			['a group of Kubernetes', 'metrics.k8s.io/v1', { template }],
			['no containers', 'argoproj.io/v1alpha1', { template: { spec: { containers: [] } } }],
			['containers that are no list', 'argoproj.io/v1alpha1', { template: { spec: { containers: {} } } }],
		])('ignores %s', (_what, apiVersion, spec) => {
			expect(failure(() => selectWorkload([custom(apiVersion, 'Rollout', 'web', spec)]))).toMatch(
				/^INPUT_MISSING no workload; found Rollout\/web/,
			);
		});

		describe('that name another workload', () => {
			const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
			const referrer = custom('argoproj.io/v1alpha1', 'Rollout', 'canary', { workloadRef });

			it('follows the reference', () => {
				expect(selectWorkload([referrer, web, job], 'rollout/canary')).toBe(web);
				expect(selectWorkload([referrer, web])).toBe(web);
			});

			it('reports that the other workload is missing', () => {
				expect(failure(() => selectWorkload([referrer]))).toBe(
					`INPUT_MISSING rollout/canary (${referrer.location}) uses the pod template of deployment/web, ` +
						'which was not found; add its manifest with -f',
				);
			});
		});
	});

	describe('with Helm hooks', () => {
		const annotations = { 'helm.sh/hook': 'test' };
		const hook = object('Pod', 'web-test', { value: { metadata: { name: 'web-test', annotations } } });

		it('passes over a hook', () => {
			expect(selectWorkload([web, hook])).toBe(web);
		});

		it('selects a hook by its name', () => {
			expect(selectWorkload([web, hook], 'pod/web-test')).toBe(hook);
		});

		it('names the hooks if there is nothing else', () => {
			expect(failure(() => selectWorkload([hook]))).toBe(
				`INPUT_MISSING no workload besides Helm hooks: pod/web-test (${hook.location}); ` +
					'name one to use it, such as po/web-test',
			);
		});
	});

	it('selects the last of equal objects', () => {
		const again = object('Deployment', 'web');
		expect(selectWorkload([web, again])).toBe(again);
	});

	it('selects an object by its generated name', () => {
		const generated = object('Job', '', { value: { metadata: { generateName: 'migrate-' } } });
		expect(workloadName(generated)).toBe('migrate-local');
		expect(selectWorkload([web, generated], 'job/migrate-local')).toBe(generated);
	});

	it.each([[null], [[]], [{ metadata: 5 }], [{ metadata: { generateName: {} } }]])('accepts the value %j', (value) => {
		expect(workloadName(object('Job', '', { value }))).toBe('');
	});

	it('accepts 20 000 objects with long names', () => {
		const long = 'a'.repeat(10_000);
		const many = Array.from({ length: 20_000 }, (_none, index) => object('Job', `${long}${index}`));
		expect(failure(() => selectWorkload(many, `job/${long}x`)).length).toBeLessThan(500_000);
	});
});

describe('selectContainer', () => {
	const container = (name: string) => ({ name }) as Pod['spec']['containers'][number];
	const pod = (annotations: [string, string][] = []) =>
		({
			metadata: { name: 'web', annotations: new Map(annotations) },
			spec: { containers: [container('app'), container('sidecar')], initContainers: [container('setup')] },
		}) as unknown as Pod;

	it('selects the first', () => {
		expect(selectContainer(pod()).name).toBe('app');
	});

	it('selects the container of the annotation, if it exists', () => {
		expect(selectContainer(pod([['kubectl.kubernetes.io/default-container', 'sidecar']])).name).toBe('sidecar');
		expect(selectContainer(pod([['kubectl.kubernetes.io/default-container', 'gone']])).name).toBe('app');
	});

	it.each(['app', 'sidecar', 'setup'])('selects %s by name', (name) => {
		const annotated = pod([['kubectl.kubernetes.io/default-container', 'sidecar']]);
		expect(selectContainer(annotated, name).name).toBe(name);
	});

	it('lists the containers for an unknown name', () => {
		expect(failure(() => selectContainer(pod(), 'foo'))).toBe(
			'INPUT_MISSING container foo not found in pod web, have: app, sidecar, setup (init); choose one of them with -c',
		);
	});
});
