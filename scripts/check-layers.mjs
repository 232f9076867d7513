// @ts-check
/*
 * Checks the structure of src/ against layers.json:
 *   - a file imports only from its own room and from the rooms that its room is granted, all of them lower ones;
 *   - a third-party package is imported only by the rooms that it is granted to;
 *   - no files import each other in a circle;
 *   - no file exceeds the line limit, except those on the list of exceptions;
 *   - layers.json grants nothing that no file uses.
 *
 *     npm run layers                             checks this checkout
 *     node scripts/check-layers.mjs FOLDER       checks FOLDER/src against FOLDER/scripts/layers.json
 *
 * A room is a folder of src/; the files of src/ itself are the room `entry`. On failure it prints one line for each
 * broken rule, `file:line: rule`, and exits 1; a circle is reported at the import that closes it.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Layers
 * @property {Record<string, readonly string[]>} rooms Each room, lowest first, and the rooms it may import from.
 * @property {Record<string, readonly string[]>} packages Each third-party package and the rooms that may import it.
 * @property {{ limit: number, exceptions: readonly string[] }} lines The longest file, and paths below src/ that may
 *   be longer.
 *
 * @typedef {{ specifier: string, line: number }} Import
 * @typedef {{ file: string, line: number, rule: string }} Finding
 * @typedef {{ file: string, layers: Layers, order: readonly string[], used: Set<string> }} Table `used` collects the
 *   grants and exceptions that a file needed.
 */

