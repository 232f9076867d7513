import { expect, test } from 'vitest';
import { lintGithub } from '../../../../src/cli/print/lint-github.js';
import type { LintReport, ReportedFinding } from '../../../../src/cli/print/lint-report.js';

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

test.each([
	[
		{},
		'::error file=k8s/app 1.yaml,line=31,col=9,title=missing-object::configmap "app" not found; add it to the sources\n',
	],
	[{ severity: 'warning' }, /^::warning file=/],
	[{ severity: 'info' }, /^::notice file=/],
	[{ ...IN_CLUSTER }, /^::error title=missing-object::cluster shop deployment\/web: configmap "app" not found; add/],
	[{ file: 'a,b:c.yaml' }, /^::error file=a%2Cb%3Ac\.yaml,line=31/],
	[{ text: '100 %\r\n::set-env::x', cure: 'c' }, /::100 %25%0D%0A::set-env::x; c\n$/],
] as const)('the workflow command for %j', (more, expected) => {
	const text = lintGithub(reportOf(more));
	if (typeof expected === 'string') expect(text).toBe(expected);
	else expect(text).toMatch(expected);
	expect(text.split('\n')).toHaveLength(2);
});

test('without findings there is no command', () => {
	expect(lintGithub(reportOf())).toBe('');
});
