/**
 * The findings of `lint` as workflow commands of GitHub Actions, which shows them beside the changed lines. Pure.
 * Source: actions/toolkit packages/core/src/command.ts, escapeData and escapeProperty.
 */

import { posix } from 'node:path';
import type { Severity } from '../../pod/lint/finding.js';
import type { LintReport, ReportedFinding } from './lint-report.js';

const COMMANDS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'notice' };

/** One line for each finding. */
export function lintGithub({ findings }: LintReport): string {
	return findings.map((finding) => `${command(finding)}\n`).join('');
}

function command({ severity, rule, place, file, line, column, text, cure }: ReportedFinding): string {
	const properties = {
		...(file === null ? {} : { file: posix.normalize(file), line, col: column }),
		title: rule,
	};
	const list = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
	const message = `${file === null ? `${place}: ` : ''}${text}; ${cure}`;
	return `::${COMMANDS[severity]} ${list.join(',')}::${escapeData(message)}`;
}

function escapeData(text: string): string {
	return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
	return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
