// @ts-check
/*
 * Checks the one rule of the source tree: a file imports from its own room or from a room printed lower in layers.json,
 * never sideways or up; no two files import each other in a circle; a third-party package has its rooms.
 *
 *     npm run layers                             this checkout
 *     node scripts/check-layers.mjs FOLDER       the tree FOLDER/src, with this checkout's layers.json
 *
 * A room is a folder of src/; the files of src/ itself are the room `entry`. When it fails it prints one line for each
 * broken rule, `file:line: rule`, and exits 1; for a circle the line is that of the import which closes it.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Layers
 * @property {Record<string, readonly string[]>} rooms Each room, lowest first, and the rooms it may import from.
 * @property {Record<string, readonly string[]>} packages Each third-party package and the rooms that may import it.
 *
 * @typedef {{ specifier: string, line: number }} Import
 * @typedef {{ file: string, line: number, rule: string }} Finding
 */

const IMPORTS = [
	/^[ \t]*(?:import|export)\b[^;'"`()]*?\bfrom\s*(['"])([^'"\n]+)\1/gm,
	/^[ \t]*import\s*(['"])([^'"\n]+)\1/gm,
	/\b(?:import|require)\s*\(\s*(['"])([^'"\n]+)\1/g,
];

/**
 * Every literal import, export-from, dynamic import and require of a file, types included.
 *
 * @param {string} text
 * @returns {Import[]}
 */
function importsOf(text) {
	const code = withoutComments(text);
	const found = IMPORTS.flatMap((pattern) =>
		[...code.matchAll(pattern)].map((match) => ({
			specifier: match[2] ?? '',
			// Of a long import statement, the line that names the file.
			line: code.slice(0, match.index + match[0].length).split('\n').length,
		})),
	);
	return found.sort((a, b) => a.line - b.line);
}

/**
 * Blanks comments, keeps line breaks. Strings are matched only so that `//` inside one is no comment.
 *
 * @param {string} text
 */
function withoutComments(text) {
	const tokens = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
	return text.replace(tokens, (token) => (token.startsWith('/') ? token.replace(/[^\n]/g, ' ') : token));
}

/**
 * @param {string} src
 * @param {Layers} layers
 * @returns {{ files: number, imports: number, findings: Finding[] }}
 */
function checkTree(src, layers) {
	const order = Object.keys(layers.rooms);
	const findings = checkRules(layers, order);
	/** @type {Map<string, { target: string, line: number }[]>} */
	const graph = new Map();
	let imports = 0;

	for (const file of sourcesBelow(src)) {
		/** @type {{ target: string, line: number }[]} */
		const edges = [];
		graph.set(file, edges);
		const room = roomOf(src, file);
		if (layers.rooms[room] === undefined) {
			findings.push({ file, line: 1, rule: `the room ${room} is not in layers.json` });
			continue;
		}
		for (const { specifier, line } of importsOf(readFileSync(file, 'utf8'))) {
			imports += 1;
			if (!specifier.startsWith('.')) {
				const rule = packageRule(layers, room, specifier);
				if (rule !== undefined) findings.push({ file, line, rule });
				continue;
			}
			const target = resolveSource(dirname(file), specifier);
			// What is above src/, such as package.json, is no room.
			if (relative(src, target).startsWith('..')) continue;
			edges.push({ target, line });
			const rule = roomRule(layers, order, room, roomOf(src, target));
			if (rule !== undefined) findings.push({ file, line, rule });
		}
	}
	return { files: graph.size, imports, findings: [...findings, ...circles(src, graph)] };
}

/**
 * The table itself: a room may only name rooms that are printed before it.
 *
 * @param {Layers} layers
 * @param {readonly string[]} order
 * @returns {Finding[]}
 */
function checkRules(layers, order) {
	const file = fileURLToPath(new URL('layers.json', import.meta.url));
	const allowed = Object.entries(layers.rooms).flatMap(([room, others]) =>
		others
			.filter((other) => !order.slice(0, order.indexOf(room)).includes(other))
			.map((other) => ({ file, line: 1, rule: `${room} may not list ${other}, which is not printed before it` })),
	);
	const unknown = Object.entries(layers.packages).flatMap(([name, rooms]) =>
		rooms
			.filter((room) => !order.includes(room))
			.map((room) => ({ file, line: 1, rule: `${name} names the room ${room}, which is not listed` })),
	);
	return [...allowed, ...unknown];
}

/**
 * @param {Layers} layers
 * @param {readonly string[]} order
 * @param {string} from
 * @param {string} to
 */
function roomRule(layers, order, from, to) {
	if (from === to || layers.rooms[from]?.includes(to)) return undefined;
	if (!order.includes(to)) return `${from} imports from ${to}, which is no room of layers.json`;
	const allowed = layers.rooms[from]?.join(', ') || 'nothing';
	const direction = order.indexOf(to) > order.indexOf(from) ? 'upward' : 'sideways';
	return `${direction} import: ${from} may import from ${allowed}, not from ${to}`;
}

/**
 * @param {Layers} layers
 * @param {string} room
 * @param {string} specifier
 */
function packageRule(layers, room, specifier) {
	if (specifier.startsWith('node:')) return undefined;
	const name = specifier
		.split('/')
		.slice(0, specifier.startsWith('@') ? 2 : 1)
		.join('/');
	const rooms = layers.packages[name];
	if (rooms === undefined) return `the package ${name} has no room in layers.json`;
	return rooms.includes(room) ? undefined : `the package ${name} belongs to ${rooms.join(', ')}, not to ${room}`;
}

/**
 * Each circle once, at the import that closes it.
 *
 * @param {string} src
 * @param {ReadonlyMap<string, readonly { target: string, line: number }[]>} graph
 * @returns {Finding[]}
 */
function circles(src, graph) {
	/** @type {Finding[]} */
	const findings = [];
	const done = new Set();
	/** @type {string[]} */
	const path = [];

	/** @param {string} file */
	const visit = (file) => {
		path.push(file);
		for (const { target, line } of graph.get(file) ?? []) {
			if (path.includes(target)) {
				const circle = [...path.slice(path.indexOf(target)), target].map((member) => relative(src, member));
				findings.push({ file, line, rule: `circular import: ${circle.join(' -> ')}` });
			} else if (!done.has(target)) visit(target);
		}
		path.pop();
		done.add(file);
	};
	for (const file of graph.keys()) if (!done.has(file)) visit(file);
	return findings;
}

/**
 * @param {string} src
 * @param {string} file
 */
function roomOf(src, file) {
	const parts = relative(src, file).split(sep);
	return parts.length > 1 ? (parts[0] ?? '') : 'entry';
}

/**
 * The source file that a relative specifier names; TypeScript writes `.js` for a file that is `.ts`.
 *
 * @param {string} folder
 * @param {string} specifier
 */
function resolveSource(folder, specifier) {
	const path = resolve(folder, specifier);
	const source = path.replace(/\.js$/, '.ts');
	return existsSync(source) ? source : path;
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function sourcesBelow(folder) {
	return readdirSync(folder, { withFileTypes: true })
		.sort((a, b) => (a.name < b.name ? -1 : 1))
		.flatMap((entry) => {
			const path = join(folder, entry.name);
			if (entry.isDirectory()) return sourcesBelow(path);
			return entry.name.endsWith('.ts') ? [path] : [];
		});
}

const root = resolve(process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url)));
/** @type {Layers} */
const layers = JSON.parse(readFileSync(new URL('layers.json', import.meta.url), 'utf8'));
const { files, imports, findings } = checkTree(join(root, 'src'), layers);

for (const { file, line, rule } of findings) process.stderr.write(`${relative(root, file)}:${line}: ${rule}\n`);
if (findings.length > 0) process.exitCode = 1;
else process.stdout.write(`Layers: ${files} files, ${imports} imports, none upward, sideways or circular.\n`);
