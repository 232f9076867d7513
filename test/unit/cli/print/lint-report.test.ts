import { describe, expect, test } from 'vitest';
import { checkedText, lintReport, lintText } from '../../../../src/cli/print/lint-report.js';
import { COLOURS, NO_STYLE } from '../../../../src/cli/print/style.js';
import type { WorkloadFinding, WorkloadLint } from '../../../../src/explain/workload-lint.js';

function finding(more: Partial<WorkloadFinding> = {}): WorkloadFinding {
	return {
		severity: 'error',
		rule: 'missing-object',
		location: 'k8s/deploy.yaml:31:9',
		workload: 'deployment/web',
		field: 'spec.volumes[0].configMap.name',
		text: 'configmap "app" not found: the pod waits for it',
		cure: 'add it to the sources',
		...more,
	};
}

function lintOf(findings: readonly WorkloadFinding[], workloadCount: number): WorkloadLint {
	return { findings, workloadCount, configMapCount: 3, secretCount: 1 };
}

const ALL = [
	finding(),
	finding({ severity: 'warning', rule: 'unused-volume', location: 'k8s/deploy.yaml:40:1', text: 't', cure: 'c' }),
	finding({ severity: 'info', rule: 'blank-value', location: 'cluster shop deployment/web', text: 't', cure: 'c' }),
];

describe('JSON', () => {
	test('contains each finding with the parts of its location, and counts', () => {
		const report = lintReport(lintOf(ALL, 2));
		expect(report.schema).toBe('configmapfs.lint/v1');
		expect(report.findings[0]).toEqual({
			severity: 'error',
			rule: 'missing-object',
			place: 'k8s/deploy.yaml:31:9',
			file: 'k8s/deploy.yaml',
			line: 31,
			column: 9,
			workload: 'deployment/web',
			field: 'spec.volumes[0].configMap.name',
			text: 'configmap "app" not found: the pod waits for it',
			cure: 'add it to the sources',
		});
		expect(report.summary).toEqual({ workloads: 2, configMaps: 3, secrets: 1, errors: 1, warnings: 1, infos: 1 });
		expect(JSON.parse(JSON.stringify(report))).toEqual(report);
	});

	test.each([
		['cluster shop deployment/web', null, null],
		['-f a.yaml + -f b.yaml', null, null],
		['C:1:2:3', 'C:1', 2],
		['STDIN:4:5', 'STDIN', 4],
	])('the place %s', (place, file, line) => {
		const { findings } = lintReport(lintOf([finding({ location: place })], 1));
		expect(findings[0]).toMatchObject({ place, file, line });
	});

	test('what belongs to no workload, and to no field', () => {
		const whole = finding({ workload: undefined, field: '' });
		expect(lintReport(lintOf([whole], 0)).findings[0]).toMatchObject({
			workload: null,
			field: null,
		});
	});
});

describe('text', () => {
	test('is printed as by compilers; without a line the field is the location', () => {
		expect(lintText(lintReport(lintOf(ALL, 2)), NO_STYLE)).toBe(
			[
				'k8s/deploy.yaml:31:9: error: configmap "app" not found: the pod waits for it [missing-object]',
				'    add it to the sources',
				'k8s/deploy.yaml:40:1: warning: t [unused-volume]',
				'    c',
				'cluster shop deployment/web: info: deployment/web spec.volumes[0].configMap.name: t [blank-value]',
				'    c',
				'1 error, 1 warning, 1 info',
				'',
			].join('\n'),
		);
	});

	test('counts zero errors and warnings, but not zero infos', () => {
		const report = lintReport(lintOf([finding({ severity: 'warning' })], 1));
		expect(lintText(report, NO_STYLE)).toMatch(/\n0 errors, 1 warning\n$/);
	});

	test('is nothing where nothing was found', () => {
		expect(lintText(lintReport(lintOf([], 1)), COLOURS)).toBe('');
	});

	test('has a colour for each severity, and gives a terminal nothing else to obey', () => {
		const report = lintReport(lintOf([...ALL, finding({ text: 'a\x1b[2Jb\nc' })], 1));
		const text = lintText(report, COLOURS);
		for (const label of ['\x1b[31merror:\x1b[39m', '\x1b[33mwarning:\x1b[39m', '\x1b[36minfo:\x1b[39m']) {
			expect(text).toContain(label);
		}
		expect(text).toContain('a\\x1b[2Jb\\nc');
	});
});

test.each([
	[{ workloads: 5, configMaps: 9, secrets: 0 }, 'checked 5 workloads, 9 ConfigMaps'],
	[{ workloads: 0, configMaps: 1, secrets: 2 }, 'checked 1 ConfigMap, 2 Secrets'],
	[{ workloads: 1, configMaps: 0, secrets: 0 }, 'checked 1 workload'],
])('the objects that were checked: %j', (counts, text) => {
	expect(checkedText({ ...counts, errors: 0, warnings: 0, infos: 0 })).toBe(text);
});
