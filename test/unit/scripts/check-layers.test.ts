import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../../scripts/check-layers.mjs', import.meta.url));
const trees: string[] = [];

interface Table {
	readonly rooms: Readonly<Record<string, readonly string[]>>;
	readonly packages: Readonly<Record<string, readonly string[]>>;
	readonly lines: { readonly limit: number; readonly exceptions: readonly string[] };
}

/** Three rooms and the entry points. */
const TABLE: Table = {
	rooms: { base: [], model: ['base'], store: ['model', 'base'], entry: ['store'] },
	packages: { pad: ['model'], '@scope/client': ['store'] },
	lines: { limit: 5, exceptions: ['model/tree.ts'] },
};

/** A tree that uses every grant of TABLE and breaks no rule. */
const FILES: Readonly<Record<string, string>> = {
	'main.ts': "import { store } from './store/store.js';\nstore();\n",
	'store/store.ts':
		"import { client } from '@scope/client/dist/x.js';\nimport { errno } from '../base/errno.js';\nimport { key } from './key.js';\n",
	'store/key.ts': "export * from '../model/tree.js';\n",
	'model/tree.ts': "import { join } from 'node:path';\nimport pad from 'pad';\nimport '../base/errno.js';\n\n\n\n",
	'base/errno.ts': 'export const errno = 1;\n',
};

/** Runs the check over the tree with these files instead of those of the same names. */
function check(
	files: Readonly<Record<string, string>>,
	table: Table = TABLE,
): { status: number | null; lines: readonly string[] } {
	const root = mkdtempSync(join(tmpdir(), 'layers-'));
	trees.push(root);
	for (const [path, text] of Object.entries({ ...FILES, ...files })) {
		mkdirSync(dirname(join(root, 'src', path)), { recursive: true });
		writeFileSync(join(root, 'src', path), text);
	}
	mkdirSync(join(root, 'scripts'));
	writeFileSync(join(root, 'scripts/layers.json'), JSON.stringify(table));
	const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, root], { encoding: 'utf8' });
	return { status, lines: `${stdout}${stderr}`.trimEnd().split('\n') };
}

afterEach(() => {
	for (const root of trees.splice(0)) rmSync(root, { recursive: true });
});

