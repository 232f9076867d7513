// @ts-check
/*
 * Writes native-notes/pod-support.md: the pod fields, how `configmapfs run` supports each, and the tests that show it.
 *
 *     node scripts/pod-support.mjs             writes the page of this checkout
 *     node scripts/pod-support.mjs --print     writes it to standard output instead
 *
 * The rows come from test/mount/official/fields.ts, the cases from test/mount/official/cases.ts. A unit test fails if the
 * page differs from the output of this script.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import typescript from 'typescript';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TESTS = 'test/mount/official';
const PAGE = join(ROOT, 'native-notes/pod-support.md');

/**
 * @typedef {{ support: string, note: string }} FieldRow
 * @typedef {{ section: string, title: string, proves: readonly string[], elsewhere?: string, once?: true }} Case
 * @typedef {{ title: string, file: string }} Section
 */

/** The name and the meaning of each kind of support. @type {Readonly<Record<string, readonly [string, string]>>} */
const SUPPORT = {
	yes: ['yes', 'as kubelet does it'],
	partly: ['partly', 'the note gives the difference'],
	flag: ['with a flag', 'without the flag, a warning names what the process does not get'],
	no: ['no', 'a warning names what the process does not get'],
	ignored: ['ignored', 'the field is ignored without a warning'],
};

/** The tables of the page, with the prefixes of their fields. A field belongs to the first table with a matching prefix. */
const TABLES = /** @type {const} */ ([
	['The workload and its metadata', ['kind', 'metadata.']],
	['Volumes', ['spec.volumes']],
	['Environment', ['spec.containers[].env']],
	['Mounts', ['spec.containers[].volumeMounts']],
	['Containers', ['spec.containers', 'spec.initContainers']],
	['The pod', ['spec.']],
]);

const page = render(await tableOf('fields.ts'), await tableOf('cases.ts'));
if (process.argv.includes('--print')) process.stdout.write(page);
else writeFileSync(PAGE, page);

/**
 * Loads a table of the tests. The file may import only types.
 *
 * @param {string} file
 * @returns {Promise<any>}
 */
async function tableOf(file) {
	const text = readFileSync(join(ROOT, TESTS, file), 'utf8');
	const { target, module } = { target: typescript.ScriptTarget.ES2022, module: typescript.ModuleKind.ESNext };
	const { outputText } = typescript.transpileModule(text, { compilerOptions: { target, module } });
	return await import(`data:text/javascript;base64,${Buffer.from(outputText).toString('base64')}`);
}

/**
 * @param {{ FIELDS: Readonly<Record<string, FieldRow>> }} fields
 * @param {{ CASES: Readonly<Record<string, Case>>, SECTIONS: Readonly<Record<string, Section>> }} cases
 * @returns {string}
 */
function render({ FIELDS }, { CASES, SECTIONS }) {
	const left = new Set(Object.keys(FIELDS));
	const tables = TABLES.map(([title, prefixes]) => {
		const names = [...left].filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
		for (const name of names) left.delete(name);
		const rows = names.map((name) => {
			const { support, note } = FIELDS[name] ?? { support: '', note: '' };
			const proofs = Object.entries(CASES).filter(([, { proves }]) => proves.includes(name));
			return [`\`${name}\``, SUPPORT[support]?.[0] ?? '', note, proofs.map(([id]) => id).join(' ')];
		});
		return `## ${title}\n\n${table(['field', 'supported', 'note', 'cases'], rows)}`;
	});
	const meanings = table(['supported', 'means'], Object.values(SUPPORT));
	const rows = Object.entries(CASES).map(([id, { section, title, elsewhere, once }]) => {
		const { title: group, file } = SECTIONS[section] ?? { title: '', file: '' };
		const path = elsewhere ?? `${TESTS}/${file}`;
		return [id, [group, title].join(' ').trim(), once === true ? `${path}, only as root` : path];
	});
	return `# Pod fields that \`run\` supports

Written by \`node scripts/pod-support.mjs\` from the tests, whose numbers are in the last column. Each
case is a pod in a manifest, a real mount and a real process, as root and as an ordinary user.

${meanings}
${tables.join('\n')}
## The cases

A to H are official cases of Kubernetes (test/e2e of v1.20, and of v1.34 for newer ones). S is the
official suite on parts of volumes; L covers fields that have no official case. S and L have numbers of
our own. G is about watches of an API server: \`test/cluster/watch-cases.test.ts\`.

${table(['case', 'title', 'test'], rows)}`;
}

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
function table(head, rows) {
	const line = (/** @type {readonly string[]} */ cells) =>
		`| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
	return [head, head.map(() => '---'), ...rows].map(line).join('');
}
