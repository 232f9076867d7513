import { describe, expect, test } from 'vitest';
import { lintReport, lintText } from '../../../../src/cli/print/lint-report.js';
import { COLOURS, NO_STYLE } from '../../../../src/cli/print/style.js';
import type { WorkloadFinding } from '../../../../src/explain/workload-lint.js';

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

const ALL = [
	finding(),
	finding({ severity: 'warning', rule: 'unused-volume', location: 'k8s/deploy.yaml:40:1', text: 't', cure: 'c' }),
	finding({ severity: 'info', rule: 'blank-value', location: 'cluster shop deployment/web', text: 't', cure: 'c' }),
];

describe('JSON', () => {
	test('contains each finding with the parts of its location, and counts', () => {
		const report = lintReport({ findings: ALL, workloadCount: 2 });
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
		expect(report.summary).toEqual({ workloads: 2, errors: 1, warnings: 1, infos: 1 });
		expect(JSON.parse(JSON.stringify(report))).toEqual(report);
	});

	test.each([
		['cluster shop deployment/web', null, null],
		['-f a.yaml + -f b.yaml', null, null],
		['C:1:2:3', 'C:1', 2],
		['STDIN:4:5', 'STDIN', 4],
	])('the place %s', (place, file, line) => {
		const { findings } = lintReport({ findings: [finding({ location: place })], workloadCount: 1 });
		expect(findings[0]).toMatchObject({ place, file, line });
	});

	test('what belongs to no workload, and to no field', () => {
		const whole = finding({ workload: undefined, field: '' });
		expect(lintReport({ findings: [whole], workloadCount: 0 }).findings[0]).toMatchObject({
			workload: null,
			field: null,
		});
	});
});

describe('text', () => {
	test('is printed as by compilers; without a line the field is the location', () => {
		expect(lintText(lintReport({ findings: ALL, workloadCount: 2 }), NO_STYLE)).toBe(
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
		const report = lintReport({ findings: [finding({ severity: 'warning' })], workloadCount: 1 });
		expect(lintText(report, NO_STYLE)).toMatch(/\n0 errors, 1 warning\n$/);
	});

	test('is nothing where nothing was found', () => {
		expect(lintText(lintReport({ findings: [], workloadCount: 1 }), COLOURS)).toBe('');
	});

	test('has a colour for each severity, and gives a terminal nothing else to obey', () => {
		const report = lintReport({ findings: [...ALL, finding({ text: 'a\x1b[2Jb\nc' })], workloadCount: 1 });
		const text = lintText(report, COLOURS);
		for (const label of ['\x1b[31merror:\x1b[39m', '\x1b[33mwarning:\x1b[39m', '\x1b[36minfo:\x1b[39m']) {
			expect(text).toContain(label);
		}
		expect(text).toContain('a\\x1b[2Jb\\nc');
	});
});