const IMPORTS = [
	/^[ \t]*(?:import|export)\b[^;'"`()]*?\bfrom\s*(['"])([^'"\n]+)\1/gm,
	/^[ \t]*import\s*(['"])([^'"\n]+)\1/gm,
	/\b(?:import|require|createRequire\(import\.meta\.url\))(?:\.resolve)?\s*\(\s*(['"])([^'"\n]+)\1/g,
];

/**
 * Every import, export-from, dynamic import, require and require.resolve of a literal name in a file, types included.
 *
 * @param {string} text
 * @returns {Import[]}
 */
function importsOf(text) {
	const code = withoutComments(text);
	const found = IMPORTS.flatMap((pattern) =>
		[...code.matchAll(pattern)].map((match) => ({
			specifier: match[2] ?? '',
			// The last line of the statement, which names the file.
			line: code.slice(0, match.index + match[0].length).split('\n').length,
		})),
	);
	return found.sort((a, b) => a.line - b.line);
}

/**
 * Blanks comments, keeps line breaks. Strings are matched only so that `//` inside one does not start a comment.
 *
 * @param {string} text
 */
function withoutComments(text) {
	const tokens = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
	return text.replace(tokens, (token) => (token.startsWith('/') ? token.replace(/[^\n]/g, ' ') : token));
}

/**
 * @param {string} root
 * @returns {{ files: number, imports: number, findings: Finding[] }}
 */
function checkTree(root) {
	const src = join(root, 'src');
	const file = join(root, 'scripts/layers.json');
	/** @type {Layers} */
	const layers = JSON.parse(readFileSync(file, 'utf8'));
	/** @type {Table} */
	const table = { file, layers, order: Object.keys(layers.rooms), used: new Set() };
	const findings = invalidGrants(table);
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
		const text = readFileSync(file, 'utf8');
		const tooLong = lengthRule(table, relative(src, file), text);
		if (tooLong !== undefined) findings.push({ file, line: layers.lines.limit + 1, rule: tooLong });
		for (const { specifier, line } of importsOf(text)) {
			imports += 1;
			if (!specifier.startsWith('.')) {
				const rule = packageRule(table, room, specifier);
				if (rule !== undefined) findings.push({ file, line, rule });
				continue;
			}
			const target = resolveSource(dirname(file), specifier);
			// A file above src/, such as package.json, does not belong to a room.
			if (relative(src, target).startsWith('..')) continue;
			edges.push({ target, line });
			const rule = roomRule(table, room, roomOf(src, target));
			if (rule !== undefined) findings.push({ file, line, rule });
		}
	}
	findings.push(...circles(src, graph), ...unusedGrants(table));
	return { files: graph.size, imports, findings };
}

/**
 * Checks the table itself: a room may list only rooms that are printed before it.
 *
 * @param {Table} table
 * @returns {Finding[]}
 */
function invalidGrants({ file, layers, order }) {
	const upward = Object.entries(layers.rooms).flatMap(([room, others]) =>
		others
			.filter((other) => !order.slice(0, order.indexOf(room)).includes(other))
			.map((other) => ({ file, line: 1, rule: `${room} may not list ${other}, which is not printed before it` })),
	);
	const unknown = Object.entries(layers.packages).flatMap(([name, rooms]) =>
		rooms
			.filter((room) => !order.includes(room))
			.map((room) => ({ file, line: 1, rule: `${name} names the room ${room}, which is not listed` })),
	);
	return [...upward, ...unknown];
}

/**
 * Reports entries of the table that no file of the tree used.
 *
 * @param {Table} table
 * @returns {Finding[]}
 */
function unusedGrants({ file, layers, used }) {
	const rooms = Object.entries(layers.rooms).flatMap(([room, others]) =>
		others
			.filter((other) => !used.has(`room ${room} ${other}`))
			.map((other) => `unused grant: no file of ${room} imports from ${other}`),
	);
	const packages = Object.entries(layers.packages).flatMap(([name, granted]) =>
		granted
			.filter((room) => !used.has(`package ${name} ${room}`))
			.map((room) => `unused grant: no file of ${room} imports the package ${name}`),
	);
	const lengths = layers.lines.exceptions
		.filter((path) => !used.has(`lines ${path}`))
		.map((path) => `unused exception: ${path} does not exceed ${layers.lines.limit} lines`);
	return [...rooms, ...packages, ...lengths].map((rule) => ({ file, line: 1, rule }));
}

/**
 * @param {Table} table
 * @param {string} path Below src/.
 * @param {string} text
 */
function lengthRule({ layers: { lines }, used }, path, text) {
	const count = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
	if (count <= lines.limit) return undefined;
	used.add(`lines ${path}`);
	return lines.exceptions.includes(path) ? undefined : `${count} lines; the limit is ${lines.limit}`;
}

/**
 * @param {Table} table
 * @param {string} from
 * @param {string} to
 */
function roomRule({ layers, order, used }, from, to) {
	used.add(`room ${from} ${to}`);
	if (from === to || layers.rooms[from]?.includes(to)) return undefined;
	if (!order.includes(to)) return `${from} imports from ${to}, which is not a room of layers.json`;
	const allowed = layers.rooms[from]?.join(', ') || 'nothing';
	const direction = order.indexOf(to) > order.indexOf(from) ? 'upward' : 'sideways';
	return `${direction} import: ${from} may import from ${allowed}, not from ${to}`;
}

/**
 * @param {Table} table
 * @param {string} room
 * @param {string} specifier
 */
function packageRule({ layers, used }, room, specifier) {
	if (specifier.startsWith('node:')) return undefined;
	const name = specifier
		.split('/')
		.slice(0, specifier.startsWith('@') ? 2 : 1)
		.join('/');
	used.add(`package ${name} ${room}`);
	const rooms = layers.packages[name];
	if (rooms === undefined) return `the package ${name} has no room in layers.json`;
	return rooms.includes(room) ? undefined : `the package ${name} belongs to ${rooms.join(', ')}, not to ${room}`;
}

/**
 * Finds each circle once, at the import that closes it.
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
 * The source file that a relative specifier names; TypeScript imports a `.ts` file as `.js`.
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
const { files, imports, findings } = checkTree(root);

for (const { file, line, rule } of findings) process.stderr.write(`${relative(root, file)}:${line}: ${rule}\n`);
if (findings.length > 0) process.exitCode = 1;
else process.stdout.write(`Layers: ${files} files, ${imports} imports, none upward, sideways or circular.\n`);
