/**
 * The findings of `configmapfs lint` as `-o json` prints them, one `LintReport` object, and as text, two lines a finding
 * as compilers print them. Fields may be added within `v1`, never renamed or removed. Pure.
 */

import type { WorkloadLint } from '../../explain/workload-lint.js';
import type { Severity } from '../../pod/lint/finding.js';
import type { Style } from './style.js';
import { oneLine } from './terminal-text.js';
import { counted } from './wording.js';

export const LINT_SCHEMA = 'configmapfs.lint/v1';

export interface LintReport {
	readonly schema: typeof LINT_SCHEMA;
	/** In the order of their locations. */
	readonly findings: readonly ReportedFinding[];
	readonly summary: {
		readonly workloads: number;
		readonly configMaps: number;
		readonly secrets: number;
		readonly errors: number;
		readonly warnings: number;
		readonly infos: number;
	};
}

export interface ReportedFinding {
	readonly severity: Severity;
	/** A rule of `--list-rules`. */
	readonly rule: string;
	/** Location of the field: `file:line:column`, or the source for an object of a cluster. */
	readonly place: string;
	/** The parts of the location; `null` if it is not in a file. Line and column count from 1. */
	readonly file: string | null;
	readonly line: number | null;
	readonly column: number | null;
	/** `deployment/web`; `null` if the finding is about a manifest, not a workload. */
	readonly workload: string | null;
	/** `spec.template.spec.containers[0].env[2]`, `configmap/app data[key]`; `null` for the complete object. */
	readonly field: string | null;
	/** The mistake and its effect. It never contains the value of a Secret. */
	readonly text: string;
	/** How to mend it. */
	readonly cure: string;
}

const PLACE = /^(.+):(\d+):(\d+)$/s;

export function lintReport({ findings, workloadCount, configMapCount, secretCount }: WorkloadLint): LintReport {
	const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
	return {
		schema: LINT_SCHEMA,
		findings: findings.map(({ severity, rule, location, workload, field, text, cure }) => {
			const [, file = null, line = null, column = null] = PLACE.exec(location) ?? [];
			return {
				severity,
				rule,
				place: location,
				file,
				line: line === null ? null : Number(line),
				column: column === null ? null : Number(column),
				workload: workload ?? null,
				field: field === '' ? null : field,
				text,
				cure,
			};
		}),
		summary: {
			workloads: workloadCount,
			configMaps: configMapCount,
			secrets: secretCount,
			errors: count('error'),
			warnings: count('warning'),
			infos: count('info'),
		},
	};
}

/** `checked 5 workloads, 9 ConfigMaps`. Kinds without an object are not named. */
export function checkedText({ workloads, configMaps, secrets }: LintReport['summary']): string {
	const counts = [
		[workloads, 'workload'],
		[configMaps, 'ConfigMap'],
		[secrets, 'Secret'],
	] as const;
	const present = counts.filter(([count]) => count > 0);
	return `checked ${present.map(([count, noun]) => counted(count, noun)).join(', ')}`;
}

/** Lines with their line feeds; empty if there are no findings. */
export function lintText({ findings, summary }: LintReport, style: Style): string {
	if (findings.length === 0) return '';
	const lines = findings.flatMap((finding) => {
		const { severity, rule, place, text, cure, field, line, workload } = finding;
		// A location without a line is followed by the field.
		const where = line === null && field !== null ? `${workload === null ? '' : `${workload} `}${field}: ` : '';
		const label = style.severity[severity](`${severity}:`);
		return [
			`${style.bold(`${oneLine(place)}:`)} ${label} ${oneLine(where + text)} ${style.dim(`[${rule}]`)}`,
			`    ${oneLine(cure)}`,
		];
	});
	const { errors, warnings, infos } = summary;
	const counts = [counted(errors, 'error'), counted(warnings, 'warning'), ...(infos === 0 ? [] : [`${infos} info`])];
	return `${lines.join('\n')}\n${style.bold(counts.join(', '))}\n`;
}
