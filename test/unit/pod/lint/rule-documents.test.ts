import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RULE_LIST } from '../../../../src/pod/lint/rule-list.js';

test('docs/lint-rules.md has the rules of lint --list-rules, in its words and order', () => {
	const page = readFileSync(new URL('../../../../docs/lint-rules.md', import.meta.url), 'utf8');
	const rows = page.split('\n').filter((line) => line.startsWith('| `'));
	expect(rows).toEqual(
		RULE_LIST.map(({ rule, severities, about }) => `| \`${rule}\` | ${severities.join(', ')} | ${about} |`),
	);
});
