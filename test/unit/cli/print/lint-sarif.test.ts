import { expect, test } from 'vitest';

import type { LintReport, ReportedFinding } from '../../../../src/cli/print/lint-report.js';
import { lintSarif } from '../../../../src/cli/print/lint-sarif.js';
import { RULE_LIST } from '../../../../src/pod/lint/rule-list.js';

function reportOf(...findings: readonly Partial<ReportedFinding>[]): LintReport {
	return {
		schema: 'configmapfs.lint/v1',
		findings: findings.map((more) => ({
			severity: 'error',
			rule: 'missing-object',
			place: './k8s/app 1.yaml:31:9',
			file: './k8s/app 1.yaml',
			line: 31,
			column: 9,
			workload: 'deployment/web',
			field: 'spec.volumes[0].configMap.name',
			text: 'configmap "app" not found',
			cure: 'add it to the sources',
			...more,
		})),
		summary: { workloads: 1, configMaps: 0, secrets: 0, errors: 0, warnings: 0, infos: 0 },
	};
}

const IN_CLUSTER = { place: 'cluster shop deployment/web', file: null, line: null, column: null } as const;

interface Sarif {
	readonly $schema: string;
	readonly version: string;
	readonly runs: readonly [
		{
			readonly tool: { readonly driver: { readonly name: string; readonly rules: readonly { readonly id: string }[] } };
			readonly results: readonly Readonly<Record<string, unknown>>[];
		},
	];
}

function sarif(...findings: readonly Partial<ReportedFinding>[]): Sarif {
	return JSON.parse(lintSarif(reportOf(...findings))) as Sarif;
}

test('is a log of version 2.1.0 with one run, and describes every rule', () => {
	const log = sarif();
	expect(Object.keys(log)).toEqual(['$schema', 'version', 'runs']);
	expect(log).toMatchObject({ $schema: expect.stringContaining('sarif-2.1.0'), version: '2.1.0' });
	expect(log.runs).toHaveLength(1);
	const [{ tool, results }] = log.runs;
	expect(tool.driver.name).toBe('configmapfs');
	expect(results).toEqual([]);
	expect(tool.driver.rules.map(({ id }) => id)).toEqual(RULE_LIST.map(({ rule }) => rule));
	for (const rule of tool.driver.rules) {
		expect(rule).toEqual({
			id: expect.stringMatching(/^[a-z-]+$/),
			shortDescription: { text: expect.stringMatching(/./) },
			defaultConfiguration: { level: expect.stringMatching(/^(error|warning|note)$/) },
		});
	}
});

test('a result names its rule, its level, and where it is', () => {
	const [{ results, tool }] = sarif({}).runs;
	expect(results).toEqual([
		{
			ruleId: 'missing-object',
			ruleIndex: tool.driver.rules.findIndex(({ id }) => id === 'missing-object'),
			level: 'error',
			message: { text: 'configmap "app" not found; add it to the sources' },
			locations: [
				{
					physicalLocation: {
						artifactLocation: { uri: 'k8s/app%201.yaml' },
						region: { startLine: 31, startColumn: 9 },
					},
					logicalLocations: [{ fullyQualifiedName: 'deployment/web spec.volumes[0].configMap.name' }],
				},
			],
		},
	]);
});

test.each([
	[{ severity: 'warning' }, { level: 'warning' }],
	[{ severity: 'info' }, { level: 'note' }],
	[
		{ file: '/srv/k8s/a b.yaml' },
		{ locations: [{ physicalLocation: { artifactLocation: { uri: 'file:///srv/k8s/a%20b.yaml' } } }] },
	],
	[
		{ ...IN_CLUSTER, workload: null, field: null },
		{ locations: [{ logicalLocations: [{ fullyQualifiedName: IN_CLUSTER.place }] }] },
	],
] as const)('%j', (more, expected) => {
	expect(sarif(more).runs[0].results[0]).toMatchObject(expected);
	if ('line' in more)
		expect(sarif(more).runs[0].results[0]?.locations).toEqual([{ logicalLocations: [expect.anything()] }]);
});
