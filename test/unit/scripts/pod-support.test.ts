import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import typescript from 'typescript';
import { expect, test } from 'vitest';
import { CASES, type OfficialCase, SECTIONS } from '../../mount/official/cases.js';
import { FIELDS, type FieldRow } from '../../mount/official/fields.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SCRIPT = join(ROOT, 'scripts/pod-support.mjs');
const rows = Object.entries<FieldRow>(FIELDS);
const cases = Object.entries<OfficialCase>(CASES);

function textOf(path: string): string {
	return readFileSync(join(ROOT, path), 'utf8');
}

/** `Container.args` for every field of every type of a file, and `VolumeSource=emptyDir` for every `kind`. */
function membersOf(path: string): readonly string[] {
	const members = new Set<string>();
	const file = typescript.createSourceFile(path, textOf(path), typescript.ScriptTarget.ES2022);
	for (const statement of file.statements) {
		if (!typescript.isInterfaceDeclaration(statement) && !typescript.isTypeAliasDeclaration(statement)) continue;
		const type = statement.name.text;
		const visit = (node: typescript.Node): void => {
			if (typescript.isPropertySignature(node)) {
				const name = node.name.getText(file);
				members.add(`${type}.${name}`);
				const literals = name === 'kind' ? (node.type?.getText(file).matchAll(/'(\w+)'/g) ?? []) : [];
				for (const [, literal] of literals) members.add(`${type}=${literal}`);
			}
			typescript.forEachChild(node, visit);
		};
		visit(statement);
	}
	return [...members].sort();
}

test('the page is what the script writes', () => {
	const { stdout, stderr } = spawnSync(process.execPath, [SCRIPT, '--print'], { encoding: 'utf8' });
	expect(stderr).toBe('');
	expect(textOf('native-notes/pod-support.md'), 'run: node scripts/pod-support.mjs').toBe(stdout);
});

test('the page has every field and every case, and names no field twice', () => {
	const page = textOf('native-notes/pod-support.md');
	const fields = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
	expect([...fields].sort()).toEqual(rows.map(([name]) => name).sort());
	expect(cases.filter(([id]) => !page.includes(`\n| ${id} |`))).toEqual([]);
});

test('every field that is read from a pod is in a row, and no other', () => {
	const covered = new Set(rows.flatMap(([, { covers = [] }]) => covers));
	expect([...covered].sort()).toEqual(membersOf('src/pod/pod-spec.ts'));
});

test('every row is proven by a case', () => {
	const proven = new Set<string>(cases.flatMap(([, { proves }]) => proves));
	expect(rows.map(([name]) => name).filter((name) => !proven.has(name))).toEqual([]);
});

test('every case is where the page says', () => {
	const lost = cases.filter(([id, { section, elsewhere }]) => {
		const path = elsewhere ?? `test/mount/official/${SECTIONS[section].file}`;
		return !existsSync(join(ROOT, path)) || !new RegExp(`'${id}[ ']`).test(textOf(path));
	});
	expect(lost).toEqual([]);
});
