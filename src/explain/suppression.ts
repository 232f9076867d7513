/** Removes findings that the user does not want: by rule, or by a comment in the manifest. Pure but for `linesOf`. */

import type { WorkloadFinding } from './workload-lint.js';

export interface SuppressionOptions {
	/** Names of rules. */
	readonly disabled: ReadonlySet<string>;
	/** The lines of a file; empty if they are not known. */
	linesOf(file: string): readonly string[];
}

const LOCATION = /^(.+):(\d+):\d+$/s;
/** `# configmapfs:ignore RULE[,RULE]`. */
const COMMENT = /(?:^|\s)#\s*configmapfs:ignore[ \t]+([\w-]+(?:[ \t]*,[ \t]*[\w-]+)*)/;

/**
 * The findings that remain. A comment stands at the end of the line of the finding, or alone on the line above; reasons
 * may follow the rules.
 */
export function withoutSuppressed(
	findings: readonly WorkloadFinding[],
	{ disabled, linesOf }: SuppressionOptions,
): readonly WorkloadFinding[] {
	return findings.filter(({ rule, location }) => {
		if (disabled.has(rule)) return false;
		const [, file, number] = LOCATION.exec(location) ?? [];
		if (file === undefined) return true;
		const index = Number(number) - 1;
		const lines = linesOf(file);
		const own = lines[index] ?? '';
		const above = lines[index - 1] ?? '';
		return !ignored(own).has(rule) && !(isComment(above) && ignored(above).has(rule));
	});
}

function isComment(line: string): boolean {
	return line.trimStart().startsWith('#');
}

function ignored(line: string): ReadonlySet<string> {
	const [, rules = ''] = COMMENT.exec(line) ?? [];
	return new Set(rules.split(',').map((rule) => rule.trim()));
}
