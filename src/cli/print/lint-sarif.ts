/**
 * The findings of `lint` as SARIF 2.1.0, which code scanners and editors read. Pure.
 * Source: OASIS Static Analysis Results Interchange Format (SARIF) Version 2.1.0.
 */

import { isAbsolute, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Severity } from '../../pod/lint/finding.js';
import { RULE_LIST } from '../../pod/lint/rule-list.js';
import type { LintReport, ReportedFinding } from './lint-report.js';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';
const LEVELS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' };

/** A JSON document with a newline at its end. */
export function lintSarif({ findings }: LintReport): string {
	const rules = RULE_LIST.map(({ rule, about, severities: [highest] }) => ({
		id: rule,
		shortDescription: { text: about },
		defaultConfiguration: { level: LEVELS[highest ?? 'error'] },
	}));
	const results = findings.map((finding) => ({
		ruleId: finding.rule,
		ruleIndex: rules.findIndex(({ id }) => id === finding.rule),
		level: LEVELS[finding.severity],
		message: { text: `${finding.text}; ${finding.cure}` },
		locations: [locationOf(finding)],
	}));
	const run = { tool: { driver: { name: 'configmapfs', rules } }, columnKind: 'utf16CodeUnits', results };
	return `${JSON.stringify({ $schema: SCHEMA, version: '2.1.0', runs: [run] }, undefined, 2)}\n`;
}

function locationOf({ place, file, line, column, workload, field }: ReportedFinding): object {
	const name = [workload, field].filter((part) => part !== null).join(' ') || place;
	const logicalLocations = [{ fullyQualifiedName: name }];
	if (file === null || line === null) return { logicalLocations };
	const region = { startLine: line, startColumn: column };
	return { physicalLocation: { artifactLocation: { uri: uriOf(file) }, region }, logicalLocations };
}

/** A relative path stays relative, to the working directory. */
function uriOf(file: string): string {
	if (isAbsolute(file)) return pathToFileURL(file).href;
	return posix.normalize(file).split('/').map(encodeURIComponent).join('/');
}
