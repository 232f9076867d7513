// @ts-check
/*
 * Compiles src/ to dist/, removes what has no source any more, and makes the entry points executable.
 *
 *     npm run build          always compiles
 *
 * `npm install` and `npm pack` call it with --if-possible: without the compiler (--omit=dev) it does nothing.
 *
 * Imported by setup, which compiles only when a source differs from what was compiled last. When it fails it prints the
 * compiler's own messages (`file(line,column): error TS…`) and exits 2; dist/ then counts as out of date.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SRC = join(ROOT, 'src');
const DIST = join(ROOT, 'dist');
const CACHE = join(ROOT, 'node_modules/.cache/configmapfs');
const STAMP = join(CACHE, 'built');
const BUILD_INFO = join(CACHE, 'build.tsbuildinfo');
const ENTRY_POINTS = ['main.js'];

/** Whether dist/ is what the present sources compile to. */
export function isBuilt() {
	return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === signature() && missingOutputs().length === 0;
}

/**
 * Compiles. The compiler's messages go to `output`.
 *
 * @param {'inherit' | 'pipe'} output
 * @returns {{ ok: boolean, text: string }} `text` is what the compiler said, if it was piped.
 */
export function build(output) {
	const before = signature();
	rmSync(STAMP, { force: true });
	// The incremental compiler does not see that its output was deleted; without its notes it writes everything again.
	if (missingOutputs().length > 0) rmSync(BUILD_INFO, { force: true });
	const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
	const run = spawnSync(process.execPath, [tsc, '-p', join(ROOT, 'scripts/tsconfig.build.json')], {
		cwd: ROOT,
		stdio: ['ignore', output, output],
		encoding: 'utf8',
	});
	const text = `${run.stdout ?? ''}${run.stderr ?? ''}${run.error ? run.error.message : ''}`;
	if (run.status !== 0) return { ok: false, text };

	for (const stale of staleOutputs()) rmSync(stale);
	for (const entry of ENTRY_POINTS) chmodSync(join(DIST, entry), 0o755);
	mkdirSync(CACHE, { recursive: true });
	writeFileSync(STAMP, before);
	return { ok: true, text };
}

/** Names, sizes and times of everything that the output depends on. */
function signature() {
	const inputs = [...sources(), join(ROOT, 'tsconfig.json'), join(ROOT, 'scripts/tsconfig.build.json')];
	const hash = createHash('sha256');
	for (const path of inputs.sort()) {
		const { mtimeMs, size } = statSync(path);
		hash.update(`${relative(ROOT, path)}\0${mtimeMs}\0${size}\n`);
	}
	return hash.digest('hex');
}

function sources() {
	return filesBelow(SRC).filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'));
}

/** @param {string} source */
function outputOf(source) {
	return join(DIST, relative(SRC, source).replace(/\.ts$/, '.js'));
}

function missingOutputs() {
	return sources()
		.map(outputOf)
		.filter((path) => !existsSync(path));
}

function staleOutputs() {
	const wanted = new Set(sources().map(outputOf));
	return filesBelow(DIST).filter((path) => path.endsWith('.js') && !wanted.has(path));
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function filesBelow(folder) {
	if (!existsSync(folder)) return [];
	return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
		const path = join(folder, entry.name);
		return entry.isDirectory() ? filesBelow(path) : [path];
	});
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
	const isWanted = !process.argv.includes('--if-possible') || existsSync(join(ROOT, 'node_modules/typescript'));
	if (isWanted) process.exitCode = build('inherit').ok ? 0 : 2;
}
