// @ts-check
/*
 * Compiles src/ to dist/, removes output without a source, and makes the entry points executable.
 *
 *     npm run build          always compiles
 *
 * `npm install` and `npm pack` call it with --if-possible, which does nothing without the compiler (--omit=dev).
 *
 * setup imports it and compiles only if a source changed since the last build. On failure it prints the messages of the
 * compiler (`file(line,column): error TS…`) and exits 2; dist/ then counts as out of date.
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

/** Whether dist/ is the output of the current sources. */
export function isBuilt() {
	return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === signature() && missingOutputs().length === 0;
}

/**
 * Compiles. `output` receives the messages of the compiler.
 *
 * @param {'inherit' | 'pipe'} output
 * @returns {{ ok: boolean, text: string }} `text` holds the messages, if they were piped.
 */
export function build(output) {
	const before = signature();
	rmSync(STAMP, { force: true });
	// The incremental compiler does not notice deleted output; without its build info it writes everything again.
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

/** A hash of the names, sizes and times of all inputs. */
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
