import { expect, test } from 'vitest';
import { withoutSuppressed } from '../../../src/explain/suppression.js';
import type { WorkloadFinding } from '../../../src/explain/workload-lint.js';

function finding(rule: string, location: string): WorkloadFinding {
	return { severity: 'warning', rule, location, field: '', text: 't', cure: 'c', workload: undefined };
}

/** The rules that remain for findings on line 3 of a file. */
function remaining(text: string, rules: readonly string[], disabled: readonly string[] = []): readonly string[] {
	const lines = text.split('\n');
	const findings = rules.map((rule) => finding(rule, 'dir/a b.yaml:3:5'));
	const linesOf = (file: string) => (file === 'dir/a b.yaml' ? lines : []);
	return withoutSuppressed(findings, { disabled: new Set(disabled), linesOf }).map(({ rule }) => rule);
}

test.each([
	['at the end of the line', 'a:\nb:\nc: 1 # configmapfs:ignore blank-value\n'],
	['on the line above', 'a:\n  # configmapfs:ignore blank-value\nc: 1\n'],
	['without a space behind the #', 'a:\nb:\nc: 1 #configmapfs:ignore blank-value\n'],
	['with several rules and a reason', 'a:\n# configmapfs:ignore path-collision, blank-value  wanted by nginx\nc: 1\n'],
	['before a Windows line end', 'a:\r\nb:\r\nc: 1 # configmapfs:ignore blank-value\r\n'],
])('a comment %s removes a finding of its rules', (_where, text) => {
	expect(remaining(text, ['blank-value', 'unused-volume'])).toEqual(['unused-volume']);
});

test.each([
	['two lines above', '# configmapfs:ignore blank-value\nb:\nc: 1\n'],
	['on the line below', 'a:\nb:\nc: 1\n# configmapfs:ignore blank-value\n'],
	['at the end of another line', 'a:\nb: 1 # configmapfs:ignore blank-value\nc: 1\n'],
	['without a rule', 'a:\nb:\nc: 1 # configmapfs:ignore\n'],
	['that is not a comment', 'a:\nb:\nc: x#configmapfs:ignore blank-value\n'],
])('a comment %s removes nothing', (_where, text) => {
	expect(remaining(text, ['blank-value'])).toEqual(['blank-value']);
});

test('a disabled rule is removed wherever it is found', () => {
	expect(remaining('', ['blank-value', 'unused-volume'], ['unused-volume'])).toEqual(['blank-value']);
	const inCluster = [finding('blank-value', 'cluster shop deployment/web')];
	expect(withoutSuppressed(inCluster, { disabled: new Set(['blank-value']), linesOf: () => [] })).toEqual([]);
	expect(withoutSuppressed(inCluster, { disabled: new Set(), linesOf: () => [] })).toEqual(inCluster);
});
