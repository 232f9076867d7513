/**
 * What `configmapfs lint` found, as `-o json` prints it: one object of `LintReport`; and as text, one or two lines a
 * finding, as compilers print them. Fields are added within `v1`, never renamed or removed. Pure.
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
		readonly errors: number;
		readonly warnings: number;
		readonly infos: number;
	};
}

export interface ReportedFinding {
	readonly severity: Severity;
	/** One of those that `--list-rules` names. */
	readonly rule: string;
	/** `file:line:column` of the field, or where else it was read. */
	readonly place: string;
	/** The parts of the location; `null` if it is not in a file. Line and column count from 1. */
	readonly file: string | null;
	readonly line: number | null;
	readonly column: number | null;
	/** `deployment/web`; `null`: it is about a manifest as such. */
	readonly workload: string | null;
	/** `spec.template.spec.containers[0].env[2]`, `configmap/app data[key]`; `null`: the whole. */
	readonly field: string | null;
	/** What is so, and what comes of it. It never holds a value of a Secret. */
	readonly text: string;
	/** What to do. */
	readonly cure: string;
}

const PLACE = /^(.+):(\d+):(\d+)$/s;

export function lintReport({ findings, workloadCount }: WorkloadLint): LintReport {
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
			errors: count('error'),
			warnings: count('warning'),
			infos: count('info'),
		},
	};
}

/** With line ends; empty where nothing was found. */
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
