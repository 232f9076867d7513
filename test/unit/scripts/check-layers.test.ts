import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../../scripts/check-layers.mjs', import.meta.url));
const trees: string[] = [];

/** Runs the check over a tree with these files. */
function check(files: Readonly<Record<string, string>>): { status: number | null; lines: readonly string[] } {
	const root = mkdtempSync(join(tmpdir(), 'layers-'));
	trees.push(root);
	for (const [path, text] of Object.entries(files)) {
		mkdirSync(dirname(join(root, 'src', path)), { recursive: true });
		writeFileSync(join(root, 'src', path), text);
	}
	const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, root], { encoding: 'utf8' });
	return { status, lines: `${stdout}${stderr}`.trimEnd().split('\n') };
}

afterEach(() => {
	for (const root of trees.splice(0)) rmSync(root, { recursive: true });
});

describe('check-layers', () => {
	test('accepts imports from the own room and from lower ones', () => {
		expect(
			check({
				'main.ts': "import { program } from './cli/program.js';\nprogram();\n",
				'cli/program.ts': "import yargs from 'yargs';\nimport { plan } from '../volume/plan.js';\n",
				'volume/plan.ts': "import type { Names } from './names.js';\nimport { errno } from '../base/errno.js';\n",
				'volume/names.ts': "export * from '../model/key.js';\n",
				'model/key.ts': "import { join } from 'node:path';\n",
				'base/errno.ts': 'export const errno = 1;\n',
			}),
		).toEqual({ status: 0, lines: ['Layers: 6 files, 7 imports, none upward, sideways or circular.'] });
	});

	test.each([
		{
			name: 'an upward import',
			files: { 'fs/tree.ts': "\nimport { mount } from '../mount/session.js';\n", 'mount/session.ts': '' },
			lines: ['src/fs/tree.ts:2: upward import: fs may import from journal, model, base, not from mount'],
		},
		{
			name: 'an upward import of a type',
			files: { 'base/log.ts': "import type { Key } from '../model/key.js';\n", 'model/key.ts': '' },
			lines: ['src/base/log.ts:1: upward import: base may import from nothing, not from model'],
		},
		{
			name: 'a sideways import that is spread over lines',
			files: { 'store/store.ts': "import {\n\ta,\n\tb,\n} from '../volume/plan.js';\n", 'volume/plan.ts': '' },
			lines: ['src/store/store.ts:4: sideways import: store may import from model, base, not from volume'],
		},
		{
			name: 'a dynamic import of an entry point',
			files: { 'cli/program.ts': "const main = await import('../main.js');\n", 'main.ts': '' },
			lines: [expect.stringMatching(/^src\/cli\/program\.ts:1: upward import: cli may .* not from entry$/)],
		},
		{
			name: 'an export from a higher room',
			files: { 'wire/reply.ts': "export { tree } from '../fs/tree.js';\n", 'fs/tree.ts': '' },
			lines: ['src/wire/reply.ts:1: upward import: wire may import from base, not from fs'],
		},
		{
			name: 'a circle of files in one room',
			files: {
				'fs/a.ts': "import './b.js';\n",
				'fs/b.ts': "\n\nimport type { C } from './c.js';\n",
				'fs/c.ts': "import { a } from './a.js';\n",
			},
			lines: ['src/fs/c.ts:1: circular import: fs/a.ts -> fs/b.ts -> fs/c.ts -> fs/a.ts'],
		},
		{
			name: 'a package in a room that is not its own',
			files: { 'drivers/kernel/mounter.ts': "import koffi from 'koffi';\n" },
			lines: ['src/drivers/kernel/mounter.ts:1: the package koffi belongs to native, not to drivers'],
		},
		{
			name: 'a package below a scope, by require',
			files: { 'store/client.ts': "const k = require('@kubernetes/client-node/dist/x.js');\n" },
			lines: ['src/store/client.ts:1: the package @kubernetes/client-node belongs to model, sources, not to store'],
		},
		{
			name: 'a package without a room',
			files: { 'base/pad.ts': "import pad from 'left-pad';\n" },
			lines: ['src/base/pad.ts:1: the package left-pad has no room in layers.json'],
		},
		{
			name: 'a folder that is no room',
			files: { 'utils/pad.ts': '' },
			lines: ['src/utils/pad.ts:1: the room utils is not in layers.json'],
		},
	])('reports $name', ({ files, lines }) => {
		expect(check(files)).toEqual({ status: 1, lines });
	});

	test('does not read comments as imports, nor strings as comments', () => {
		const text = [
			"/* import { a } from '../mount/a.js'; */",
			"// import { b } from '../mount/b.js';",
			"const glob = 'src/**';",
			"const site = 'https://example.org/*';",
			"import { c } from '../mount/c.js';",
			'/* end */',
		];
		expect(check({ 'base/x.ts': `${text.join('\n')}\n` })).toEqual({
			status: 1,
			lines: ['src/base/x.ts:5: upward import: base may import from nothing, not from mount'],
		});
	});
});