describe('check-layers', () => {
	test('accepts imports from the own room and from lower ones', () => {
		expect(check({})).toEqual({
			status: 0,
			lines: ['Layers: 5 files, 8 imports, none upward, sideways or circular.'],
		});
	});

	test.each([
		{
			name: 'an upward import',
			files: { 'base/log.ts': "\nimport { key } from '../store/key.js';\n" },
			lines: ['src/base/log.ts:2: upward import: base may import from nothing, not from store'],
		},
		{
			name: 'an upward import of a type',
			files: { 'model/log.ts': "import type { Key } from '../store/key.js';\n" },
			lines: ['src/model/log.ts:1: upward import: model may import from base, not from store'],
		},
		{
			name: 'a sideways import that is spread over lines',
			files: { 'open.ts': "import {\n\ta,\n\tb,\n} from './model/tree.js';\n" },
			lines: ['src/open.ts:4: sideways import: entry may import from store, not from model'],
		},
		{
			name: 'a dynamic import of an entry point',
			files: {
				'store/program.ts': "const main = await import('../main.js');\n",
				'main.ts': "import './store/store.js';\n",
			},
			lines: ['src/store/program.ts:1: upward import: store may import from model, base, not from entry'],
		},
		{
			name: 'an export from a higher room',
			files: { 'base/reply.ts': "export { key } from '../model/key.js';\n", 'model/key.ts': '' },
			lines: ['src/base/reply.ts:1: upward import: base may import from nothing, not from model'],
		},
		{
			name: 'a circle of files in one room',
			files: {
				'base/a.ts': "import './b.js';\n",
				'base/b.ts': "\n\nimport type { C } from './c.js';\n",
				'base/c.ts': "import { a } from './a.js';\n",
			},
			lines: ['src/base/c.ts:1: circular import: base/a.ts -> base/b.ts -> base/c.ts -> base/a.ts'],
		},
		{
			name: 'a package in a room that does not own it',
			files: { 'store/pad.ts': "import pad from 'pad';\n" },
			lines: ['src/store/pad.ts:1: the package pad belongs to model, not to store'],
		},
		{
			name: 'a package below a scope, by require',
			files: { 'model/client.ts': "const k = require('@scope/client/dist/x.js');\n" },
			lines: ['src/model/client.ts:1: the package @scope/client belongs to store, not to model'],
		},
		{
			name: 'a package by createRequire',
			files: {
				'store/pad.ts': "createRequire(import.meta.url)('pad');\ncreateRequire(import.meta.url).resolve('pad');\n",
			},
			lines: [
				'src/store/pad.ts:1: the package pad belongs to model, not to store',
				'src/store/pad.ts:2: the package pad belongs to model, not to store',
			],
		},
		{
			name: 'a package without a room',
			files: { 'base/pad.ts': "import pad from 'left-pad';\n" },
			lines: ['src/base/pad.ts:1: the package left-pad has no room in layers.json'],
		},
		{
			name: 'a folder that layers.json does not list',
			files: { 'utils/pad.ts': '' },
			lines: ['src/utils/pad.ts:1: the room utils is not in layers.json'],
		},
		{
			name: 'a file that exceeds the line limit',
			files: { 'store/long.ts': 'a;\n'.repeat(6), 'store/just.ts': 'a;\n'.repeat(5) },
			lines: ['src/store/long.ts:6: 6 lines; the limit is 5'],
		},
	])('reports $name', ({ files, lines }) => {
		expect(check(files)).toEqual({ status: 1, lines });
	});

	test('reports a table in which a room lists a higher one, or a package a room that does not exist', () => {
		const table = {
			...TABLE,
			rooms: { ...TABLE.rooms, base: ['model'] },
			packages: { ...TABLE.packages, pad: ['model', 'attic'] },
		};
		expect(check({ 'base/errno.ts': "import '../model/key.js';\n", 'model/key.ts': "import 'pad';\n" }, table)).toEqual(
			{
				status: 1,
				lines: expect.arrayContaining([
					'scripts/layers.json:1: base may not list model, which is not printed before it',
					'scripts/layers.json:1: pad names the room attic, which is not listed',
				]),
			},
		);
	});

	test('reports grants and exceptions that no file uses', () => {
		const table = {
			rooms: { ...TABLE.rooms, entry: ['store', 'model', 'base'] },
			packages: { ...TABLE.packages, pad: ['base', 'model'] },
			lines: { limit: 5, exceptions: ['model/tree.ts', 'store/store.ts', 'store/removed.ts'] },
		};
		expect(check({}, table)).toEqual({
			status: 1,
			lines: [
				'scripts/layers.json:1: unused grant: no file of entry imports from model',
				'scripts/layers.json:1: unused grant: no file of entry imports from base',
				'scripts/layers.json:1: unused grant: no file of base imports the package pad',
				'scripts/layers.json:1: unused exception: store/store.ts does not exceed 5 lines',
				'scripts/layers.json:1: unused exception: store/removed.ts does not exceed 5 lines',
			],
		});
	});

	test('does not read imports in comments, nor comments in strings', () => {
		const text = [
			"/* import { a } from '../model/a.js'; */",
			"// import { b } from '../model/b.js';",
			"const glob = 'src/**', site = 'https://example.org/*';",
			"import { c } from '../model/tree.js';",
			'/* end */',
		];
		expect(check({ 'base/x.ts': `${text.join('\n')}\n` })).toEqual({
			status: 1,
			lines: ['src/base/x.ts:4: upward import: base may import from nothing, not from model'],
		});
	});
});
